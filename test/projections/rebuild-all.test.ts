import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillLog, retold } from "../../bench/projections/log.ts";
import { allEvents } from "../../domain/all-events.ts";
import { projectors } from "../../projections/all.ts";
import { rebuildProjection } from "../../projections/rebuild.ts";
import { createProjections, type Projections } from "../../projections/run.ts";
import { createPool } from "../../store/database.ts";
import { type ConsumerNode, openConsumerNode } from "../store/consumer-node.ts";
import { eventually } from "../store/taken.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();
let node: ConsumerNode;
let pool: pg.Pool;
let projections: Projections;
const faults: unknown[] = [];

beforeAll(async () => {
  await withClient(database.url, (owner) => fillLog(owner, 1_000, { interleaved: 2 }));
  node = openConsumerNode({ url: database.url }, { events: Object.assign({}, ...allEvents) });
  pool = createPool({ url: database.url, poolSize: projectors.length + 2 });
  projections = createProjections(projectors, {
    nodeId: "node",
    pool,
    store: node.store,
    feed: node.feed,
    telemetry: { fault: (_, error) => faults.push(error) },
  });
});
afterAll(async () => {
  await projections.close();
  await node.close();
  await pool.end();
});

function caughtUp() {
  const lags = async () =>
    Promise.all([...projections.consumers.values()].map(async (one) => (await one.status()).lagEvents));
  return eventually(lags, { timeout: 60_000 }).toEqual(projectors.map(() => 0));
}

/** Every row of every read model. */
async function everything(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const tables = projectors.flatMap((projector) => projector.tables);
  const rows = await Promise.all(
    tables.map((table) => rowsOf<{ row: unknown }>(database.url, `SELECT to_jsonb(t) AS row FROM ${table} t`)),
  );
  return Object.fromEntries(
    tables.map((table, i) => [table, (rows[i] ?? []).map(({ row }) => JSON.stringify(row)).sort()]),
  );
}

const rebuildAll = async () => {
  for (const projector of projectors)
    await rebuildProjection({
      projector,
      nodeId: "node",
      database: { url: database.url },
      store: node.store,
      batchSize: 70,
    });
};

/** Others' stories go on meanwhile, each stream's events in order. */
async function tellMore(copy: number): Promise<void> {
  const versions = new Map<string, number>();
  for (const { aggregateId, events } of retold(copy)) {
    const expectedVersion = versions.get(aggregateId) ?? 0;
    versions.set(aggregateId, expectedVersion + events.length);
    const aggregateType = events[0]?.aggregateType ?? "Joueur";
    const stream = { aggregateId, aggregateType, expectedVersion, events };
    expect(await node.store.append({ actorId: aggregateId, streams: [stream] })).toMatchObject({ ok: true });
    await sleep(2);
  }
}

test("[PROJ-1] every read model of the game, made anew while the game goes on, holds the same rows", {
  timeout: 120_000,
}, async () => {
  await caughtUp();
  expect(await rowsOf(database.url, "SELECT consumer, code, error FROM dead_letters")).toEqual([]);
  const before = await everything();
  await rebuildAll();
  expect(await everything()).toEqual(before);

  await Promise.all([tellMore(30_000), rebuildAll()]);
  await caughtUp();
  const live = await everything();
  expect(live).not.toEqual(before);
  await rebuildAll();
  expect(await everything()).toEqual(live);
  expect(await rowsOf(database.url, "SELECT consumer, code, error FROM dead_letters")).toEqual([]);
  expect(faults).toEqual([]);
});
