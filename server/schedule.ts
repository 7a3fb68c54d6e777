import type pg from "pg";
import { Gauge, Histogram, type Registry } from "prom-client";
import type { Telemetry } from "../rooms/telemetry.ts";

/** Something that the tables need from time to time, on one node of all. */
export interface Task {
  readonly name: string;
  readonly everyMs: number;
  /** Says what it did. It ends soon after the signal. */
  run(signal: AbortSignal): Promise<string>;
}

export interface TaskStatus {
  readonly name: string;
  readonly everyMs: number;
  readonly startedA: string | null;
  readonly endedA: string | null;
  /** Null while it runs, or if its node died with it. */
  readonly ok: boolean | null;
  readonly nodeId: string | null;
  readonly detail: string | null;
}

export interface Schedule {
  status(): Promise<readonly TaskStatus[]>;
  /** Runs one now, whenever it ran last. False: it is under way somewhere. Undefined: there is none of that name. */
  runNow(name: string): Promise<boolean | undefined>;
  close(): Promise<void>;
}

interface ScheduleServices {
  readonly pool: pg.Pool;
  readonly nodeId: string;
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  /** ms between looks for what is due; default 30,000. */
  readonly lookMs?: number;
}

const LOCK = "SELECT pg_try_advisory_lock(hashtext('aether.upkeep'), hashtext(current_schema() || $1)) AS got";
const UNLOCK = "SELECT pg_advisory_unlock(hashtext('aether.upkeep'), hashtext(current_schema() || $1))";

/** Runs each task when it is due, on whichever node looks first; when it ran last is in the database, over all restarts. */
export function createSchedule(tasks: readonly Task[], services: ScheduleServices): Schedule {
  const { pool, nodeId, telemetry, registry, lookMs = 30_000 } = services;
  const aborter = new AbortController();
  const registers = [registry];
  const seconds = new Histogram({
    name: "aether_upkeep_seconds",
    help: "Time of one run of a task of the upkeep",
    labelNames: ["task", "ok"],
    buckets: [0.01, 0.1, 1, 10, 60, 600],
    registers,
  });
  const lastOk = new Gauge({
    name: "aether_upkeep_last_success_seconds",
    help: "When a task of the upkeep last ended well on this node, s since the epoch",
    labelNames: ["task"],
    registers,
  });
  let looking: Promise<void> | undefined;

  /** The session's lock is what keeps other nodes away, and ends with the session. */
  async function locked(task: Task, due: (client: pg.PoolClient) => Promise<boolean>): Promise<boolean> {
    const client = await pool.connect();
    let failed: Error | undefined;
    try {
      const { rows } = await client.query<{ got: boolean }>(LOCK, [task.name]);
      if (rows[0]?.got !== true) return false;
      try {
        if (!(await due(client))) return false;
        await run(task, client);
        return true;
      } finally {
        await client.query(UNLOCK, [task.name]);
      }
    } catch (error) {
      failed = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(failed);
    }
  }

  async function run(task: Task, client: pg.PoolClient): Promise<void> {
    await client.query(
      `INSERT INTO upkeep_tasks (name, started_at, node_id) VALUES ($1, clock_timestamp(), $2)
       ON CONFLICT (name) DO UPDATE SET started_at = clock_timestamp(), ended_at = NULL, ok = NULL, node_id = $2, detail = NULL`,
      [task.name, nodeId],
    );
    const start = performance.now();
    let ok = true;
    let detail: string;
    try {
      detail = await task.run(aborter.signal);
      lastOk.set({ task: task.name }, Date.now() / 1_000);
    } catch (error) {
      ok = false;
      // What an error of the database's says may hold a person's data.
      detail = error instanceof Error ? error.name : "failed";
      telemetry.fault(`upkeep ${task.name}`, error);
    }
    seconds.observe({ task: task.name, ok: String(ok) }, (performance.now() - start) / 1_000);
    await client.query("UPDATE upkeep_tasks SET ended_at = clock_timestamp(), ok = $2, detail = $3 WHERE name = $1", [
      task.name,
      ok,
      detail,
    ]);
  }

  async function isDue(task: Task, client: pg.PoolClient): Promise<boolean> {
    const { rows } = await client.query<{ due: boolean }>(
      "SELECT started_at <= clock_timestamp() - $2 * interval '1 ms' AS due FROM upkeep_tasks WHERE name = $1",
      [task.name, task.everyMs],
    );
    return rows[0]?.due ?? true;
  }

  async function look(): Promise<void> {
    for (const task of tasks) {
      if (aborter.signal.aborted) return;
      try {
        await locked(task, (client) => isDue(task, client));
      } catch (error) {
        telemetry.fault("upkeep", error);
      }
    }
  }

  function lookOnce(): void {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }

  lookOnce();
  const timer = setInterval(lookOnce, lookMs);

  return {
    async status() {
      const { rows } = await pool.query<Omit<TaskStatus, "everyMs">>(
        `SELECT name, started_at AS "startedA", ended_at AS "endedA", ok, node_id AS "nodeId", detail FROM upkeep_tasks`,
      );
      const known = new Map(rows.map((row) => [row.name, row]));
      const never = { startedA: null, endedA: null, ok: null, nodeId: null, detail: null };
      return tasks.map(({ name, everyMs }) => ({ ...never, ...known.get(name), name, everyMs }));
    },
    async runNow(name) {
      const task = tasks.find((one) => one.name === name);
      return task === undefined ? undefined : locked(task, async () => true);
    },
    async close() {
      aborter.abort();
      clearInterval(timer);
      await looking;
    },
  };
}
