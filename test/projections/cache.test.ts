import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { v7 } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { rebuildProjection } from "../../projections/rebuild.ts";
import { EventFault } from "../../store/sink.ts";
import { seededRandom } from "../rooms/simulation.ts";
import { append, gains, joueur } from "../store/fixtures.ts";
import { type BadNetwork, openBadNetwork } from "../support/bad-network.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";
import { accounts, createAccounts } from "./accounts.ts";
import { type CacheNode, type CacheNodeOptions, openCacheNode, PREFIX, until } from "./cache-node.ts";

const database = useDatabase();
let server: PrivateRedis;
/** The test's own, which waits for as long as an answer takes. */
let client: Redis;
const ending: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  server = started;
  client = new Redis(server.url, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});
beforeEach(async () => {
  const left = "DELETE FROM dead_letters; DELETE FROM consumer_checkpoints; DELETE FROM projection_rebuilds";
  await withClient(database.url, (client) => client.query(`DROP TABLE IF EXISTS gains, soldes; ${left}`));
  await createAccounts(database.url);
});
afterEach(async () => {
  server.resume();
  for (const end of ending.splice(0).reverse()) await end();
});

let nodes = 0;

/** A node, once it reads from Redis. */
async function open(options: Partial<CacheNodeOptions> = {}): Promise<CacheNode> {
  nodes += 1;
  const one = openCacheNode({ url: database.url, redisUrl: server.url, nodeId: `n${nodes}`, ...options });
  ending.push(one.close);
  if (options.runs === true)
    await until(async () => (await rowsOf(database.url, "SELECT FROM consumer_checkpoints")).length > 0);
  await until(() => reads(one), "a node that reads from Redis");
  return one;
}

/** Whether Redis is of use to the node: what nobody has is missed there. */
async function reads({ cache, outcomes }: CacheNode): Promise<boolean> {
  await cache.get(v7());
  return outcomes.at(-1) === "miss";
}

async function network(url: string): Promise<BadNetwork> {
  const between = await openBadNetwork(url);
  ending.push(() => between.close());
  return between;
}

/** Appends a gain of 1, at this version; answers its sequence. */
async function gain({ node }: CacheNode, id: string, version: number): Promise<number> {
  const result = await append(node.store, joueur(id, version, gains(1)));
  if (!result.ok) throw new Error("a conflict");
  return result.sequences.at(-1) ?? 0;
}

const totalOf = async (one: CacheNode, id: string, atLeast?: number): Promise<number> =>
  (await one.cache.get(id, atLeast))?.total ?? 0;

async function projected(sequence: number): Promise<void> {
  await until(async () => {
    const [row] = await rowsOf<{ position: string }>(database.url, "SELECT position FROM consumer_checkpoints");
    return Number(row?.position) >= sequence;
  }, "the read model");
}

/** Gains of the player's first event, read and to be found in Redis. */
async function filled(one: CacheNode, id: string): Promise<void> {
  await projected(await gain(one, id, 0));
  await kept(one, id, 1);
}

/** The node answers with this, and has it from Redis. */
async function kept(one: CacheNode, id: string, total: number): Promise<void> {
  await until(async () => (await totalOf(one, id)) === total && one.outcomes.at(-1) === "hit", `${total}, from Redis`);
}

const keysOf = async (id: string): Promise<readonly string[]> => (await client.keys(`${PREFIX}compte:${id}*`)).sort();
const generation = () => client.hget(`${PREFIX}cache:state`, "id");

/** A way to hold a node between the rows that it has read and its answer. */
function gateway() {
  let held: PromiseWithResolvers<void> | undefined;
  const reached = Promise.withResolvers<void>();
  return {
    async gate(): Promise<void> {
      if (held !== undefined) reached.resolve();
      await held?.promise;
    },
    /** From now on. */
    hold() {
      held = Promise.withResolvers();
    },
    /** Resolves once somebody is held. */
    reached: reached.promise,
    release: () => held?.resolve(),
  };
}

