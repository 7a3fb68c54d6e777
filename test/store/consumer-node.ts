import type { EventDefinitions } from "../../domain/decider.ts";
import { type Consumer, type ConsumerOptions, createConsumer } from "../../store/consumer.ts";
import { createPool, type DatabaseConfig } from "../../store/database.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createFeed, type Feed, type FeedOptions } from "../../store/feed.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { createLocalWakeUps, type WakeUps } from "../../store/wake-ups.ts";
import { definitions } from "./fixtures.ts";

/** What of a node has to do with consumers. */
export interface ConsumerNode {
  readonly store: EventStore;
  readonly feed: Feed;
  consume(options: Pick<ConsumerOptions, "name" | "sink"> & Partial<ConsumerOptions>): Consumer;
  closeConsumers(): Promise<void>;
  close(): Promise<void>;
}

export function openConsumerNode(
  config: DatabaseConfig,
  {
    nodeId = "node",
    feed: feedOptions = {},
    hints,
    events = definitions,
  }: {
    readonly nodeId?: string;
    readonly feed?: FeedOptions;
    /** Told of each commit, besides the node's own feed. */
    readonly hints?: WakeUps;
    readonly events?: EventDefinitions;
  } = {},
): ConsumerNode {
  const pools = { writePool: createPool({ ...config, poolSize: 2 }), readPool: createPool({ ...config, poolSize: 4 }) };
  const pool = createPool({ ...config, poolSize: 6, applicationName: "aether-engine consumer" });
  const wakeUps = createLocalWakeUps();
  const store = createPostgresStore(pools, createRegistry(events), {
    onAppended() {
      wakeUps.notify();
      hints?.notify();
    },
  });
  const feed = createFeed(store, { process: wakeUps, ...feedOptions });
  const consumers: Consumer[] = [];
  const closeConsumers = async () => void (await Promise.all(consumers.splice(0).map((consumer) => consumer.close())));
  return {
    store,
    feed,
    consume(options) {
      const consumer = createConsumer({ nodeId, pool, store, feed, pollMs: 50, ...options });
      consumers.push(consumer);
      return consumer;
    },
    closeConsumers,
    async close() {
      await closeConsumers();
      await feed.close();
      await store.close();
      await pool.end();
    },
  };
}
