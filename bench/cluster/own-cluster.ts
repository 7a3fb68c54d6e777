import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allEvents } from "../../domain/all-events.ts";
import { type Cluster, type ClusterOptions, startCluster } from "../../server/cluster/cluster.ts";
import { createPool } from "../../store/database.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";

export interface OwnCluster {
  readonly cluster: Cluster;
  /** Its log, to write what there is to begin with. */
  readonly store: EventStore;
  stop(): Promise<void>;
}

/** Clients of a bench command as fast as they can. */
const ENV = {
  COMMANDS_PER_SECOND: "100000",
  FRAMES_PER_SECOND: "100000",
  CONNECTIONS_PER_ADDRESS: "100000",
  DEMO_WORLD: "false",
  LOG_LEVEL: "info",
};

/** A cluster with a PostgreSQL of its own, which is no bench's database, as it is to be seen at work. */
export async function startOwnCluster(options: Omit<ClusterOptions, "folder" | "env">): Promise<OwnCluster> {
  const folder = await mkdtemp(join(tmpdir(), "aether-bench-"));
  await chmod(folder, 0o711);
  const cluster = await startCluster({ ...options, folder, env: ENV });
  const pool = { url: cluster.databaseUrl, statementTimeoutMs: 30_000 };
  const pools = { writePool: createPool(pool), readPool: createPool(pool) };
  const store = createPostgresStore(pools, createRegistry(...allEvents));
  return {
    cluster,
    store,
    async stop() {
      await store.close();
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
