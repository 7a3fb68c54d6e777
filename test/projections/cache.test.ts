import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cache, type CacheKind, type CacheOutcome, createCaches } from "../../projections/cache.ts";
import { createRedis } from "../../store/redis.ts";
import { seededRandom } from "../rooms/simulation.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";

let server: PrivateRedis;
beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  server = started;
});
afterAll(() => server.stop());

const kind: CacheKind<number> = {
  name: "number",
  ttlS: 600,
  keys: (id) => [`number:${id}`],
  async get(redis, [key = ""]) {
    const { value, generation = "" } = await redis.hgetall(key);
    return value === undefined ? undefined : { value: Number(value), sequence: Number(value), generation };
  },
  commands: (value, _, generation) => [["HSET", 0, "value", value, "generation", generation]],
};

/** A node's cache in front of a number that only rises; `gate` holds reads up between the row and the answer. */
function node(rows: Map<string, number>, gate: () => Promise<void> = async () => undefined) {
  const redis = createRedis({ url: server.url, prefix: "c:", restMs: 100 });
  const outcomes: CacheOutcome[] = [];
  const caches = createCaches(redis, (_kind, outcome) => outcomes.push(outcome));
  const cache: Cache<number> = caches.of(kind, async (id) => {
    const value = rows.get(id) ?? 0;
    await gate();
    return { value, sequence: value };
  });
  const close = async () => {
    await caches.close();
    await redis.close();
  };
  return { redis, cache, outcomes, close };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error("it did not come about");
}

test("[CACHE-2] a fill that was read before a deletion and comes after it comes to nothing", async () => {
  const rows = new Map([["a", 5]]);
  let held: PromiseWithResolvers<void> | undefined;
  const [slow, quick] = [node(rows, () => held?.promise ?? Promise.resolve()), node(rows)];
  await until(() => slow.redis.usable && quick.redis.usable);
  await sleep(600);
  held = Promise.withResolvers<void>();
  const reading = slow.cache.get("a");
  await sleep(50);
  rows.set("a", 6);
  quick.cache.drop("a", 6);
  await sleep(100);
  held.resolve();
  expect(await reading).toBe(5);
  await until(() => slow.outcomes.includes("stale"));
  expect(await quick.cache.get("a")).toBe(6);
  expect(await slow.cache.get("a")).toBe(6);
  await slow.close();
  await quick.close();
});

test("[CACHE-2] a deletion that Redis did not take is made up for, and its node does not read what it could not delete", async () => {
  const rows = new Map([["b", 1]]);
  const [writer, reader] = [node(rows), node(rows)];
  await until(() => writer.redis.usable && reader.redis.usable);
  await sleep(600);
  await reader.cache.get("b");
  await until(async () => (await writer.redis.use((one) => one.exists("c:number:b")))?.value === 1);
  server.pause();
  rows.set("b", 2);
  writer.cache.drop("b", 2);
  await sleep(300);
  expect(await writer.cache.get("b")).toBe(2);
  server.resume();
  expect(await writer.cache.get("b")).toBe(2);
  await until(async () => (await reader.cache.get("b")) === 2);
  await writer.close();
  await reader.close();
});

test("[CACHE-2] what was filled before a node started is not believed: its predecessor may not have come to delete it", async () => {
  const rows = new Map([["c", 1]]);
  const first = node(rows);
  await until(() => first.redis.usable);
  await sleep(600);
  await first.cache.get("c");
  await until(async () => (await first.redis.use((one) => one.exists("c:number:c")))?.value === 1);
  await first.close();
  rows.set("c", 2);
  const second = node(rows);
  await until(() => second.redis.usable);
  expect(await second.cache.get("c")).toBe(2);
  await second.close();
});

test.each([1, 2, 3, 4, 5, 6])(
  "[CACHE-2] readers, writers and outages as they come, seed %i: never older than asked for, and right in the end",
  async (seed) => {
    const chance = seededRandom(seed);
    const rows = new Map<string, number>();
    const ids = ["x", "y", "z"].map((id) => `${id}${seed}`);
    const nodes = [1, 2].map(() => node(rows, () => sleep(chance() * 4)));
    await until(() => nodes.every(({ redis }) => redis.usable));
    const pick = <One>(of: readonly One[]): One => of[Math.floor(chance() * of.length)] as One;
    const doing: Promise<void>[] = [];
    let paused = false;
    for (let step = 0; step < 400; step += 1) {
      const [id, at] = [pick(ids), pick(nodes)];
      const roll = chance();
      if (roll < 0.35) {
        const next = (rows.get(id) ?? 0) + 1;
        rows.set(id, next);
        at.cache.drop(id, next);
      } else if (roll < 0.97) {
        const atLeast = chance() < 0.5 ? (rows.get(id) ?? 0) : 0;
        doing.push(
          at.cache.get(id, atLeast).then((value) => {
            expect(value).toBeGreaterThanOrEqual(atLeast);
          }),
        );
      } else {
        if (paused) server.resume();
        else server.pause();
        paused = !paused;
      }
      if (chance() < 0.5) await sleep(chance() * 3);
    }
    server.resume();
    await Promise.all(doing);
    for (const id of ids)
      for (const { cache } of nodes) await until(async () => (await cache.get(id)) === (rows.get(id) ?? 0));
    await Promise.all(nodes.map(({ close }) => close()));
  },
);
