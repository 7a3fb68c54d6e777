import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { combat } from "../../domain/combat/combat.ts";
import type { CombatState } from "../../domain/combat/state.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { type CombatMirrorOptions, createCombatMirror, type MirrorOutcome } from "../../rooms/combat-mirror.ts";
import { createRedis, type GuardedRedis } from "../../store/redis.ts";
import { randomLog } from "../projections/combat-log.ts";
import { strangeKeys } from "../support/combat-in-redis.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";

const PREFIX = "t:";
let server: PrivateRedis;
let client: Redis;
beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  server = started;
  client = new Redis(started.url, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
});
beforeEach(async () => void (await client.flushall()));
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

/** A combat as its log tells it, one commit after the other. */
interface Told {
  readonly id: string;
  readonly commits: readonly {
    readonly state: CombatState;
    readonly version: number;
    readonly events: StoredEvent[];
  }[];
}

function tell(log: readonly StoredEvent[]): Told[] {
  const combats = new Map<string, StoredEvent[]>();
  for (const event of log) combats.set(event.aggregateId, [...(combats.get(event.aggregateId) ?? []), event]);
  return [...combats].map(([id, events]) => {
    let state = combat.initial;
    const commits: { state: CombatState; version: number; events: StoredEvent[] }[] = [];
    for (const event of events) {
      state = combat.evolve(state, event as never);
      const last = commits.at(-1);
      // A decision's events have one time.
      if (last?.events[0]?.timestamp === event.timestamp)
        Object.assign(last, { state, version: event.version }).events.push(event);
      else commits.push({ state, version: event.version, events: [event] });
    }
    return { id, commits };
  });
}

/** Of all combats of a seed, with effects and actions in them. */
const logs = (seed: number) => tell(randomLog(seed, { combats: 4, length: 90 }));
const longest = (seed: number): Told =>
  logs(seed).reduce((one, other) => (other.commits.length > one.commits.length ? other : one));

interface Node {
  readonly redis: GuardedRedis;
  readonly mirror: ReturnType<typeof createCombatMirror>;
  readonly outcomes: MirrorOutcome[];
  readonly faults: unknown[];
  close(): Promise<void>;
}

const open: Node[] = [];
async function node(over: Partial<CombatMirrorOptions & { url: string }> = {}): Promise<Node> {
  const [outcomes, faults]: [MirrorOutcome[], unknown[]] = [[], []];
  // A machine that is busy must not pass for a Redis that is slow.
  const redis = createRedis({ url: over.url ?? server.url, prefix: PREFIX, timeoutMs: 250, restMs: 100 });
  const mirror = createCombatMirror({
    redis,
    tag: (id) => id,
    actsBefore: async () => [],
    current: async (state) => state,
    told: (outcome) => outcomes.push(outcome),
    onFault: (error) => faults.push(error),
    ...over,
  });
  await until(() => redis.usable);
  const one: Node = {
    redis,
    mirror,
    outcomes,
    faults,
    async close() {
      await mirror.close();
      await redis.close();
    },
  };
  open.push(one);
  return one;
}
async function closeAll(): Promise<void> {
  for (const one of open.splice(0)) {
    await one.close();
    expect(one.faults).toEqual([]);
  }
}
beforeEach(() => closeAll);

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_500; tries += 1) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error("it did not come about");
}

const logUpTo = ({ commits }: Told, n: number): StoredEvent[] =>
  commits.slice(0, n + 1).flatMap(({ events }) => events);
async function strange(told: Told, n: number, tag = (id: string) => id): Promise<readonly string[]> {
  const { state } = told.commits[n] ?? { state: combat.initial };
  return strangeKeys(client, `${PREFIX}combat:${tag(told.id)}:`, state, logUpTo(told, n));
}
/** Until Redis has a combat as it was after commit n. */
async function comes(told: Told, n = told.commits.length - 1, tag?: (id: string) => string): Promise<void> {
  let found: readonly string[] = [];
  await until(async () => {
    found = await strange(told, n, tag);
    return found.length === 0;
  }).catch(() => undefined);
  expect(found).toEqual([]);
}
const commit = (to: Node, told: Told, n: number): void => {
  const one = told.commits[n];
  if (one !== undefined) to.mirror.committed(told.id, one);
};
/** As an actor that has been loaded. */
const load = (to: Node, told: Told, n: number): void => {
  const one = told.commits[n];
  if (one !== undefined) to.mirror.committed(told.id, { ...one, events: [] });
};
const effectsOf = (state?: CombatState): string[] =>
  Object.values(state?.participants ?? {}).flatMap(({ effets }) => Object.values(effets).map(({ effetId }) => effetId));
