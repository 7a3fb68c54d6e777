import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../server/config.ts";
import { createLimits } from "../../server/limits.ts";
import { createMetrics } from "../../server/metrics.ts";
import { createOrigins } from "../../server/origins.ts";
import { createRedis, type GuardedRedis } from "../../store/redis.ts";
import { createSharedBuckets } from "../../store/shared-buckets.ts";
import { findRedis, type TestRedis } from "../support/redis.ts";

let server: TestRedis;
const prefix = `limits-${crypto.randomUUID()}:`;
const open: GuardedRedis[] = [];
beforeAll(async () => {
  server = await findRedis();
});
afterAll(async () => {
  const [redis] = open;
  const keys = (await redis?.use((client) => client.keys(`${prefix}*`)))?.value ?? [];
  if (keys.length > 0) await redis?.use((client) => client.unlink(...keys));
  for (const one of open) await one.close();
  await server.stop();
});

/** A node's limits, with what it did about abuse. `url` null: without Redis. */
async function node(env: Readonly<Record<string, string>> = {}, url: string | null = server.url) {
  const bans: string[] = [];
  const faults: unknown[] = [];
  const metrics = createMetrics();
  // In time, however busy the machine is: what is late is not told, and a node counts for itself.
  const redis = url === null ? undefined : createRedis({ url, prefix, timeoutMs: 10_000 });
  if (redis !== undefined) open.push(redis);
  if (url === server.url) await until(() => redis?.usable === true);
  const limits = createLimits({
    ...{ rates: readConfig(env).limits, secret: "the secret of these nodes", metrics },
    shared: redis && createSharedBuckets(redis),
    ban: async ({ userId }) => void bans.push(userId),
    fault: (error) => faults.push(error),
  });
  /** Resolves when what has been told to Redis by now is answered. */
  async function told(): Promise<void> {
    if (redis?.usable === true) await redis.use((client) => client.ping());
    await setImmediate();
  }
  return { ...limits, bans, faults, metrics, redis, told };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    if (holds()) return;
    await sleep(10);
  }
  throw new Error("it did not come about");
}

type Told = Pick<Awaited<ReturnType<typeof node>>, "told">;
const player = (): string => crypto.randomUUID();
/** How many of so many calls go through; after each few Redis has been told of them. */
async function passing(calls: number, { told }: Told, call: () => number): Promise<number> {
  let passed = 0;
  for (let n = 0; n < calls; n += 1) {
    if (call() === 0) passed += 1;
    if (n % 4 === 3) await told();
  }
  return passed;
}

test("[LIMIT-1] what a player does on one node, others count too; combat and trade have less, and each says when to come again", async () => {
  const [a, b] = [await node(), await node()];
  const [one, other] = [player(), player()];
  expect(await passing(80, a, () => a.waitMs("call", one))).toBeGreaterThanOrEqual(40);
  // 40 at once and 20 a second: the other node has a burst of its own, and learns with its first portion that it is used up.
  expect(await passing(80, b, () => b.waitMs("call", one))).toBeLessThan(20);
  expect(a.waitMs("call", other)).toBe(0);

  expect(await passing(60, a, () => a.waitMs("combat", other))).toBeLessThan(30);
  expect(await passing(60, a, () => a.waitMs("trade", other))).toBeLessThan(20);
  const wait = a.waitMs("trade", other);
  expect(wait).toBeGreaterThan(0);
  // One in 200 ms, and no debt that is deeper than the burst.
  expect(wait).toBeLessThan(2_000);
  await sleep(wait + 5);
  expect(a.waitMs("trade", other)).toBe(0);
  expect((await a.metrics.limited.get()).values.map(({ labels }) => labels)).toEqual(
    expect.arrayContaining([
      { class: "call", by: "account" },
      { class: "trade", by: "account" },
    ]),
  );
});

test("[LIMIT-1] so does an address, whose key in Redis does not tell it, and runs out", async () => {
  const [a, b] = [await node({ ADDRESS_CALLS_PER_SECOND: "20" }), await node({ ADDRESS_CALLS_PER_SECOND: "20" })];
  const address = "192.0.2.77";
  expect(await passing(80, a, () => a.addressWaitMs(address))).toBeGreaterThanOrEqual(40);
  expect(await passing(80, b, () => b.addressWaitMs(address))).toBeLessThan(20);
  const keys = (await a.redis?.use((client) => client.keys(`${prefix}*`)))?.value ?? [];
  expect(keys.filter((key) => key.includes("limit:call:address:"))).toHaveLength(1);
  expect(keys.join()).not.toContain(address);
  for (const key of keys) expect((await a.redis?.use((client) => client.pttl(key)))?.value).toBeGreaterThan(0);
});