test("[CACHE-1] all keys of a thing go when it changes, those too that are as many as it has parts", async () => {
  const one = await open({ runs: true });
  const id = v7();
  const sequences = [await gain(one, id, 0), await gain(one, id, 1)];
  await projected(sequences[1] ?? 0);
  await kept(one, id, 2);
  const key = `${PREFIX}compte:${id}`;
  const all = [key, ...sequences.map((sequence) => `${key}:gain:${sequence}`), `${key}:gains`].sort();
  expect(await keysOf(id)).toEqual(all);
  await gain(one, id, 2);
  await until(async () => (await keysOf(id)).length === 0, "no key");
  await kept(one, id, 3);
  expect(await keysOf(id)).not.toContain(`${key}:gain:${sequences[0]}`);
});

test("[CACHE-1] a fill leaves nothing behind of what stood there before", async () => {
  const one = await open({ runs: true });
  const id = v7();
  await filled(one, id);
  const [set, part] = [`${PREFIX}compte:${id}:gains`, `${PREFIX}compte:${id}:gain:0`];
  await client.sadd(set, "0");
  await client.set(part, "0");
  await client.hset(`${PREFIX}compte:${id}`, "generation", "another");
  await kept(one, id, 1);
  expect(await keysOf(id)).not.toContain(part);
  expect(await client.sismember(set, "0")).toBe(0);
});

test("[CACHE-2] a fill that was read before a deletion and comes after it comes to nothing", async () => {
  const way = gateway();
  const quick = await open({ runs: true });
  const slow = await open({ gate: way.gate });
  const id = v7();
  await projected(await gain(quick, id, 0));
  way.hold();
  const reading = totalOf(slow, id);
  const fence = `${PREFIX}cache:fence:compte:${id}`;
  await way.reached;
  const sequence = await gain(quick, id, 1);
  await until(async () => (await client.get(fence)) === String(sequence), "the fence");
  way.release();
  expect(await reading).toBe(1);
  await until(() => slow.outcomes.includes("stale"));
  expect(await totalOf(slow, id)).toBe(2);
  expect(await totalOf(quick, id)).toBe(2);
});

test("[CACHE-2] a fill whose rows were read before a generation ended is of that generation", async () => {
  const way = gateway();
  const quick = await open({ runs: true });
  const slow = await open({ gate: way.gate });
  const id = v7();
  await projected(await gain(quick, id, 0));
  way.hold();
  const reading = totalOf(slow, id);
  await way.reached;
  const before = await generation();
  await withClient(database.url, (client) =>
    client.query("BEGIN; UPDATE soldes SET total = 5; UPDATE consumer_checkpoints SET rewrites = rewrites + 1; COMMIT"),
  );
  await until(async () => (await generation()) !== before, "another generation");
  way.release();
  expect(await reading).toBe(1);
  await until(async () => (await keysOf(id)).length > 0, "the fill");
  expect(await totalOf(quick, id)).toBe(5);
  expect(await totalOf(slow, id)).toBe(5);
});

/** Redis stops for as long as it takes a node not even to send what it has to delete: the player's second gain. */
async function deletedInVain(one: CacheNode, id: string): Promise<void> {
  await filled(one, id);
  server.pause();
  await until(async () => (await totalOf(one, id)) > 0 && !one.redis.usable, "a node that asks Redis no more");
  await projected(await gain(one, id, 1));
  await until(async () => (await totalOf(one, id)) === 2);
  server.resume();
}

test("[CACHE-2] a deletion that Redis did not take is made up for, and its node does not read what it could not delete", async () => {
  const one = await open({ runs: true, restMs: 2_000 });
  const id = v7();
  await deletedInVain(one, id);
  await until(async () => {
    expect(await totalOf(one, id)).toBe(2);
    return one.outcomes.at(-1) === "hit";
  });
});

test("[CACHE-2] a later deletion that Redis takes does not hide an earlier one that it did not", async () => {
  const one = await open({ runs: true, restMs: 2_000, lookMs: 600_000 });
  const [id, other] = [v7(), v7()];
  await deletedInVain(one, id);
  await until(() => one.redis.usable);
  await projected(await gain(one, other, 0));
  await kept(one, id, 2);
});