const zoneOf = (told: Told): string => `${PREFIX}zone:${told.commits.at(-1)?.state.zone.zoneId}:active_combats`;
/** Until the combat is in its zone, or not: that is written after its own keys. */
async function inZone(told: Told, there: boolean): Promise<void> {
  await until(async () => (await client.sismember(zoneOf(told), told.id)) === (there ? 1 : 0));
}

test("[REDIS-4] after each commit of each combat all its keys are what its state is, and no others", async () => {
  const one = await node();
  let effects = 0;
  for (const seed of [1, 2])
    for (const told of logs(seed)) {
      for (const [n, { state }] of told.commits.entries()) {
        commit(one, told, n);
        await comes(told, n);
        effects = Math.max(effects, ...Object.values(state.participants).map((p) => Object.keys(p.effets).length));
        await inZone(told, state.etat === "PREPARATION" || state.etat === "EN_COURS");
      }
    }
  expect(effects).toBeGreaterThan(1);
});

test("[REDIS-4] of the commits that come while one is written the last one is", async () => {
  const one = await node();
  const told = longest(3);
  for (const n of told.commits.keys()) commit(one, told, n);
  await comes(told);
  expect(told.commits.length).toBeGreaterThan(10);
  expect(one.outcomes.length).toBeLessThan(5);
});

test("[REDIS-4] what an earlier owner has left goes, and its actions stay, from Redis or else from the log", async () => {
  const told = longest(4);
  const acts = (n: number) =>
    logUpTo(told, n)
      .filter(({ eventType }) => eventType === "ActionExecutee")
      .reverse();
  const asked: number[] = [];
  for (const [n] of told.commits.entries()) {
    if (n === 0 || n % 3 !== 0) continue;
    await client.flushall();
    const before = await node();
    commit(before, told, 0);
    for (let k = 1; k <= n - 2; k += 1) commit(before, told, k);
    await comes(told, n - 2);
    await before.close();
    // A commit was not written before the node died; and one comes before anything of it is known.
    const actsBefore = async (_: string, version: number) => {
      asked.push(version);
      return acts(told.commits.findIndex((one) => one.version === version)).slice(0, 20);
    };
    const after = await node({ actsBefore });
    load(after, told, n - 1);
    commit(after, told, n);
    await comes(told, n);
  }
  expect(asked.length).toBeGreaterThan(0);
});

test("[REDIS-4] an ended combat that is looked at once more does not come back", async () => {
  const one = await node();
  const told = [1, 2, 3, 4, 5].flatMap(logs).find(({ commits }) => combat.mayRest?.(commits.at(-1)?.state as never));
  if (told === undefined) throw new Error("none of them ended");
  load(one, told, told.commits.length - 1);
  const other = longest(6);
  commit(one, other, 0);
  await comes(other, 0);
  expect(await client.keys(`${PREFIX}combat:${told.id}:*`)).toEqual([]);
});

test("[REDIS-5] whichever of two nodes writes when, what stands there in the end is the newest", async () => {
  const owner = await node();
  for (const seed of [7, 8, 9]) {
    const lost = await node();
    const told = longest(seed);
    const last = told.commits.length - 1;
    for (let n = 0; n <= last; n += 1) {
      commit(owner, told, n);
      // The other lags behind, by a few commits or by none.
      commit(lost, told, Math.max(0, n - ((n * seed) % 4)));
      if (n % 5 === 0) await sleep(1);
    }
    await comes(told);
    // What it has begun is not what it is asked for from here on.
    await lost.close();
    const late = await node();
    for (const n of [0, Math.floor(last / 2), last - 1]) {
      const written = late.outcomes.length;
      commit(late, told, n);
      const answers = () => late.outcomes.slice(written).filter((outcome) => outcome !== "lost");
      await until(() => answers().length > 0);
      expect(answers()).toEqual(["late"]);
      expect(await strange(told, last)).toEqual([]);
      await inZone(told, combat.mayRest?.(told.commits[last]?.state as never) !== true);
    }
  }
});

test("[REDIS-5] an effect that another node wrote goes with the first state without it", async () => {
  const told = [7, 8, 9]
    .map(longest)
    .find(({ commits }) => commits.some(({ state }) => effectsOf(state).length > 0)) as Told;
  const begun = told.commits.findIndex(({ state }) => effectsOf(state).length > 0);
  const ids = effectsOf(told.commits[begun]?.state);
  const gone = told.commits.findIndex(({ state }, n) => n > begun && !effectsOf(state).some((id) => ids.includes(id)));
  expect(gone).toBeGreaterThan(begun);
  const [lost, owner] = [await node(), await node()];
  for (let n = 0; n < begun; n += 1) commit(owner, told, n);
  await comes(told, begun - 1);
  for (let n = 0; n <= begun; n += 1) commit(lost, told, n);
  await comes(told, begun);
  const events = told.commits.slice(begun, gone + 1).flatMap((one) => one.events);
  owner.mirror.committed(told.id, { ...(told.commits[gone] as Told["commits"][number]), events });
  await comes(told, gone);
});

