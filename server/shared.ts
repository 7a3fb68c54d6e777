import { type CombatMirrorOptions, createCombatMirror } from "../rooms/combat-mirror.ts";
import { createLocks, type Locks } from "../rooms/locks.ts";
import { createPlayerCooldowns } from "../rooms/player-cooldowns.ts";
import { createSessionMirror, type SessionMirror } from "../rooms/session-mirror.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import { createRedis, type GuardedRedis } from "../store/redis.ts";
import { createSharedBuckets, type SharedBuckets } from "../store/shared-buckets.ts";
import { type Channels, createChannels } from "./channels.ts";
import { createDisguise } from "./disguise.ts";
import type { GameMirrors } from "./game.ts";
import type { Metrics } from "./metrics.ts";
import { addScrapedGauge } from "./scraped.ts";

/** What this node shares with others over Redis. All of it may be missing, late or lost: nothing waits for it. */
export interface Shared extends GameMirrors {
  readonly redis: GuardedRedis;
  readonly channels: Channels;
  readonly sessions: SessionMirror;
  readonly locks: Locks;
  readonly buckets: SharedBuckets;
  close(): Promise<void>;
}

interface SharedOptions {
  readonly url: string;
  readonly prefix: string;
  /** Ids in keys stand in braces, which puts all keys of one thing in one slot of a cluster. */
  readonly hashTags: boolean;
  readonly nodeId: string;
  /** With which addresses are disguised. */
  readonly secret: string;
  readonly actsBefore: CombatMirrorOptions["actsBefore"];
  readonly currentCombat: CombatMirrorOptions["current"];
  readonly metrics: Metrics;
  readonly telemetry: Telemetry;
}

export function openShared(options: SharedOptions): Shared {
  const { url, prefix, hashTags, nodeId, secret, actsBefore, currentCombat, metrics, telemetry } = options;
  const redis = createRedis({
    url,
    prefix,
    onAnswer: (seconds) => metrics.redisSeconds.observe(seconds),
    onLoss: (why) => metrics.redisLosses.inc({ why }),
    onFault: (error) => telemetry.fault("redis", error),
  });
  addScrapedGauge(metrics.registry, {
    name: "aether_redis_usable",
    help: "1 where calls to Redis are let through; 0 where it is away, or rests because it did not answer",
    read: () => [redis.usable],
    set: (gauge, usable) => gauge.set(usable ? 1 : 0),
    onFault: (error) => telemetry.fault("metrics", error),
  });
  const combats = createCombatMirror({
    redis,
    tag: hashTags ? (id) => `{${id}}` : (id) => id,
    actsBefore,
    current: currentCombat,
    told: (outcome) => metrics.redisCombats.inc({ outcome }),
    onFault: (error) => telemetry.fault("combats in redis", error),
  });
  const players = createPlayerCooldowns({ redis });
  const sessions = createSessionMirror({ redis, nodeId, disguise: createDisguise(secret, "addresses of sessions") });
  const channels = createChannels(redis, (messages) => metrics.redisDropped.inc(messages));
  return {
    redis,
    combats,
    players,
    sessions,
    channels,
    buckets: createSharedBuckets(redis),
    locks: createLocks(redis, (outcome) => metrics.redisLocks.inc({ outcome })),
    async close() {
      await Promise.all([combats.close(), players.close(), sessions.close(), channels.close()]);
      await redis.close();
    },
  };
}
