import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLocks, type LockOutcome } from "../../rooms/locks.ts";
import { createRedis, type GuardedRedis } from "../../store/redis.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";

let server: PrivateRedis;
let redis: GuardedRedis;
beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  server = started;
  // A machine that is busy must not pass for a Redis that is slow.
  redis = createRedis({ url: server.url, prefix: "l:", timeoutMs: 1_000 });
  while (!redis.usable) await sleep(10);
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

const get = async (key: string) => (await redis.use((client) => client.get(key)))?.value;
const ttl = async (key: string) => (await redis.use((client) => client.pttl(key)))?.value ?? 0;

test("[REDIS-10] a lock is one owner's until it is given back by that owner; who does not get it, or has no Redis, goes on", async () => {
  const outcomes: LockOutcome[] = [];
  const locks = createLocks(redis, (outcome) => outcomes.push(outcome));
  const id = crypto.randomUUID();
  const player = { aggregateType: "Joueur", id } as const;
  const key = `l:lock:player:${id}:inventory`;
  const release = await locks.take([player, { aggregateType: "Combat", id }, { aggregateType: "Item", id }]);
  expect(await get(key)).not.toBeNull();
  expect(await ttl(key)).toBeGreaterThan(5_000);
  expect(await ttl(`l:lock:combat:${id}:action`)).toBeGreaterThan(1_000);
  // Somebody else's goes on without it, and gives back nothing of the owner's.
  const other = await locks.take([player]);
  expect(outcomes).toEqual(["taken", "taken", "busy"]);
  other();
  await sleep(50);
  expect(await get(key)).not.toBeNull();
  release();
  await expect.poll(() => get(key)).toBeNull();

  await server.kill();
  await locks.take([player]);
  expect(outcomes.at(-1)).toBe("away");
});
