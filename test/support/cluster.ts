import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, inject } from "vitest";
import { type Cluster, type ClusterNode, startCluster } from "../../server/cluster/cluster.ts";
import { rowsOf } from "./client.ts";
import type { TestDatabase } from "./postgres.ts";
import { FAST } from "./server-process.ts";
import { makeFolder } from "./servers.ts";

export interface TestCluster {
  readonly gameUrl: string;
  readonly apiUrl: string;
  readonly redisUrl: string;
  process(name: string): ClusterNode;
  /** The nodes that run the game. */
  readonly games: readonly ClusterNode[];
  /** The node that owns the aggregate, and the first other one that runs the game. */
  ownerOf(aggregateId: string): Promise<{ readonly owner: ClusterNode | undefined; readonly other: ClusterNode }>;
  /** All that nodes have logged. */
  log(): string;
}

/** Two nodes that run the game, one with the API, a balancer and a Redis of their own, for the calling file. */
export function useCluster(
  database: TestDatabase,
  counts: { readonly games?: number; readonly projectors?: number } = {},
): TestCluster {
  let cluster: Cluster | undefined;
  let folder: Awaited<ReturnType<typeof makeFolder>> | undefined;
  let log = "";

  beforeAll(async () => {
    folder = await makeFolder(inject("runFolder"));
    cluster = await startCluster({
      folder: folder.path,
      databaseUrl: database.url,
      projectors: 0,
      ...counts,
      env: { ...FAST, DEMO_WORLD: "false", NODE_TIMEOUT_MS: "3000", DATABASE_POOL: "3" },
      onLog(name, line) {
        log += `${name} ${line}\n`;
      },
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await folder?.remove();
  });

  function running(): Cluster {
    if (cluster === undefined) throw new Error("the cluster has not been started");
    return cluster;
  }
  const games = (): readonly ClusterNode[] => running().processes.filter(({ role }) => role === "game");

  return {
    get gameUrl() {
      return running().gameUrl;
    },
    get apiUrl() {
      return running().apiUrl;
    },
    get redisUrl() {
      return running().redisUrl;
    },
    get games() {
      return games();
    },
    process(name) {
      const found = running().processes.find((one) => one.name === name);
      if (found === undefined) throw new Error(`there is no ${name}`);
      return found;
    },
    async ownerOf(aggregateId) {
      const [row] = await rowsOf<{ url: string }>(
        database.url,
        "SELECT n.url FROM stream_heads h JOIN nodes n ON n.node_id = h.owner_node WHERE h.aggregate_id = $1 ORDER BY n.started_at DESC",
        [aggregateId],
      );
      const owner = games().find(({ apiUrl }) => apiUrl === row?.url);
      const other = games().find((one) => one !== owner);
      if (other === undefined) throw new Error("there is no other node");
      return { owner, other };
    },
    log: () => log,
  };
}

/** The owner, once there is one; not `except`. */
export async function ownerNow(
  cluster: TestCluster,
  aggregateId: string,
  except?: ClusterNode,
): Promise<{ readonly owner: ClusterNode; readonly other: ClusterNode }> {
  for (;;) {
    const { owner, other } = await cluster.ownerOf(aggregateId);
    if (owner !== undefined && owner !== except) return { owner, other };
    await sleep(25);
  }
}
