import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import type { ClusterProcess } from "../../server/cluster/child.ts";
import type { Cluster } from "../../server/cluster/cluster.ts";
import type { BadNetwork } from "../support/bad-network.ts";
import type { Fault } from "./plan.ts";

/** What was done, and when: ms since 1970. */
export interface Injected {
  readonly fault: Fault;
  /** The moment before the signal was sent, or the network cut. */
  readonly at: number;
  /** When a killed process was gone. */
  goneAt?: number;
  /** When it was over: the process runs again and is ready, the network is whole. */
  healedAt?: number;
  /** The main streams of what a killed game node owned; undefined: the database could not say so. */
  owned?: readonly string[] | undefined;
}

export interface FaultsOptions {
  readonly cluster: Cluster;
  /** Between clients and the game. */
  readonly networks: readonly BadNetwork[];
  /** The id of the node that a process is at this moment. */
  nodeIdOf(process: string): string | undefined;
}

const ASK_MS = 2_000;
const START_AGAIN_MS = 300;

export function createFaults({ cluster, networks, nodeIdOf }: FaultsOptions) {
  const injected: Injected[] = [];

  function processOf(name: string): ClusterProcess {
    const found = cluster.processes.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no process ${name}`);
    return found;
  }

  /** As whatever supervises it would: a node that finds no database ends, and is started again. */
  async function startAgain(process: ClusterProcess): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await process.start();
        return;
      } catch (error) {
        if (tries > 200) throw error;
        await sleep(START_AGAIN_MS);
      }
    }
  }

  async function ownedBy(process: ClusterProcess): Promise<readonly string[] | undefined> {
    const nodeId = process.role === "game" ? nodeIdOf(process.name) : undefined;
    if (nodeId === undefined) return undefined;
    try {
      return await asked(cluster.databaseUrl, async (client) => {
        const text = "SELECT aggregate_id AS id FROM stream_heads WHERE owner_node = $1 AND version > 0";
        const { rows } = await client.query<{ id: string }>(text, [nodeId]);
        return rows.map(({ id }) => id);
      });
    } catch {
      return undefined; // it may be what is killed
    }
  }

  async function end(one: Injected, signal: NodeJS.Signals): Promise<void> {
    const { fault } = one;
    const process = processOf(fault.target);
    await process.kill("SIGCONT");
    await process.kill(signal);
    one.goneAt = Date.now();
    await sleep(fault.ms);
    await startAgain(process);
  }

  async function cut({ role }: Fault): Promise<void> {
    if (role === "postgres")
      await asked(cluster.databaseUrl, (client) =>
        client.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'aether-engine %' AND pid <> pg_backend_pid()",
        ),
      );
    else if (role === "redis")
      await toRedis(cluster.redisUrl, async (redis) => {
        await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
      });
    else for (const network of networks) network.cut();
  }

  async function perform(one: Injected): Promise<void> {
    const { fault } = one;
    switch (fault.kind) {
      case "kill":
        return end(one, "SIGKILL");
      case "restart":
        return end(one, "SIGTERM");
      case "pause":
        await processOf(fault.target).kill("SIGSTOP");
        await sleep(fault.ms);
        return processOf(fault.target).kill("SIGCONT");
      case "cut":
        return cut(fault);
      case "silence":
        for (const network of networks) network.blackhole();
        return;
      case "lose": {
        const direction = fault.ms % 2 === 0 ? "commands" : "answers";
        for (const network of networks) network.lose(direction, true);
        await sleep(fault.ms);
        for (const network of networks) {
          network.lose(direction, false);
          // What was lost is lost in the middle of frames: nothing sensible can follow on the same connections.
          network.cut();
        }
        return;
      }
      case "flush":
        return toRedis(cluster.redisUrl, (redis) => redis.flushall());
    }
  }

  return {
    injected: injected as readonly Injected[],
    /** Does it; resolves when it is over. */
    async inject(fault: Fault): Promise<void> {
      const owned = fault.kind === "kill" ? await ownedBy(processOf(fault.target)) : undefined;
      const one: Injected = { fault, at: Date.now(), owned };
      injected.push(one);
      try {
        await perform(one);
      } catch (error) {
        // What is cut may be away already by another fault: then there is nothing to cut.
        if (fault.kind !== "cut" && fault.kind !== "flush") throw error;
      }
      one.healedAt = Date.now();
    },
    /** Everything runs, and nothing is in the way. */
    async heal(): Promise<void> {
      for (const process of cluster.processes) await process.kill("SIGCONT");
      for (const process of cluster.processes) await startAgain(process);
    },
  };
}

async function asked<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    ...{ connectionString: url, connectionTimeoutMillis: ASK_MS, query_timeout: ASK_MS, application_name: "chaos" },
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    // Not waited for: a server that was killed meanwhile says no goodbye.
    void client.end().catch(() => undefined);
  }
}

async function toRedis(url: string, work: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, commandTimeout: ASK_MS, retryStrategy: () => null });
  redis.on("error", () => undefined);
  try {
    await work(redis);
  } finally {
    redis.disconnect();
  }
}
