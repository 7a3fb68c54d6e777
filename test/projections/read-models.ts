import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, expect } from "vitest";
import { fillLog, retold } from "../../bench/projections/log.ts";
import { allEvents } from "../../domain/all-events.ts";
import type { NewEvent } from "../../domain/envelope.ts";
import { WORLD_ID } from "../../domain/world/values.ts";
import { projectors } from "../../projections/all.ts";
import type { Projector } from "../../projections/projector.ts";
import { rebuildProjection } from "../../projections/rebuild.ts";
import { createProjections, type Projections } from "../../projections/run.ts";
import { createPool } from "../../store/database.ts";
import { type ConsumerNode, openConsumerNode } from "../store/consumer-node.ts";
import { rowsOf, withClient } from "../support/client.ts";
import type { TestDatabase } from "../support/postgres.ts";

export type Rows = Readonly<Record<string, readonly string[]>>;

export interface ReadModels {
  readonly node: ConsumerNode;
  readonly pool: pg.Pool;
  /** Until every projector has taken the whole log. */
  caughtUp(): Promise<void>;
  /** Every row of a read model, of all by default; those of an archive with those of its table. */
  rows(of?: readonly Projector[]): Promise<Rows>;
  rebuild(projector: Projector): Promise<void>;
  /** The story of other people goes on meanwhile, each stream's events in order; and bosses are beaten again. */
  tell(copy: number): Promise<void>;
}

/** The game's whole story in the log, and every projector at work on it. Whatever fails meanwhile fails the file. */
export function useReadModels(database: TestDatabase, events: number): ReadModels {
  let node: ConsumerNode;
  let pool: pg.Pool;
  let projections: Projections;
  const faults: unknown[] = [];

  beforeAll(async () => {
    await withClient(database.url, (owner) => fillLog(owner, events, { interleaved: 2 }));
    node = openConsumerNode({ url: database.url }, { events: Object.assign({}, ...allEvents) });
    pool = createPool({ url: database.url, poolSize: projectors.length + 4 });
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
    expect(await rowsOf(database.url, "SELECT consumer, code, error FROM dead_letters")).toEqual([]);
    expect(faults).toEqual([]);
    await pool.end();
  });

  async function beatBosses(): Promise<void> {
    const told = await rowsOf<Omit<NewEvent, "timestamp">>(
      database.url,
      `SELECT gen_random_uuid() AS "eventId", event_type AS "eventType", payload, metadata FROM evenements
       WHERE event_type = 'BossVaincu' ORDER BY event_sequence LIMIT 20`,
    );
    for (const event of told) {
      const expectedVersion = (await node.store.head(WORLD_ID))?.version ?? 0;
      const events = [{ ...event, timestamp: new Date().toISOString() }];
      const stream = { aggregateId: WORLD_ID, aggregateType: "WorldState", expectedVersion, events } as const;
      expect(await node.store.append({ actorId: WORLD_ID, streams: [stream] })).toMatchObject({ ok: true });
      await sleep(2);
    }
  }

  async function rowsIn(table: string): Promise<readonly string[]> {
    const rows = await rowsOf<{ row: unknown }>(database.url, `SELECT to_jsonb(t) AS row FROM ${table} t`);
    return rows.map(({ row }) => JSON.stringify(row));
  }

  return {
    get node() {
      return node;
    },
    get pool() {
      return pool;
    },
    async caughtUp() {
      const lags = () =>
        Promise.all([...projections.consumers.values()].map(async (one) => (await one.status()).lagEvents));
      // All that a test has written, by all of them: longer than for one thing.
      await expect.poll(lags, { timeout: 60_000, interval: 20 }).toEqual(projectors.map(() => 0));
    },
    async rows(of = projectors) {
      const all: Record<string, readonly string[]> = {};
      for (const { tables, archives = [] } of of)
        for (const table of tables) {
          const moved = table !== "joueurs" && archives.includes(`${table}_archive`);
          const rows = [...(await rowsIn(table)), ...(moved ? await rowsIn(`${table}_archive`) : [])];
          all[table] = rows.sort();
        }
      return all;
    },
    async rebuild(projector) {
      await rebuildProjection({
        projector,
        nodeId: "node",
        database: { url: database.url },
        store: node.store,
        batchSize: 70,
      });
    },
    async tell(copy) {
      const versions = new Map<string, number>();
      for (const { aggregateId, events: next } of retold(copy)) {
        const expectedVersion = versions.get(aggregateId) ?? 0;
        versions.set(aggregateId, expectedVersion + next.length);
        const aggregateType = next[0]?.aggregateType ?? "Joueur";
        const stream = { aggregateId, aggregateType, expectedVersion, events: next };
        expect(await node.store.append({ actorId: aggregateId, streams: [stream] })).toMatchObject({ ok: true });
        await sleep(2);
      }
      await beatBosses();
    },
  };
}
