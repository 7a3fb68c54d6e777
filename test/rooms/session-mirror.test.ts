import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { initialPlayer, type PlayerState } from "../../domain/player/state.ts";
import { createPlayerCooldowns } from "../../rooms/player-cooldowns.ts";
import { createSessionMirror } from "../../rooms/session-mirror.ts";
import { createRedis, type GuardedRedis } from "../../store/redis.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";

let server: PrivateRedis;
let client: Redis;
let redis: GuardedRedis;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  server = started;
  client = new Redis(server.url, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
  redis = createRedis({ url: server.url, prefix: "t:", timeoutMs: 250, restMs: 100 });
});
beforeEach(async () => {
  await client.flushall();
  await until(() => redis.usable);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await redis.close();
  client.disconnect();
  await server.stop();
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_500; tries += 1) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error("it did not come about");
}

function node(nodeId: string) {
  const mirror = createSessionMirror({ redis, nodeId, disguise: (address) => `#${address.length}`, sweepMs: 100 });
  closing.push(() => mirror.close());
  return mirror;
}

const session = (id: string) => client.hgetall(`t:session:${id}`);
const sessionsOf = async (user: string) => (await client.smembers(`t:user:${user}:sessions`)).sort();
const online = async () => client.get("t:stats:players:online");
const there = (user: string, ...ids: string[]) =>
  until(async () => JSON.stringify(await sessionsOf(user)) === JSON.stringify(ids));

test("[REDIS-7] a session is there while it lasts, with its last activity, and for an hour if nobody ends it", async () => {
  const mirror = node("n");
  const presence = mirror.came({ sessionId: "s1", userId: "u1", address: "192.0.2.7" });
  await there("u1", "s1");
  const begun = await session("s1");
  expect(begun).toEqual({
    user_id: "u1",
    ip: "#9",
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    last_activity: begun["created_at"],
  });
  for (const key of ["t:session:s1", "t:user:u1:sessions"]) expect(await client.ttl(key)).toBeGreaterThan(3_590);
  await client.expire("t:session:s1", 5);
  presence.active();
  await until(async () => (await session("s1"))["last_activity"] !== begun["last_activity"]);
  expect((await session("s1"))["created_at"]).toBe(begun["created_at"]);
  expect(await client.ttl("t:session:s1")).toBeGreaterThan(3_590);
  presence.left();
  await there("u1");
  expect(await client.exists("t:session:s1")).toBe(0);
});

test("[REDIS-7] who comes again ends what was left behind, and a late end does not end who has come back", async () => {
  const mirror = node("n");
  await client.sadd("t:user:u1:sessions", "of-a-dead-node");
  await client.hset("t:session:of-a-dead-node", "user_id", "u1");
  const before = mirror.came({ sessionId: "s1", userId: "u1" });
  await there("u1", "s1");
  expect(await client.exists("t:session:of-a-dead-node")).toBe(0);
  mirror.came({ sessionId: "s1", userId: "u1" });
  before.left();
  await sleep(250);
  expect(await sessionsOf("u1")).toEqual(["s1"]);
});

test("[REDIS-7] online are the players of all nodes that live, each once", async () => {
  const [one, other] = [node("one"), node("other")];
  await client.hset("t:stats:players:online:nodes", "dead", `7 ${Math.floor(Date.now() / 1_000) - 60}`);
  one.came({ sessionId: "s1", userId: "u1" });
  const second = one.came({ sessionId: "s2", userId: "u1" });
  const third = other.came({ sessionId: "s3", userId: "u2" });
  await until(async () => (await online()) === "2");
  expect(await client.hexists("t:stats:players:online:nodes", "dead")).toBe(0);
  second.left();
  third.left();
  await until(async () => (await online()) === "1");
});

test("[REDIS-9] sessions come back after a flush, and after Redis was away those that ended are gone", async () => {
  const mirror = node("n");
  const [first] = ["s1", "s2"].map((sessionId, n) => mirror.came({ sessionId, userId: `u${n + 1}` }));
  await there("u2", "s2");
  await client.flushall();
  await there("u1", "s1");
  await there("u2", "s2");
  server.pause();
  first?.left();
  mirror.came({ sessionId: "s3", userId: "u3" });
  await sleep(400);
  server.resume();
  await there("u1");
  await there("u3", "s3");
  expect(await client.exists("t:session:s1")).toBe(0);
  await server.kill();
  await server.start();
  await there("u2", "s2");
  await until(async () => (await online()) === "2");
});

function withCooldowns(until: Readonly<Record<string, number>>): PlayerState {
  const apprises = Object.entries(until).map(([competenceId, at]) => ({
    competenceId,
    echeance: at === 0 ? null : new Date(at).toISOString(),
  }));
  return { ...initialPlayer, competences: { apprises } as unknown as PlayerState["competences"] };
}

test("[REDIS-7] a player's cooldowns are the skills that are locked, until the last of them is free", async () => {
  const cooldowns = createPlayerCooldowns({ redis });
  closing.push(() => cooldowns.close());
  const key = "t:player:p:cooldowns";
  const now = Date.now();
  const commit = (until: Readonly<Record<string, number>>) =>
    cooldowns.committed("p", { state: withCooldowns(until), version: 1, events: [] });
  commit({ a: now + 60_000, b: now - 1, c: 0 });
  await until(async () => (await client.hlen(key)) === 1);
  expect(await client.hgetall(key)).toEqual({ "skill:a": String(now + 60_000) });
  commit({ a: now + 60_000, b: now + 90_000, c: 0 });
  await until(async () => (await client.hlen(key)) === 2);
  expect(await client.pexpiretime(key)).toBe(now + 90_000);
  await server.kill();
  commit({ a: now + 60_000, b: now - 1, c: now + 70_000 });
  await server.start();
  await until(async () => (await client.hget(key, "skill:c")) === String(now + 70_000));
  expect(Object.keys(await client.hgetall(key)).sort()).toEqual(["skill:a", "skill:c"]);
  commit({ a: 0 });
  await until(async () => (await client.exists(key)) === 0);
});
