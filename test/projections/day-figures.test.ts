import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createDayFigures } from "../../projections/day-figures.ts";
import type { Reader } from "../../projections/player-queries.ts";
import { createPool } from "../../store/database.ts";
import { createRedis } from "../../store/redis.ts";
import { seededRandom } from "../rooms/simulation.ts";
import { withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";
import { lateReader, playerId } from "./board-store.ts";

const database = useDatabase();
let pool: pg.Pool;
let server: PrivateRedis;
let client: Redis;
const closing: (() => Promise<void>)[] = [];
const faults: unknown[] = [];

beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  server = started;
  client = new Redis(server.url, { maxRetriesPerRequest: null });
  pool = createPool({ url: database.url, poolSize: 8 });
  await pool.query("INSERT INTO consumer_checkpoints (name) VALUES ('combat'), ('economy'), ('players')");
  await pool.query("SELECT ensure_partition(now() - interval '1 day')");
});
beforeEach(() => client.flushall());
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  expect(faults.splice(0)).toEqual([]);
});
afterAll(async () => {
  client.disconnect();
  await pool.end();
  await server.stop();
});

async function until(holds: () => boolean | Promise<boolean>, what = "it"): Promise<void> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error(`${what} did not come about`);
}

async function node(reader: Reader = pool) {
  const redis = createRedis({ url: server.url, prefix: "d:", timeoutMs: 100, restMs: 50 });
  await until(() => redis.usable);
  const figures = createDayFigures({ reader, redis, onFault: (error) => faults.push(error), pageSize: 3, lookMs: 15 });
  const close = async (): Promise<void> => {
    await figures.close();
    await redis.close();
  };
  closing.push(close);
  return { figures, close };
}

/** Events in the log, and the read models past them. */
async function log(eventType: string, count: number, { ago = "0 s", player = 0 } = {}): Promise<void> {
  await withClient(database.url, async (owner) => {
    await owner.query("BEGIN");
    await owner.query(
      `INSERT INTO evenements (event_type, "timestamp", aggregate_id, aggregate_type, aggregate_version, payload)
       SELECT $1, now() - $2::interval, gen_random_uuid(), 'Combat', 1, jsonb_build_object('joueurId', $3::text) FROM generate_series(1, $4)`,
      [eventType, ago, playerId(player), count],
    );
    await owner.query("UPDATE consumer_checkpoints SET position = (SELECT max(event_sequence) FROM evenements)");
    await owner.query("COMMIT");
  });
}

const inLog = async (of: string, eventType: string): Promise<number> => {
  const text = `SELECT count(${of})::int AS n FROM evenements WHERE event_type = $1 AND "timestamp" >= date_trunc('day', now())`;
  return (await pool.query<{ n: number }>(text, [eventType])).rows[0]?.n ?? 0;
};
const combats = async () => Number(await client.get("d:stats:combats:today"));
const active = () => client.pfcount("d:stats:active_players:today");
const UPTO = "d:upto:{d:stats:combats:today}";

async function asTheLog(): Promise<void> {
  const wanted = [await inLog("*", "CombatDemarre"), await inLog("DISTINCT payload->>'joueurId'", "JoueurConnecte")];
  const found = async () => [await combats(), await active()];
  await until(async () => JSON.stringify(await found()) === JSON.stringify(wanted)).catch(() => undefined);
  expect(await found()).toEqual(wanted);
}

test("[REDIS-8] what was committed by a node that was killed, or while Redis was away, is counted, and counted once", async () => {
  await log("CombatDemarre", 5);
  await log("CombatDemarre", 2, { ago: "1 day" });
  const first = await node();
  await asTheLog();
  await first.close();
  await log("CombatDemarre", 4);
  for (const player of [1, 2, 2, 3]) await log("JoueurConnecte", 1, { player });
  const second = await node();
  await asTheLog();
  server.pause();
  await log("CombatDemarre", 4);
  second.figures.taken("combat");
  await sleep(300);
  server.resume();
  await asTheLog();
});

test("[REDIS-8] a new day begins at nothing, and who still counts the old one adds nothing to it", async () => {
  await log("CombatDemarre", 2);
  const today = Math.floor(Date.now() / 86_400_000) * 86_400;
  await client.hset(UPTO, { day: today - 86_400, upto: 0 });
  await client.set("d:stats:combats:today", 1_000);
  await node();
  await asTheLog();
  await until(async () => (await client.exists("d:stats:active_players:today")) === 1);
  for (const key of ["d:stats:combats:today", "d:stats:active_players:today", UPTO])
    expect([key, await client.expiretime(key)]).toEqual([key, today + 86_400]);
  await client.hset(UPTO, { day: today + 86_400, upto: 0 });
  await client.set("d:stats:combats:today", 7);
  await log("JoueurConnecte", 1, { player: 99 });
  await log("CombatDemarre", 2);
  await until(async () => (await active()) > 0);
  await sleep(100);
  expect(await combats()).toBe(7);
});

test.each([1, 2, 3])(
  "[REDIS-8] two nodes that count at once, slow as they are, while Redis is flushed and stopped, seed %i",
  async (seed) => {
    const chance = seededRandom(seed);
    const nodes = [await node(lateReader(pool, chance, 15)), await node(lateReader(pool, chance, 15))];
    for (let step = 0; step < 60; step += 1) {
      const roll = chance();
      if (roll < 0.5) await log("CombatDemarre", 1 + Math.floor(chance() * 5));
      else if (roll < 0.75) await log("JoueurConnecte", 1, { player: Math.floor(chance() * 20) });
      else if (roll < 0.8) await client.flushall();
      else if (roll < 0.85) {
        server.pause();
        await sleep(chance() * 250);
        server.resume();
      } else await sleep(chance() * 40);
      nodes[Math.floor(chance() * 2)]?.figures.taken("combat");
    }
    await asTheLog();
  },
);
