import { type Caches, createCaches } from "../projections/cache.ts";
import { createCombatMirror } from "../rooms/combat-mirror.ts";
import { createPlayerMirror } from "../rooms/player-mirror.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import { createRedis, type GuardedRedis } from "../store/redis.ts";
import { type Channels, createChannels } from "./channels.ts";
import type { GameMirrors } from "./game.ts";
import type { Metrics } from "./metrics.ts";

/** What this node shares with others over Redis. All of it may be missing, late or lost: nothing waits for it. */
export interface Shared extends GameMirrors {
  readonly redis: GuardedRedis;
  readonly caches: Caches;
  readonly channels: Channels;
  close(): Promise<void>;
}

interface SharedOptions {
  readonly url: string;
  readonly prefix: string;
  /** Ids in keys stand in braces, which puts all keys of one thing in one slot of a cluster. */
  readonly hashTags: boolean;
  readonly nodeId: string;
  readonly metrics: Metrics;
  readonly telemetry: Telemetry;
}

export function openShared({ url, prefix, hashTags, nodeId, metrics, telemetry }: SharedOptions): Shared {
  const redis = createRedis({
    url,
    prefix,
    onLoss: (why) => metrics.redisLosses.inc({ why }),
    onFault: (error) => telemetry.fault("redis", error),
  });
  const combats = createCombatMirror({ redis, tag: hashTags ? (id) => `{${id}}` : (id) => id });
  const players = createPlayerMirror({ redis, nodeId });
  const channels = createChannels(redis, (messages) => metrics.redisDropped.inc(messages));
  const caches = createCaches(redis, (kind, outcome) => metrics.cache.inc({ kind, outcome }));
  return {
    redis,
    combats,
    players,
    channels,
    caches,
    async close() {
      caches.close();
      await Promise.all([combats.close(), players.close(), channels.close()]);
      await redis.close();
    },
  };
}
