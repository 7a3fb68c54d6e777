import Fastify from "fastify";
import { v7 } from "uuid";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { createDoor } from "../../server/http.ts";
import { createMetrics } from "../../server/metrics.ts";
import { upkeepRoutes } from "../../server/routes/upkeep.ts";
import { createSchedule, type Schedule, type ScheduleOptions, type Task } from "../../server/schedule.ts";
import { createPool } from "../../store/database.ts";
import type { TaskOutcome, TaskStatus } from "../../store/upkeep-tasks.ts";
import { eventually } from "../store/taken.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();
const pool = createPool({ url: database.url });
const HOUR_MS = 3_600_000;
let name = "";
const open: Schedule[] = [];
const faults: unknown[] = [];
const ended: [string, TaskOutcome][] = [];

beforeEach(() => {
  name = v7();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  faults.length = 0;
  ended.length = 0;
});
afterAll(() => pool.end());

function schedule(nodeId: string, task: Partial<Task>, options: Partial<ScheduleOptions> = {}): Schedule {
  const whole = { name, everyMs: HOUR_MS, timeoutMs: HOUR_MS, run: async () => undefined, ...task };
  const one = createSchedule([whole], {
    nodeId,
    pool,
    pollMs: 20,
    onFault: (_, error) => faults.push(error),
    onRun: (_, outcome) => ended.push([nodeId, outcome]),
    ...options,
  });
  open.push(one);
  return one;
}

function counted(): { readonly run: Task["run"]; readonly count: () => number } {
  let runs = 0;
  return {
    async run() {
      runs += 1;
    },
    count: () => runs,
  };
}

const statusOf = async (one: Schedule): Promise<TaskStatus | undefined> => (await one.list())[0];
const outcomeOf = async (one: Schedule) => (await statusOf(one))?.outcome;
const looked = (ms = 300) => new Promise((resolve) => setTimeout(resolve, ms));
const change = (text: string) => rowsOf(database.url, `UPDATE upkeep_tasks SET ${text} WHERE name = $1`, [name]);
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));

test("[UPKEEP-1] a task that is due is run by one of several nodes, and not again because another starts", async () => {
  const runs: string[] = [];
  const run = async () => void runs.push(name);
  const nodes = ["a", "b", "c"].map((id) => schedule(id, { run }));
  await eventually(() => outcomeOf(nodes[0] as Schedule)).toBe("DONE");
  const late = schedule("late", { run });
  await looked();
  expect(runs).toEqual([name]);
  const status = await statusOf(late);
  expect(status).toMatchObject({ running: false, failures: 0, nodeId: ended[0]?.[0], error: null });
  expect(Date.parse(status?.nextRunAt ?? "") - Date.now()).toBeGreaterThan(0.8 * HOUR_MS);
  expect(status?.succeededAt).toBe(status?.endedAt);
});

test("[UPKEEP-1] one that was due while no node lived runs soon after the next one starts", async () => {
  const first = schedule("first", {});
  await eventually(() => outcomeOf(first)).toBe("DONE");
  await first.close();
  await change("next_run_at = now() - interval '1 day'");
  const { run, count } = counted();
  const next = schedule("next", { run });
  await eventually(count).toBe(1);
  await eventually(async () => (await statusOf(next))?.nodeId).toBe("next");
});

test("[UPKEEP-1] what is to be done more often than before is due accordingly", async () => {
  const first = schedule("first", {});
  await eventually(() => outcomeOf(first)).toBe("DONE");
  await first.close();
  const { run, count } = counted();
  schedule("second", { everyMs: 1, run });
  await eventually(() => count() > 2).toBe(true);
});

test("[UPKEEP-2] a killed node's run is another's once its lease is over, and not before", async () => {
  const never = Promise.withResolvers<void>();
  const held = schedule("killed", { run: () => never.promise }, { leaseMs: HOUR_MS });
  await eventually(async () => (await statusOf(held))?.running).toBe(true);
  const { run, count } = counted();
  const heir = schedule("heir", { run });
  await looked();
  expect(count()).toBe(0);
  await change("leased_until = now() - interval '1 ms'");
  await eventually(count).toBe(1);
  await eventually(async () => (await statusOf(heir))?.nodeId).toBe("heir");
  await eventually(() => outcomeOf(heir)).toBe("DONE");
  never.resolve();
});

test("[UPKEEP-2] a run goes on for longer than its lease, and tells how far it is", async () => {
  const end = Promise.withResolvers<void>();
  let runs = 0;
  const run: Task["run"] = async ({ progress }) => {
    runs += 1;
    progress(3);
    progress(4);
    await end.promise;
  };
  // It is prolonged three times in its length: one that a busy machine's pauses outlast would be lost.
  const leaseMs = 1_500;
  const one = schedule("one", { run }, { leaseMs });
  schedule("two", { run }, { leaseMs });
  await eventually(async () => (await statusOf(one))?.done).toBe(7);
  await looked(2 * leaseMs);
  expect(await statusOf(one)).toMatchObject({ running: true, done: 7 });
  end.resolve();
  await eventually(() => outcomeOf(one)).toBe("DONE");
  expect(runs).toBe(1);
});

test("[UPKEEP-2] a run that another node has taken over is ended, and says nothing more", async () => {
  const one = schedule("one", { run: ({ signal }) => untilAborted(signal) }, { leaseMs: 1_500 });
  await eventually(async () => (await statusOf(one))?.running).toBe(true);
  await change("run = run + 1, node_id = 'two', leased_until = now() + interval '1 hour'");
  await eventually(() => ended).toEqual([["one", "INTERRUPTED"]]);
  await looked();
  expect(await statusOf(one)).toMatchObject({ running: true, nodeId: "two", outcome: null });
});