test("[REDIS-9] whatever becomes of Redis, commits are taken at once, and all combats are there again after it", async () => {
  const one = await node({ sweepMs: 300 });
  const combats = [10, 11, 12, 13].map(longest);
  const at = combats.map(() => 0);
  // Half of them have something happen while Redis is away, and half only before.
  const next = (half: boolean): void => {
    for (const [i, told] of combats.entries()) {
      const n = at[i] ?? 0;
      if ((half && i % 2 === 0) || n >= told.commits.length - 2) continue;
      commit(one, told, n);
      at[i] = n + 1;
    }
  };
  const all = async (): Promise<void> => {
    for (const [i, told] of combats.entries()) await comes(told, (at[i] ?? 1) - 1);
  };
  next(false);
  await all();
  const troubles: [string, () => unknown, () => unknown][] = [
    ["paused", () => server.pause(), () => server.resume()],
    ["killed", () => server.kill(), () => server.start()],
    ["stopped", () => server.stop(), () => server.start()],
    ["flushed", () => client.flushall(), () => undefined],
    ["asleep", () => void client.call("DEBUG", "SLEEP", "0.6").catch(() => undefined), () => undefined],
    ["holding back", () => client.call("CLIENT", "PAUSE", "600"), () => undefined],
  ];
  for (const [, begin, end] of troubles) {
    await begin();
    for (let n = 0; n < 3; n += 1) {
      next(true);
      await sleep(30);
    }
    await end();
    await all();
  }
  expect(one.outcomes).toContain("lost");
  expect(one.outcomes).not.toContain("dropped");
});

test("[REDIS-9] of combats that are no longer here only so many are kept until Redis is back", async () => {
  const one = await node({ leftAtMost: 3 });
  const combats = [13, 14].flatMap(logs);
  await server.kill();
  try {
    await until(() => !one.redis.usable);
    for (const told of combats) {
      commit(one, told, 0);
      await sleep(1);
      one.mirror.stopped(told.id);
    }
    expect(one.outcomes.filter((outcome) => outcome === "dropped")).toHaveLength(combats.length - 3);
  } finally {
    await server.start();
  }
  for (const told of combats.slice(0, 3)) await comes(told, 0);
  for (const told of combats.slice(3)) expect(await client.exists(`${PREFIX}combat:${told.id}:state`)).toBe(0);
});

test("[FORGET-3] what Redis takes late names nobody who was erased meanwhile", async () => {
  const told = longest(16);
  const last = told.commits.length - 1;
  const nameless = (state: CombatState): CombatState => ({
    ...state,
    participants: Object.fromEntries(
      Object.entries(state.participants).map(([id, one]) => [id, { ...one, nom: "efface" }]),
    ),
  });
  let erased: boolean | undefined = false;
  const one = await node({
    async current(state) {
      if (erased === undefined) throw new Error("the keys cannot be had");
      return erased ? nameless(state) : state;
    },
  });
  for (let n = 0; n < last; n += 1) commit(one, told, n);
  await comes(told, last - 1);
  await server.kill();
  try {
    await until(() => !one.redis.usable);
    commit(one, told, last);
    one.mirror.stopped(told.id);
    await until(() => one.outcomes.includes("lost"));
    erased = undefined;
  } finally {
    await server.start();
  }
  // Rather nothing than what nobody knows to be so.
  await until(() => one.faults.length > 0);
  expect(await client.keys(`${PREFIX}combat:${told.id}:*`)).toEqual([]);
  erased = true;
  const names = async () => {
    const keys = await client.keys(`${PREFIX}combat:${told.id}:participant:*`);
    return Promise.all(keys.filter((key) => !key.endsWith(":effects")).map((key) => client.hget(key, "nom")));
  };
  await until(async () => (await names()).length > 0);
  expect(new Set(await names())).toEqual(new Set(["efface"]));
  one.faults.splice(0);
});

test("[REDIS-9] combats that have left nothing but their place in their zone are taken off it", async () => {
  const one = await node({ sweepMs: 100 });
  const told = longest(15);
  await client.sadd(zoneOf(told), "long-gone", "elsewhere");
  await client.hset(`${PREFIX}combat:elsewhere:state`, "version", "3");
  commit(one, told, 1);
  await inZone(told, true);
  await until(async () => (await client.sismember(zoneOf(told), "long-gone")) === 0);
  expect((await client.smembers(zoneOf(told))).sort()).toEqual([told.id, "elsewhere"].sort());
  const ttl = await client.ttl(zoneOf(told));
  expect(ttl).toBeGreaterThan(7_000);
  expect(ttl).toBeLessThanOrEqual(7_200);
});