test("[CACHE-2] with a sequence, what is read is PostgreSQL's", async () => {
  const one = await open({ runs: true });
  const id = v7();
  await filled(one, id);
  await client.hset(`${PREFIX}compte:${id}`, "total", "9");
  await kept(one, id, 9);
  expect(await totalOf(one, id, 1)).toBe(1);
});

test("[CACHE-2] what was filled before a node started is not believed: it may be of another version", async () => {
  const first = await open({ runs: true });
  const id = v7();
  await filled(first, id);
  const before = await generation();
  await open();
  expect(await generation()).not.toBe(before);
});

test("[CACHE-2] a node that is killed between a commit and its deletions leaves nothing stale to others", async () => {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "cache-child.ts"), "--url", database.url, "--redis", server.url],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  ending.push(async () => void child.kill("SIGKILL"));
  const heard: string[] = [];
  child.stdout.on("data", (bytes: Buffer) => heard.push(bytes.toString()));
  await until(() => heard.join("").includes("ready"));
  const [one, other] = [await open(), await open()];
  const id = v7();
  await filled(one, id);
  child.stdin.write("die\n");
  await until(() => heard.join("").includes("dying"));
  const gone = once(child, "exit");
  const sequence = await gain(one, id, 1);
  expect(await gone).toEqual([null, "SIGKILL"]);
  await projected(sequence);
  // Nobody works for the read model any more, and nothing happens in it.
  await kept(one, id, 2);
  await kept(other, id, 2);
});

test("[CACHE-2] a COMMIT whose answer is lost leaves nothing stale", async () => {
  const between = await network(database.url);
  const through = new URL(database.url);
  through.port = new URL(between.url).port;
  let losing = false;
  const one = await open({
    runs: true,
    projectedUrl: through.href,
    onConnect(client) {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      client.query = ((...args: unknown[]) => {
        if (losing && args[0] === "COMMIT") between.lose("answers", true);
        return query(...args);
      }) as typeof client.query;
    },
  });
  const other = await open();
  const id = v7();
  await filled(other, id);
  losing = true;
  await projected(await gain(other, id, 1));
  losing = false;
  between.cut();
  between.lose("answers", false);
  await kept(one, id, 2);
  await kept(other, id, 2);
});

test("[CACHE-2] an event that is taken from the dead letters leaves nothing stale", async () => {
  const ids = [v7(), v7()];
  const [id = "", asked = ""] = ids;
  let bad = true;
  const projector = accounts((events) => {
    if (bad && events.some(({ aggregateId, version }) => ids.includes(aggregateId) && version === 2))
      throw new EventFault("BAD", "not yet");
  });
  const one = await open({ runs: true, projector });
  const other = await open();
  const sequences: number[] = [];
  for (const each of ids) {
    await filled(other, each);
    sequences.push(await gain(one, each, 1));
  }
  await until(
    async () => (await rowsOf(database.url, "SELECT FROM dead_letters WHERE state = 'FAILED'")).length === ids.length,
  );
  await projected(Math.max(...sequences));
  // A minute later:
  for (const each of ids) await client.unlink(`${PREFIX}cache:fence:compte:${each}`);
  for (const each of ids) await kept(other, each, 1);
  bad = false;
  for (const sequence of sequences)
    expect(await one.projections.consumers.get("soldes")?.retryDeadLetter(sequence)).toMatchObject({ ok: true });
  // Whoever asks for it is given it, at once and on any node.
  expect(await totalOf(other, asked, sequences[1])).toBe(2);
  await kept(other, id, 2);
  await kept(one, id, 2);
});

test("[CACHE-2] tables that were made anew leave nothing stale", async () => {
  const one = await open({ runs: true });
  const id = v7();
  await projected(await gain(one, id, 0));
  await withClient(database.url, (client) => client.query("UPDATE soldes SET total = 7"));
  await kept(one, id, 7);
  const { store } = one.node;
  await rebuildProjection({ projector: accounts(), nodeId: "n", database: { url: database.url }, store });
  await kept(one, id, 1);
});

