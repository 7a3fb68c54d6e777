import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRedis, type GuardedRedis, type RedisLoss } from "../../store/redis.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";

let server: PrivateRedis;
beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  server = started;
});
afterAll(() => server.stop());

interface Watched {
  readonly redis: GuardedRedis;
  readonly losses: RedisLoss[];
  readonly faults: unknown[];
}

async function withRedis(work: (watched: Watched) => Promise<void>): Promise<void> {
  const losses: RedisLoss[] = [];
  const faults: unknown[] = [];
  // A machine that is busy must not pass for a Redis that is slow.
  const redis = createRedis({
    url: server.url,
    prefix: "t:",
    timeoutMs: 250,
    restMs: 1_000,
    onLoss: (loss) => losses.push(loss),
    onFault: (error) => faults.push(error),
  });
  try {
    await until(() => redis.usable);
    await work({ redis, losses, faults });
  } finally {
    await redis.close();
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error("it did not come about");
}

const ping = async ({ redis }: Watched) => (await redis.use((one) => one.ping()))?.value === "PONG";

test("[REDIS-1] keys carry the prefix, answers come with their value, null too", () =>
  withRedis(async ({ redis, losses }) => {
    await redis.use((one) => one.set(redis.key("a"), "1"));
    expect(await redis.use((one) => one.get("t:a"))).toEqual({ value: "1" });
    expect(await redis.use((one) => one.get(redis.key("nothing")))).toEqual({ value: null });
    expect(losses).toEqual([]);
  }));

test("[REDIS-2] a paused server costs a few time-outs, then nothing is asked; and it is used again when it answers", () =>
  withRedis(async (watched) => {
    const { redis, losses } = watched;
    server.pause();
    try {
      for (let n = 0; n < 50; n += 1) expect(await redis.use((one) => one.ping())).toBeUndefined();
      expect(losses.filter((loss) => loss === "slow").length).toBeLessThan(10);
      expect(losses.filter((loss) => loss === "open").length).toBeGreaterThan(40);
      expect(redis.usable).toBe(false);
    } finally {
      server.resume();
    }
    await until(() => ping(watched));
  }));

test("[REDIS-2] a server that was killed is done without at once, and found again", () =>
  withRedis(async (watched) => {
    const { redis, losses } = watched;
    let connects = 0;
    redis.onConnect(() => {
      connects += 1;
    });
    await server.kill();
    await until(async () => (await redis.use((one) => one.ping())) === undefined);
    expect(losses).not.toContain("refused");
    await server.start();
    await until(() => ping(watched));
    expect(connects).toBe(1);
  }));

test("[REDIS-3] what Redis refuses, and a bug of ours, is told, and closes nothing", () =>
  withRedis(async (watched) => {
    const { redis, losses, faults } = watched;
    for (let n = 0; n < 10; n += 1) {
      expect(await redis.use((one) => one.call("NONSENSE"))).toBeUndefined();
      expect(
        await redis.use(async () => {
          throw new TypeError("a bug");
        }),
      ).toBeUndefined();
    }
    expect(losses.every((loss) => loss === "refused")).toBe(true);
    expect(faults).toHaveLength(20);
    expect(await ping(watched)).toBe(true);
  }));
