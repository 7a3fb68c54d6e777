import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { v7 } from "uuid";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { Projector } from "../../projections/projector.ts";
import { type RebuildOptions, rebuildProjection } from "../../projections/rebuild.ts";
import { listRebuilds } from "../../projections/rebuild-status.ts";
import { createProjections, type Projections } from "../../projections/run.ts";
import { createPool } from "../../store/database.ts";
import { migrate } from "../../store/migrate.ts";
import { EventFault } from "../../store/sink.ts";
import { type ConsumerNode, openConsumerNode } from "../store/consumer-node.ts";
import { append, gains, joueur } from "../store/fixtures.ts";
import { eventually } from "../store/taken.ts";
import { startWriters } from "../store/writers.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { accountRows, accountShape, accounts, accountsByLog, createAccounts, TABLES } from "./accounts.ts";

const database = useDatabase();
let node: ConsumerNode;
let pool: pg.Pool;
let projections: Projections | undefined;

beforeEach(async () => {
  await withClient(database.url, (client) => client.query("DROP TABLE IF EXISTS gains, soldes"));
  await withClient(database.url, (client) =>
    client.query("DELETE FROM dead_letters; DELETE FROM consumer_checkpoints; DELETE FROM projection_rebuilds"),
  );
  await createAccounts(database.url);
  node = openConsumerNode({ url: database.url });
  pool = createPool({ url: database.url });
});
afterEach(async () => {
  await projections?.close();
  projections = undefined;
  await node.close();
  await pool.end();
});

function run(projector: Projector = accounts()): Projections {
  const telemetry = { fault: () => undefined };
  projections = createProjections([projector], { nodeId: "node", pool, store: node.store, feed: node.feed, telemetry });
  return projections;
}

function rebuild(options: Partial<RebuildOptions> = {}) {
  return rebuildProjection({
    projector: accounts(),
    nodeId: "node",
    database: { url: database.url },
    store: node.store,
    batchSize: 100,
    ...options,
  });
}