test("[LIMIT-2] without Redis, or while it is away, each node counts for itself, and nobody waits", async () => {
  const alone = await node({}, null);
  const cutOff = await node({}, "redis://127.0.0.1:1");
  for (const one of [alone, cutOff]) {
    const who = player();
    const since = performance.now();
    expect(await passing(60, one, () => one.waitMs("call", who))).toBeGreaterThanOrEqual(40);
    expect(one.waitMs("call", who)).toBeGreaterThan(0);
    const tries = await Promise.all(Array.from({ length: 20 }, () => one.attempts.as("alix")));
    expect(tries.filter((wait) => wait === 0)).toHaveLength(10);
    expect(performance.now() - since).toBeLessThan(1_000);
  }
});

test("[LIMIT-3] attempts to log in are counted exactly, over all nodes, in any mix of cases", async () => {
  const nodes = [await node(), await node(), await node()];
  const name = `Alix-${crypto.randomUUID().slice(0, 8)}`;
  const tries = await Promise.all(
    nodes.flatMap(({ attempts }) =>
      Array.from({ length: 8 }, (_, n) => attempts.as(n % 2 === 0 ? name : name.toUpperCase())),
    ),
  );
  expect(tries.filter((wait) => wait === 0)).toHaveLength(10);
  for (const wait of tries) expect(wait).toBeLessThanOrEqual(6_000);
});

test("[LIMIT-4] who is refused too often loses the connection, and is shut out when that goes on, over all nodes", async () => {
  const env = { ABUSE_REFUSALS: "50", ABUSE_CUTS: "2" };
  const nodes = [await node(env), await node(env)];
  const who = player();
  let cuts = 0;
  for (let n = 0; n < 400 && nodes.every(({ bans }) => bans.length === 0); n += 1) {
    const isCut = nodes[n % 2]?.refused(who) === true;
    if (isCut) cuts += 1;
    if (isCut || n % 5 === 4) await Promise.all(nodes.map(({ told }) => told()));
  }
  // Two are let go, whichever node they were on; the third is one too many.
  expect(cuts).toBe(3);
  expect(nodes.flatMap(({ bans }) => bans)).toEqual([who]);
  expect(nodes.flatMap(({ faults }) => faults)).toEqual([]);
  const counts = await Promise.all(nodes.map(async ({ metrics }) => (await metrics.abuse.get()).values));
  expect(counts.flat().reduce((sum, { value }) => sum + value, 0)).toBe(4);
});

test("[LIMIT-4] who is refused now and then is not, and 0 s shuts nobody out", async () => {
  const mild = await node({ ABUSE_REFUSALS: "50", ABUSE_CUTS: "1", ABUSE_BAN_SECONDS: "0" });
  const who = player();
  for (let n = 0; n < 45; n += 1) expect(mild.refused(who)).toBe(false);
  for (let n = 0; n < 5; n += 1) mild.flooded(who);
  await sleep(30);
  expect(mild.bans).toEqual([]);
});

test("[LIMIT-10] what is not set follows from the commands of one connection", () => {
  const of = (env: Readonly<Record<string, string>>) => readConfig(env).limits;
  expect(of({})).toMatchObject({
    call: { perSecond: 20, burst: 40 },
    combat: { perSecond: 10, burst: 20 },
    trade: { perSecond: 5, burst: 10 },
    address: { perSecond: 200, burst: 400 },
  });
  expect(of({ COMMANDS_PER_SECOND: "1" })).toMatchObject({ combat: { perSecond: 1 }, trade: { perSecond: 1 } });
  expect(of({ COMMANDS_PER_SECOND: "50", TRADE_COMMANDS_PER_SECOND: "3" })).toMatchObject({
    combat: { perSecond: 25 },
    trade: { perSecond: 3, burst: 6 },
    address: { perSecond: 500 },
  });
});

test("[LIMIT-6] without a setting, pages on localhost may call in development, and in production none but this server's own", () => {
  const [AUTH_SECRET, MASTER_KEYS] = ["x".repeat(32), `one:${Buffer.alloc(32, 1).toString("base64")}`];
  const [development, production, any, few] = [
    {},
    { NODE_ENV: "production", AUTH_SECRET, MASTER_KEYS },
    { ALLOWED_ORIGINS: "*" },
    { ALLOWED_ORIGINS: "https://a.example, https://b.example:8443" },
  ].map((env) => createOrigins(readConfig(env)));
  const allowed = (origin: string | undefined) =>
    [development, production, any, few].map((allows) => allows?.(origin, "game.example:2567"));
  expect(allowed("http://localhost:3000")).toEqual([true, false, true, false]);
  expect(allowed("http://localhost.evil.example")).toEqual([false, false, true, false]);
  expect(allowed("https://game.example:2567")).toEqual([true, true, true, true]);
  expect(allowed("https://game.example")).toEqual([false, false, true, false]);
  expect(allowed("https://b.example:8443")).toEqual([false, false, true, true]);
  expect(allowed("null")).toEqual([false, false, true, false]);
  expect(allowed(undefined)).toEqual([true, true, true, true]);
});
