import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { type Cache, type CacheOutcome, type Caches, createCaches } from "../../projections/cache.ts";
import type { CacheKind } from "../../projections/cache-keys.ts";
import type { Projector } from "../../projections/projector.ts";
import { createProjections, type Projections } from "../../projections/run.ts";
import { createPool } from "../../store/database.ts";
import { createRedis, type GuardedRedis } from "../../store/redis.ts";
import { type ConsumerNode, openConsumerNode } from "../store/consumer-node.ts";
import { accounts } from "./accounts.ts";

export const PREFIX = "c:";

/** What a player has gained, and its newest gains by their sequences. */
export interface Account {
  readonly total: number;
  readonly newest: readonly number[];
}

/** As few of a thing's parts as show that they come and go. */
const NEWEST = 2;

export const accountKind: CacheKind<Account> = {
  name: "compte",
  ttlS: 600,
  readModel: "soldes",
  idOf: ({ aggregateId }) => aggregateId,
  keys: (id) => [`compte:${id}`, `compte:${id}:gains`],
  parts: { set: 1, key: (id, gain) => `compte:${id}:gain:${gain}`, members: ({ newest }) => newest.map(String) },
  async get(redis, [own = "", gains = ""]) {
    const [{ total, generation = "" }, newest] = await Promise.all([redis.hgetall(own), redis.smembers(gains)]);
    if (total === undefined) return undefined;
    return { value: { total: Number(total), newest: newest.map(Number).sort((a, b) => a - b) }, generation };
  },
  commands: ({ total, newest }, _, generation) => [
    ["HSET", 0, "total", total, "generation", generation],
    ...(newest.length === 0 ? [] : ([["SADD", 1, ...newest]] as const)),
    ...newest.map((gain, i) => ["SET", 2 + i, gain] as const),
  ],
};

export interface CacheNode {
  readonly redis: GuardedRedis;
  readonly caches: Caches;
  readonly cache: Cache<Account>;
  readonly outcomes: CacheOutcome[];
  readonly node: ConsumerNode;
  readonly pool: pg.Pool;
  readonly projections: Projections;
  close(): Promise<void>;
}

export interface CacheNodeOptions {
  readonly url: string;
  readonly redisUrl: string;
  readonly nodeId: string;
  /** Default 250: a machine that is busy must not pass for a Redis that is slow. */
  readonly timeoutMs?: number;
  readonly restMs?: number;
  readonly lookMs?: number;
  /** Default false: it serves what others project. */
  readonly runs?: boolean;
  readonly projector?: Projector;
  /** Held between the rows and the answer. */
  readonly gate?: () => Promise<void>;
  readonly onTaken?: (events: number) => void;
  /** Of the projector's connections, and what is done with each: a test may come between. */
  readonly projectedUrl?: string;
  readonly onConnect?: (client: pg.ClientBase) => void;
}

/** What of a node has to do with a cached read model, on real servers. */
export function openCacheNode(options: CacheNodeOptions): CacheNode {
  const { url, redisUrl, nodeId, runs = false, projector = accounts(), gate } = options;
  const { timeoutMs = 250, restMs = 100 } = options;
  const redis = createRedis({ url: redisUrl, prefix: PREFIX, timeoutMs, restMs });
  const node = openConsumerNode({ url }, { nodeId, feed: { pollMs: 20 } });
  const pool = createPool({ url, poolSize: 3 });
  const projected = createPool({ url: options.projectedUrl ?? url, poolSize: 2, answerTimeoutMs: 1_000 });
  projected.on("connect", (client) => options.onConnect?.(client));
  const outcomes: CacheOutcome[] = [];
  const caches = createCaches({
    ...{ redis, pool, store: node.store, projectors: [projector] },
    ...(options.lookMs !== undefined && { lookMs: options.lookMs }),
    told: (_, outcome) => outcomes.push(outcome),
    // Fails whoever expects answers, where it matters: servers come and go here.
    onFault: () => undefined,
  });
  const cache = caches.of(accountKind, async (id) => {
    const { rows } = await pool.query<{ total: number; newest: number[]; sequence: number }>(
      `SELECT total, last_event_sequence AS sequence, ARRAY(SELECT event_sequence::int FROM gains
         WHERE joueur_id = $1 ORDER BY event_sequence DESC LIMIT ${NEWEST}) AS newest FROM soldes WHERE joueur_id = $1`,
      [id],
    );
    await gate?.();
    const [row] = rows;
    return row && { value: { total: row.total, newest: row.newest.toReversed() }, sequence: row.sequence };
  });
  const projections = createProjections([projector], {
    ...{ nodeId, pool: projected, store: node.store, feed: node.feed, runs },
    telemetry: { fault: () => undefined },
    onTaken(...move) {
      options.onTaken?.(move[1].length);
      caches.taken(...move);
    },
  });
  return {
    ...{ redis, caches, cache, outcomes, node, pool, projections },
    async close() {
      await projections.close();
      await caches.close();
      await Promise.all([redis.close(), node.close()]);
      await Promise.all([pool.end(), projected.end()]);
    },
  };
}

export async function until(holds: () => boolean | Promise<boolean>, what = "it"): Promise<void> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error(`${what} did not come about`);
}