test("[CACHE-2] what Redis was restored with is not believed, not even for a moment", async () => {
  const [one, other] = [await open({ runs: true }), await open()];
  const id = v7();
  await filled(other, id);
  await client.save();
  await projected(await gain(one, id, 1));
  await kept(other, id, 2);
  await kept(one, id, 2);
  await server.kill();
  await server.start();
  for (const node of [one, other]) {
    await until(() => node.redis.usable);
    for (let n = 0; n < 200; n += 1) expect(await totalOf(node, id)).toBe(2);
  }
  await kept(one, id, 2);
  await kept(other, id, 2);
});

test("[CACHE-2] what the node that has no Redis could not delete others do, while it has none", async () => {
  const between = await network(server.url);
  const one = await open({ runs: true, redisUrl: between.url.replace("ws:", "redis:") });
  const other = await open();
  const id = v7();
  await filled(other, id);
  between.lose("commands", true);
  await projected(await gain(one, id, 1));
  await kept(other, id, 2);
  await projected(await gain(one, id, 2));
  await kept(other, id, 3);
  expect(await totalOf(one, id)).toBe(3);
});

test("[CACHE-2] an emptied Redis is filled anew", async () => {
  const one = await open({ runs: true });
  const id = v7();
  await filled(one, id);
  await client.flushall();
  await kept(one, id, 1);
});

test("[CACHE-2] after a gap that is too large to make up for, the generation ends", async () => {
  const between = await network(server.url);
  const one = await open({ runs: true, redisUrl: between.url.replace("ws:", "redis:") });
  const id = v7();
  await filled(one, id);
  const before = await generation();
  between.lose("commands", true);
  const result = await append(one.node.store, joueur(v7(), 0, gains(2_500)));
  expect(result.ok).toBe(true);
  await projected(await gain(one, id, 1));
  between.lose("commands", false);
  between.cut();
  await kept(one, id, 2);
  expect(await generation()).not.toBe(before);
});

test.each([1, 2, 3])(
  "[CACHE-2] readers, writers and outages as they come, seed %i: never older than asked for, and right in the end",
  async (seed) => {
    const chance = seededRandom(seed);
    const between = await network(server.url);
    // So that it is slow now and then.
    const own = { gate: () => sleep(chance() * 4), timeoutMs: 50 };
    const all = [
      await open({ ...own, runs: true }),
      await open({ ...own, runs: true, redisUrl: between.url.replace("ws:", "redis:") }),
      await open(own),
    ];
    const [writer] = all as [CacheNode];
    const ids = [v7(), v7(), v7()];
    const totals = new Map<string, number>();
    const pick = <One>(of: readonly One[]): One => of[Math.floor(chance() * of.length)] as One;
    const doing: Promise<void>[] = [];
    let lost = false;
    for (let step = 0; step < 200; step += 1) {
      const [id, at] = [pick(ids), pick(all)];
      const roll = chance();
      if (roll < 0.2) {
        const total = totals.get(id) ?? 0;
        const sequence = await gain(writer, id, total);
        totals.set(id, total + 1);
        if (chance() < 0.3)
          doing.push(
            projected(sequence)
              .then(() => totalOf(at, id, sequence))
              .then((found) => expect(found).toBeGreaterThan(total)),
          );
      } else if (roll < 0.95) doing.push(totalOf(at, id).then((found) => expect(found).toBeGreaterThanOrEqual(0)));
      else if (roll < 0.97) {
        server.pause();
        await sleep(chance() * 150);
        server.resume();
      } else if (roll < 0.98) {
        between.lose("commands", !lost);
        lost = !lost;
      } else if (roll < 0.99) between.cut();
      else {
        await server.kill();
        await server.start();
      }
      if (chance() < 0.5) await sleep(chance() * 3);
    }
    between.lose("commands", false);
    between.cut();
    await Promise.all(doing);
    for (const id of ids) for (const one of all) if (totals.has(id)) await kept(one, id, totals.get(id) ?? 0);
  },
);
