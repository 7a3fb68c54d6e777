import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { WokenBy } from "../../store/feed.ts";
import { createRedisWakeUps, type RedisWakeUps } from "../../store/redis-wake-ups.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { useDatabase } from "../support/postgres.ts";
import { findRedis, startPrivateRedis, type TestRedis } from "../support/redis.ts";
import { type ConsumerNode, openConsumerNode } from "./consumer-node.ts";
import { append, gains, joueur } from "./fixtures.ts";
import { eventually } from "./taken.ts";

const database = useDatabase();
/** Longer than any test waits: what comes earlier was not found by polling. */
const NEVER_MS = 20_000;
let redis: TestRedis;
let open: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  redis = await findRedis();
});
afterAll(() => redis.stop());
beforeEach(() => {
  open = [];
  return async () => {
    for (const close of open.toReversed()) await close();
  };
});

function wakeUps(url: string, prefix: string, onFault?: (error: unknown) => void): RedisWakeUps {
  const made = createRedisWakeUps({ url, prefix, ...(onFault && { onFault }) });
  open.push(() => made.close());
  return made;
}

function nodeWith(feed: Parameters<typeof openConsumerNode>[1] = {}): { node: ConsumerNode; woken: WokenBy[] } {
  const woken: WokenBy[] = [];
  const node = openConsumerNode(
    { url: database.url },
    { ...feed, feed: { pollMs: NEVER_MS, onWake: (by) => woken.push(by), ...feed.feed } },
  );
  open.push(() => node.close());
  return { node, woken };
}

/** Writes an event; answers after how many ms this node's feed has moved on. */
async function appendAndWait(writer: ConsumerNode, reader: ConsumerNode): Promise<number> {
  await sleep(20); // or the look that follows upon the last one may find it, before it is told
  const start = performance.now();
  const result = await append(writer.store, joueur(v7(), 0, gains(1)));
  const sequence = result.ok ? (result.sequences[0] ?? 0) : 0;
  while (reader.feed.settled() < sequence) {
    if (performance.now() - start > 5_000) throw new Error("it never came");
    await sleep(1);
  }
  return performance.now() - start;
}

/** Until hints of the one reach the other. */
async function subscribed(sender: RedisWakeUps, receiver: RedisWakeUps): Promise<void> {
  let received = 0;
  const end = receiver.subscribe(() => {
    received += 1;
  });
  await eventually(() => {
    sender.notify();
    return received;
  }).toBeGreaterThan(0);
  // Those that are still under way have come, too.
  for (let before = -1; before !== received; await sleep(100)) before = received;
  end();
}

async function begun(node: ConsumerNode): Promise<void> {
  await append(node.store, joueur(v7(), 0, gains(1)));
  await eventually(() => node.feed.settled()).toBeGreaterThan(0);
  await sleep(50);
}

test("[FEED-6] a commit of the process's own wakes its feed", async () => {
  const { node, woken } = nodeWith();
  await begun(node);
  woken.length = 0;
  for (let i = 0; i < 5; i += 1) await appendAndWait(node, node);
  expect(woken).toContain("process");
  expect(woken).not.toContain("redis");
});

test("[FEED-6] another process's commit wakes it over Redis, and no other tenant's", async () => {
  const prefix = `${v7()}:`;
  const [sent, heard] = [wakeUps(redis.url, prefix), wakeUps(redis.url, prefix)];
  const writing = nodeWith({ hints: sent });
  const reading = nodeWith({ feed: { redis: heard } });
  const foreign = nodeWith({ feed: { redis: wakeUps(redis.url, `${v7()}:`) } });
  await begun(writing.node);
  await Promise.all([begun(reading.node), begun(foreign.node)]);
  await subscribed(sent, heard);
  await sleep(100); // the looks that follow upon that are over
  const before = foreign.node.feed.settled();
  reading.woken.length = 0;
  const times: number[] = [];
  for (let i = 0; i < 20; i += 1) times.push(await appendAndWait(writing.node, reading.node));
  console.log(`over Redis: ${times.map((ms) => ms.toFixed(1)).join(" ")} ms`);
  // On a busy machine the look that follows upon the last event finds one before it is told.
  expect(reading.woken.filter((by) => by === "redis").length).toBeGreaterThan(times.length / 2);
  expect(foreign.node.feed.settled()).toBe(before);
});

test("[FEED-6] without any hint it finds by polling what others wrote", async () => {
  const writing = nodeWith();
  const { node, woken } = nodeWith({ feed: { pollMs: 30 } });
  await begun(node);
  woken.length = 0;
  for (let i = 0; i < 3; i += 1) await appendAndWait(writing.node, node);
  expect(new Set(woken)).toEqual(new Set(["poll"]));
});

test("[FEED-7] a dead or silent Redis costs the hint and nothing else, and serves again when it is back", async (context) => {
  const own = await startPrivateRedis();
  if (own === undefined) return context.skip("no redis-server here");
  open.push(() => own.stop());
  const faults: unknown[] = [];
  const hints = wakeUps(own.url, "t:", (error) => faults.push(error));
  const writing = nodeWith({ hints });
  const heard = wakeUps(own.url, "t:", () => undefined);
  const { node, woken } = nodeWith({ feed: { pollMs: 100, redis: heard } });
  await begun(writing.node);
  await begun(node);
  await subscribed(hints, heard);

  for (const [fail, recover] of [
    [() => own.kill(), () => own.start()],
    [async () => own.pause(), async () => own.resume()],
  ] as const) {
    await fail();
    woken.length = 0;
    for (let i = 0; i < 5; i += 1) expect(await appendAndWait(writing.node, node)).toBeLessThan(1_000);
    expect(woken, "all by polling").not.toContain("redis");
    await recover();
    await eventually(async () => {
      await appendAndWait(writing.node, node);
      return woken.includes("redis");
    }).toBe(true);
  }
  expect(faults.length, "its death was told").toBeGreaterThan(0);
});

test("[FEED-8] hints are sent at most one at a time, however often they are asked for", async () => {
  const prefix = `${v7()}:`;
  const [sender, receiver] = [wakeUps(redis.url, prefix), wakeUps(redis.url, prefix)];
  await subscribed(sender, receiver);
  let received = 0;
  receiver.subscribe(() => {
    received += 1;
  });
  for (let i = 0; i < 1_000; i += 1) sender.notify();
  await eventually(() => received).toBe(2);
  await sleep(200);
  expect(received).toBe(2);
});

test("[FEED-6] who has ended a subscription is not woken any more", () => {
  const local = createLocalWakeUps();
  let woken = 0;
  const end = local.subscribe(() => {
    woken += 1;
  });
  local.notify();
  end();
  local.notify();
  expect(woken).toBe(1);
});