test("[UPKEEP-3] a run that fails is told, counted and tried again, later each time", async () => {
  const task = {
    run: async () => {
      throw new TypeError("a name that nobody is to read");
    },
  };
  const one = schedule("one", task);
  await eventually(async () => (await statusOf(one))?.failures).toBe(1);
  const untilNext = async () => {
    const { nextRunAt, endedAt } = (await statusOf(one)) ?? {};
    return Date.parse(nextRunAt ?? "") - Date.parse(endedAt ?? "");
  };
  const waits = [await untilNext()];
  for (const failures of [2, 3]) {
    await change("next_run_at = now()");
    await eventually(async () => (await statusOf(one))?.failures).toBe(failures);
    waits.push(await untilNext());
  }
  expect(waits.map((ms) => Math.round(Math.log2(ms / 5_000)) + 0)).toEqual([0, 1, 2]);
  const status = await statusOf(one);
  expect(status).toMatchObject({ outcome: "FAILED", code: "TypeError", succeededAt: null, running: false });
  expect(JSON.stringify(status)).not.toContain("nobody is to read");
  expect(faults).toHaveLength(3);
  expect(ended).toEqual([0, 1, 2].map(() => ["one", "FAILED"]));
});

test("[UPKEEP-3] one that takes longer than it may has failed", async () => {
  const one = schedule("one", { timeoutMs: 30, run: ({ signal }) => untilAborted(signal) });
  await eventually(async () => (await statusOf(one))?.failures).toBe(1);
  expect(await statusOf(one)).toMatchObject({ outcome: "FAILED", code: "TimeOut" });
});

test("[UPKEEP-3] a failure is forgotten with the next success", async () => {
  let broken = true;
  const one = schedule("one", {
    run: async () => {
      if (broken) throw new Error("broken");
    },
  });
  await eventually(async () => (await statusOf(one))?.failures).toBe(1);
  broken = false;
  await one.request(name);
  await eventually(() => outcomeOf(one)).toBe("DONE");
  expect(await statusOf(one)).toMatchObject({ failures: 0, code: null, error: null });
});

test("[UPKEEP-4] a node that stops ends its run after the batch under way, and another takes it up at once", async () => {
  let batches = 0;
  const run: Task["run"] = async ({ signal, progress }) => {
    while (!signal.aborted) {
      batches += 1;
      await looked(20);
      progress(1);
    }
  };
  const one = schedule("one", { run });
  await eventually(() => batches > 1).toBe(true);
  await one.close();
  const after = batches;
  await looked(100);
  expect(batches).toBe(after);
  expect(await statusOf(one)).toMatchObject({ outcome: "INTERRUPTED", done: after, failures: 0, running: false });
  expect(faults).toEqual([]);
  const two = schedule("two", {});
  await eventually(() => outcomeOf(two)).toBe("DONE");
});

test("[UPKEEP-1] a database that was away is asked again", async () => {
  let away = true;
  const flaky = {
    query: (...parameters: Parameters<typeof pool.query>) => {
      if (away) return Promise.reject(new Error("away"));
      return pool.query(...parameters);
    },
  } as unknown as typeof pool;
  const { run, count } = counted();
  schedule("one", { run }, { pool: flaky });
  await eventually(() => faults.length > 1).toBe(true);
  away = false;
  await eventually(count).toBe(1);
});

test("[UPKEEP-5] operators, and nobody else, see the tasks and have one run; under way, it runs once more", async () => {
  let runs = 0;
  let hold = Promise.withResolvers<void>();
  const run: Task["run"] = async () => {
    runs += 1;
    await hold.promise;
  };
  const api = Fastify();
  const authenticate = async (role?: string) => ({ userId: v7(), role, tenantId: "default" });
  const door = createDoor(authenticate as never, createMetrics());
  upkeepRoutes(api, door, schedule("one", { run }));
  const call = (method: "GET" | "POST", url: string, role = "admin") =>
    api.inject({ method, url, headers: { authorization: `Bearer ${role}` } });
  const items = async () => (await call("GET", "/admin/upkeep")).json().items;

  await eventually(() => runs).toBe(1);
  await eventually(items).toMatchObject([{ name, running: true, nodeId: "one", outcome: null }]);
  const asked = await call("POST", `/admin/upkeep/${name}/run`);
  expect([asked.statusCode, asked.json()]).toMatchObject([202, { name, running: true }]);
  hold.resolve();
  hold = Promise.withResolvers();
  await eventually(() => runs).toBe(2);
  hold.resolve();
  await eventually(items).toMatchObject([{ outcome: "DONE", running: false }]);
  await looked();
  expect(runs).toBe(2);
  expect((await call("POST", `/admin/upkeep/${name}/run`)).json()).toMatchObject({ running: false });
  await eventually(() => runs).toBe(3);

  expect((await call("POST", "/admin/upkeep/nothing/run")).statusCode).toBe(404);
  for (const role of ["joueur", "spectateur", "service", "auteur"]) {
    expect((await call("GET", "/admin/upkeep", role)).statusCode).toBe(403);
    expect((await call("POST", `/admin/upkeep/${name}/run`, role)).statusCode).toBe(403);
  }
  await api.close();
});