const lag = async () => (await projections?.consumers.get("soldes")?.status())?.lagEvents;
const caughtUp = () => eventually(lag).toBe(0);
const statusOf = async () => (await listRebuilds(pool))[0];
const leftovers = () => rowsOf(database.url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%rebuild%'");

async function spoil(): Promise<void> {
  await withClient(database.url, (client) => client.query("UPDATE soldes SET total = 1; DELETE FROM gains"));
}

async function write(events: number): Promise<string> {
  const id = v7();
  for (let version = 0; version < events; version += 100)
    expect(await append(node.store, joueur(id, version, gains(Math.min(100, events - version))))).toMatchObject({
      ok: true,
    });
  return id;
}

test("[PROJ-1] under writers, the new tables hold what the log says, row by row, and are as the old ones were", async () => {
  run();
  await write(2_000);
  await caughtUp();
  await spoil();
  const shape = await accountShape(database.url);
  const writers = startWriters(database.url, { fast: 2, slow: 2, rolledBack: 1 });
  const result = await rebuild();
  await sleep(100);
  await writers.end();
  expect(result.events).toBeGreaterThanOrEqual(2_000);
  await caughtUp();
  expect(await accountRows(database.url)).toEqual(await accountsByLog(database.url));
  expect(await accountShape(database.url)).toEqual(shape);
  expect(await leftovers()).toEqual([]);
  expect(await statusOf()).toMatchObject({ state: "DONE", stalled: false, position: result.position, code: null });
});

test("[PROJ-2] one that was stopped is taken up where it was", async () => {
  run();
  await write(1_500);
  await caughtUp();
  await spoil();
  const aborter = new AbortController();
  const stopped = rebuild({
    signal: aborter.signal,
    onProgress: ({ position, target }) => position > target / 3 && aborter.abort(),
  });
  await expect(stopped).rejects.toThrow("abort");
  const { position = 0 } = (await statusOf()) ?? {};
  expect(await statusOf()).toMatchObject({ state: "INTERRUPTED", code: null });
  expect(position).toBeGreaterThan(100);
  await expectTakenUp(position);
});

test("[PROJ-2] one whose sessions were ended in the middle of a batch is taken up where it was", async () => {
  run();
  await write(1_500);
  await caughtUp();
  await spoil();
  const killed = rebuild({
    projector: accounts((events) =>
      events.some(({ sequence }) => sequence % 1_000 === 777)
        ? withClient(database.url, (client) =>
            client.query(
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%rebuild%'",
            ),
          )
        : undefined,
    ),
  });
  await expect(killed).rejects.toThrow();
  expect(await statusOf()).toMatchObject({ state: "FILLING" });
  await eventually(() => sessions()).toBe(0);
  await expectTakenUp((await statusOf())?.position ?? 0);
});

test("[PROJ-2] under writers, its process is killed again and again, and the last one ends it", async () => {
  run();
  await write(3_000);
  await caughtUp();
  await spoil();
  const writers = startWriters(database.url, { fast: 1, slow: 1, rolledBack: 1 });
  let position = 0;
  for (let life = 0; life < 3; life += 1) {
    const child = spawn(process.execPath, [join(import.meta.dirname, "rebuild-child.ts"), database.url], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const positions: number[] = [];
    for await (const line of createInterface(child.stdout)) {
      positions.push(Number(line));
      if (positions.length === 5) child.kill("SIGKILL");
    }
    expect(positions[0]).toBeGreaterThan(position);
    position = positions[4] ?? 0;
  }
  await writers.end();
  await caughtUp();
  await eventually(() => sessions()).toBe(0);
  await expectTakenUp(position - 1);
});

async function sessions(): Promise<number> {
  const rows = await rowsOf<{ n: number }>(
    database.url,
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%rebuild%'",
  );
  return rows[0]?.n ?? 0;
}

async function expectTakenUp(after: number): Promise<void> {
  let first = 0;
  const result = await rebuild({
    projector: accounts((events) => {
      first ||= events[0]?.sequence ?? 0;
    }),
  });
  expect(result.resumed).toBe(true);
  expect(first).toBeGreaterThan(after);
  expect(await accountRows(database.url)).toEqual(await accountsByLog(database.url));
  expect(await leftovers()).toEqual([]);
}

test("[PROJ-3] an event that cannot be taken ends it, with its number and why; the live tables stay", async () => {
  run();
  const id = await write(500);
  await caughtUp();
  const before = await accountRows(database.url);
  const bad = (
    await rowsOf<{ n: number }>(
      database.url,
      `SELECT event_sequence::int AS n FROM evenements WHERE aggregate_id = '${id}' AND aggregate_version = 333`,
    )
  )[0]?.n;
  const objects = accounts((events) => {
    if (events.some(({ sequence }) => sequence === bad)) throw new EventFault("BROKEN", "no way");
  });
  await expect(rebuild({ projector: objects })).rejects.toMatchObject({
    code: "BAD_EVENT",
    sequence: bad,
    message: `event ${bad} (ExperienceGagnee) cannot be taken: BROKEN, no way`,
  });
  expect(await statusOf()).toMatchObject({ state: "FAILED", code: "BAD_EVENT", failedSequence: bad });
  expect(await accountRows(database.url)).toEqual(before);
  expect(await leftovers()).toEqual([]);
});

describe("[PROJ-4] dead letters", () => {
  const objecting = (bad: (event: StoredEvent) => boolean) =>
    accounts((events) => {
      if (events.some(bad)) throw new EventFault("BROKEN", "no way");
    });

  test("that the new tables hold are settled; what was discarded is left out", async () => {
    const [kept, dropped] = [await write(10), await write(10)];
    const own = run(objecting(({ aggregateId, version }) => [kept, dropped].includes(aggregateId) && version === 4));
    const letters = (state: string) =>
      rowsOf<{ n: number }>(
        database.url,
        `SELECT event_sequence::int AS n FROM dead_letters WHERE state = '${state}' ORDER BY 1`,
      );
    await eventually(async () => [(await letters("FAILED")).length, (await letters("PARKED")).length]).toEqual([2, 12]);
    const [, second] = await letters("FAILED");
    await own.consumers.get("soldes")?.discardDeadLetter(second?.n ?? 0);
    await caughtUp();

    await expect(
      rebuild({ projector: objecting(({ sequence }) => sequence === second?.n) }),
      "the discarded one is never shown",
    ).resolves.toMatchObject({ resumed: false });
    expect(await letters("FAILED")).toEqual([]);
    expect(await letters("PARKED")).toEqual([]);
    const totals = await rowsOf<{ id: string; total: number }>(
      database.url,
      `SELECT joueur_id AS id, total::int FROM soldes WHERE joueur_id IN ('${kept}', '${dropped}') ORDER BY 1`,
    );
    expect(totals).toEqual([
      { id: kept, total: 55 },
      { id: dropped, total: 51 },
    ]);
  });

  test("discarded after they were taken: it does not put the new tables in place", async () => {
    const id = await write(300);
    const own = run(objecting(({ aggregateId, version }) => aggregateId === id && version === 4));
    await eventually(async () => (await own.consumers.get("soldes")?.status())?.failed).toBe(1);
    await caughtUp();
    const [letter] = await rowsOf<{ n: number }>(
      database.url,
      "SELECT event_sequence::int AS n FROM dead_letters WHERE state = 'FAILED'",
    );
    let discarded: Promise<unknown> | undefined;
    const late = rebuild({
      onProgress: ({ position }) => {
        if (position >= (letter?.n ?? 0)) discarded ??= own.consumers.get("soldes")?.discardDeadLetter(letter?.n ?? 0);
      },
      projector: accounts(() => discarded),
      batchSize: 10,
    });
    await expect(late).rejects.toMatchObject({ code: "DISCARDED_MEANWHILE" });
    expect(await leftovers()).toEqual([]);
  });
});

test("[PROJ-5] a reader that looks all the time sees the old rows or the new ones, and is never kept waiting for long", async () => {
  run();
  await write(3_000);
  await caughtUp();
  const [{ n: truth } = { n: 0 }] = await rowsOf<{ n: number }>(database.url, "SELECT count(*)::int AS n FROM gains");
  await withClient(database.url, (client) => client.query("DELETE FROM gains WHERE montant % 2 = 0"));
  const [{ n: wrong } = { n: 0 }] = await rowsOf<{ n: number }>(database.url, "SELECT count(*)::int AS n FROM gains");
  const seen: number[] = [];
  let slowest = 0;
  let reading = true;
  const readers = Array.from({ length: 3 }, async (_, i) => {
    while (reading) {
      const begun = performance.now();
      const { rows } = await pool.query<{ n: number }>({
        name: `look ${i}`,
        text: "SELECT count(*)::int AS n FROM gains JOIN soldes USING (joueur_id)",
      });
      slowest = Math.max(slowest, performance.now() - begun);
      seen.push(rows[0]?.n ?? -1);
    }
  });
  await rebuild({ batchSize: 1_000 });
  await eventually(() => seen.at(-1)).toBe(truth);
  await sleep(100);
  reading = false;
  await Promise.all(readers);
  expect(new Set(seen)).toEqual(new Set([wrong, truth]));
  expect(seen.lastIndexOf(wrong)).toBeLessThan(seen.lastIndexOf(truth));
  expect(slowest).toBeLessThan(3_000);
});

test("[PROJ-6] a reader who holds the old tables keeps the swap waiting, not the other readers", async () => {
  run();
  await write(200);
  await caughtUp();
  await spoil();
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query("BEGIN; SELECT count(*) FROM soldes");
  const rebuilt = rebuild();
  await sleep(1_000);
  expect(await statusOf()).toMatchObject({ state: "FILLING" });
  const begun = performance.now();
  await pool.query("SELECT count(*) FROM soldes");
  expect(performance.now() - begun).toBeLessThan(1_000);
  await holder.query("COMMIT");
  await holder.end();
  await rebuilt;
  expect(await accountRows(database.url)).toEqual(await accountsByLog(database.url));
});

test("[PROJ-7] of two at once one is refused; so is what has never run, and what others hang on", async () => {
  await expect(rebuild()).rejects.toMatchObject({ code: "UNKNOWN" });
  run();
  await write(300);
  await caughtUp();
  const both = await Promise.allSettled([rebuild(), rebuild()]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(both.find((one) => one.status === "rejected")?.reason).toMatchObject({ code: "RUNNING" });
  await withClient(database.url, (client) => client.query("CREATE VIEW riches AS SELECT * FROM soldes"));
  await expect(rebuild()).rejects.toMatchObject({ code: "TABLES", message: expect.stringContaining("view riches") });
  await withClient(database.url, (client) => client.query("DROP VIEW riches"));
});

test("[PROJ-8] after a migration of the tables, or when told to, it begins anew", async () => {
  run();
  await write(1_000);
  await caughtUp();
  const interrupt = async () => {
    const aborter = new AbortController();
    await expect(rebuild({ signal: aborter.signal, onProgress: () => aborter.abort() })).rejects.toThrow("abort");
  };
  await interrupt();
  expect(await rebuild({ fresh: true })).toMatchObject({ resumed: false });
  await interrupt();
  await withClient(database.url, (client) => client.query("ALTER TABLE gains ADD COLUMN note text"));
  expect(await rebuild()).toMatchObject({ resumed: false });
  expect(await rowsOf(database.url, "SELECT note FROM gains LIMIT 1")).toEqual([{ note: null }]);
});

test("[PROJ-12] in a tenant's schema it touches that tenant's tables alone", async () => {
  run();
  await write(100);
  await caughtUp();
  const schema = "autre_monde";
  const other = { url: database.url, schema };
  await migrate(other);
  await withClient(database.url, (client) => client.query(`SET search_path = ${schema}; ${TABLES}`));
  await spoil();
  const spoilt = await accountRows(database.url);

  const tenant = openConsumerNode(other);
  const tenantPool = createPool(other);
  const theirs = createProjections([accounts()], {
    nodeId: "node",
    pool: tenantPool,
    store: tenant.store,
    feed: tenant.feed,
    telemetry: { fault: () => undefined },
  });
  const id = v7();
  await append(tenant.store, joueur(id, 0, gains(3)));
  await eventually(async () => (await theirs.consumers.get("soldes")?.status())?.lagEvents).toBe(0);
  await tenantPool.query("UPDATE soldes SET total = 0");
  expect(await rebuild({ database: other, store: tenant.store })).toMatchObject({ events: 3 });
  expect((await tenantPool.query("SELECT joueur_id, total FROM soldes")).rows).toEqual([{ joueur_id: id, total: 6 }]);
  expect(await accountRows(database.url)).toEqual(spoilt);
  await theirs.close();
  await tenant.close();
  await tenantPool.end();
  await withClient(database.url, (client) => client.query(`DROP SCHEMA ${schema} CASCADE`));
});

test("[PROJ-12] by a user who does not own the tables it is refused, and nothing is left behind", async () => {
  run();
  await write(100);
  await caughtUp();
  const name = `visitor_${v7().slice(-12)}`;
  await withClient(database.url, (client) =>
    client.query(`CREATE ROLE ${name} LOGIN PASSWORD 'visitor' IN ROLE aether_app`),
  );
  const url = new URL(database.url);
  url.username = name;
  url.password = "visitor";
  const before = await accountRows(database.url);
  await expect(rebuild({ database: { url: url.href } })).rejects.toMatchObject({ code: "NOT_OWNER" });
  expect(await accountRows(database.url)).toEqual(before);
  expect(await leftovers()).toEqual([]);
  await withClient(database.url, (client) => client.query(`DROP ROLE ${name}`));
});
