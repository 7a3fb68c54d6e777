import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { allEvents } from "../domain/all-events.ts";
import { personalData } from "../domain/personal.ts";
import { sagas } from "../domain/sagas/sagas.ts";
import { projectors } from "../projections/all.ts";
import { newestActs } from "../rooms/combat-acts.ts";
import { createPool } from "../store/database.ts";
import { createFeed } from "../store/feed.ts";
import { migrate, migrateKeys } from "../store/migrate.ts";
import { createNodes } from "../store/nodes.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRedisWakeUps } from "../store/redis-wake-ups.ts";
import { createRegistry } from "../store/registry.ts";
import { createSeal } from "../store/seal.ts";
import { createOpen, createSealedStore, unchecked } from "../store/sealed-store.ts";
import { createSubjectKeys } from "../store/subject-keys.ts";
import { createLocalWakeUps } from "../store/wake-ups.ts";
import { createNodeTokens } from "./auth.ts";
import { createBanBook } from "./ban-book.ts";
import type { Config } from "./config.ts";
import { keysDatabaseOf } from "./keys-database.ts";
import { createMeasure } from "./measure.ts";
import { countAppends } from "./measured-appends.ts";
import { createMetrics } from "./metrics.ts";
import { createHttpPeers } from "./peers.ts";
import type { Releasers } from "./releasers.ts";
import { openShared } from "./shared.ts";
import { createTelemetry } from "./telemetry.ts";

/** Connections for keys: most of them are in memory. */
const KEYS_POOL = 2;

export type NodeBase = Awaited<ReturnType<typeof openBase>>;

/** What a node of any role has: the log, the other nodes, what is shared over Redis, and figures of all of it. */
export async function openBase(config: Config, databaseUrl: string, log: Logger, releasers: Releasers) {
  const nodeId = randomUUID();
  const metrics = createMetrics();
  const measure = createMeasure(metrics);
  const telemetry = createTelemetry(metrics, log, measure);
  const database = { url: databaseUrl, schema: config.databaseSchema, applicationName: `aether-engine ${nodeId}` };
  await migrate(database);
  const keysDatabase = keysDatabaseOf(config, databaseUrl);
  await migrateKeys(keysDatabase);
  const subjectKeys = createSubjectKeys(
    createPool({ ...keysDatabase, applicationName: `${database.applicationName} keys`, poolSize: KEYS_POOL }),
    config.masterKeys,
  );
  releasers.add("keys", () => subjectKeys.close());
  const registry = createRegistry(...allEvents);
  const within = unchecked(registry);
  const seal = createSeal(personalData, subjectKeys);

  const writePool = createPool({ ...database, poolSize: config.appendLanes + 1 });
  const readPool = createPool({ ...database, poolSize: config.databasePool });
  const wakeUps = createLocalWakeUps();
  const redis =
    config.redisUrl === undefined
      ? undefined
      : createRedisWakeUps({
          url: config.redisUrl,
          prefix: config.redisPrefix,
          onFault: (error) => telemetry.fault("redis", error),
        });
  if (redis !== undefined) releasers.add("redis", () => redis.close());
  const shared =
    config.redisUrl === undefined
      ? undefined
      : openShared({
          url: config.redisUrl,
          prefix: config.redisPrefix,
          hashTags: config.redisHashTags,
          nodeId,
          secret: config.authSecret,
          actsBefore: (id, version) => newestActs(store, id, version),
          currentCombat: (state) => seal.current("Combat", state),
          metrics,
          telemetry,
        });
  if (shared !== undefined) releasers.add("what is shared over redis", () => shared.close());
  const onResult = countAppends(metrics);
  const onAppended = (): void => {
    wakeUps.notify();
    redis?.notify();
  };
  const inner = createPostgresStore({ writePool, readPool }, within, {
    lanes: config.appendLanes,
    onBatch(_units, events, seconds) {
      metrics.appendBatches.observe(events);
      metrics.appendSeconds.observe(seconds);
    },
    onResult,
    onSnapshot: (aggregate_type, bytes) => metrics.snapshotBytes.observe({ aggregate_type }, bytes),
    onAppended,
    // Still sealed: what is published names nobody.
    ...(shared !== undefined && { onEvents: shared.channels.tell }),
  });
  const bans = createBanBook({
    ...{ pool: readPool, registry, seal, tenantId: config.tenantId },
    onAppended(...written) {
      onResult(...written);
      onAppended();
    },
  });
  const store = createSealedStore(inner, registry, seal, { onResult });
  releasers.add("store", () => store.close());
  const consumerPool = createPool({ ...database, poolSize: sagas.length + projectors.length + 4 });
  releasers.add("consumers' connections", () => consumerPool.end());

  const feed = createFeed(store, {
    process: wakeUps,
    redis,
    onWake: (by) => metrics.feedWakes.inc({ by }),
    onMark: (seconds) => metrics.feedMarkSeconds.observe(seconds),
    onFault: (error) => telemetry.fault("feed", error),
  });
  releasers.add("feed", () => feed.close());

  const nodes = createNodes(readPool, { nodeId, timeoutMs: config.nodeTimeoutMs });
  const nodeTokens = createNodeTokens(config.authSecret, config.tenantId);
  const peers = createHttpPeers(nodes, nodeId, nodeTokens.sign, telemetry);
  const consumed = {
    onBatch(consumer: string, events: number, seconds: number): void {
      metrics.consumerBatchEvents.observe({ consumer }, events);
      metrics.consumerBatchSeconds.observe({ consumer }, seconds);
    },
    onTakeOver: (consumer: string): void => metrics.consumerTakeOvers.inc({ consumer }),
  };
  return {
    ...{ config, log, nodeId, metrics, measure, telemetry, database, registry },
    ...{ within, seal, subjectKeys, openEvents: createOpen(seal, registry) },
    ...{ store, writePool, readPool, consumerPool, bans, feed, shared, nodes, nodeTokens, peers, consumed },
  };
}
