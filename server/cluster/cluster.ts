import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../ports.ts";
import type { Frontend, Target } from "./balancer.ts";
import { type ClusterProcess, type ClusterRole, createChild } from "./child.ts";
import { startPostgresChild } from "./postgres-child.ts";
import { createRedisChild } from "./redis-child.ts";

export interface ClusterOptions {
  /** Data and logs; a folder that PostgreSQL's user may enter. */
  readonly folder: string;
  /** How many nodes of each role; defaults 2, 1 and 1. */
  readonly games?: number;
  readonly apis?: number;
  readonly projectors?: number;
  /** For all nodes. */
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of a PostgreSQL and a Redis of its own. */
  readonly databaseUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
  /** The balancer's ports; default free ones. */
  readonly gamePort?: number;
  readonly apiPort?: number;
  /** Where clients find a game node that listens on a port; default there. */
  readonly publicAddress?: (gamePort: number) => Promise<string>;
  readonly onLog?: (name: string, line: string) => void;
}

export interface Cluster {
  /** The balancer's: they stay the same whatever becomes of the nodes. */
  readonly gameUrl: string;
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** In the order in which they were started. A node's own ports are in its `NODE_URL` and `PUBLIC_ADDRESS`. */
  readonly processes: readonly ClusterNode[];
  /** Ends all, nodes first. */
  stop(): Promise<void>;
}

export interface ClusterNode extends ClusterProcess {
  /** Where it is reached itself, if it is a node. */
  readonly gameUrl?: string;
  readonly apiUrl?: string;
}

const HOST = "127.0.0.1";
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/**
 * PostgreSQL, Redis, nodes of each role and a balancer in front of them, all of them processes of this machine: what
 * docker-compose.yml describes, without containers.
 * @throws PostgresError, NoRedisError, or why a node did not start
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = resolve(options.folder);
  const logs = join(folder, "logs");
  await mkdir(logs, { recursive: true });
  const { onLog } = options;
  const told = onLog === undefined ? {} : { onLog };
  const logFile = (name: string): string => join(logs, `${name}.log`);
  const processes: ClusterNode[] = [];

  async function stop(): Promise<void> {
    const inOrder: readonly ClusterRole[] = ["balancer", "projector", "api", "game", "redis", "postgres"];
    for (const role of inOrder) await Promise.all(processes.filter((one) => one.role === role).map(end));
  }

  try {
    let { databaseUrl, redisUrl } = options;
    if (databaseUrl === undefined) {
      const postgres = await startPostgresChild(join(folder, "postgres"), (line) => onLog?.("postgres", line));
      processes.push(postgres);
      databaseUrl = postgres.url;
    }
    if (redisUrl === undefined) {
      const port = await freePort(HOST);
      const redis = createRedisChild(port, { folder, logFile: logFile("redis"), ...told });
      await redis.start();
      processes.push(redis);
      redisUrl = `redis://${HOST}:${port}`;
    }

    const shared = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, HOST, ...options.env };
    const nodes: { readonly node: ClusterNode; readonly game: Target; readonly api: Target }[] = [];
    const counts = { game: options.games ?? 2, api: options.apis ?? 1, projector: options.projectors ?? 1 };
    for (const role of ["game", "api", "projector"] as const)
      for (let i = 1; i <= counts[role]; i += 1) nodes.push(await createNode(role, `${role}-${i}`, nodes.length === 0));

    async function createNode(role: "game" | "api" | "projector", name: string, first: boolean) {
      const [gamePort, apiPort] = [await freePort(HOST), await freePort(HOST)];
      const apiUrl = `http://${HOST}:${apiPort}`;
      const child = createChild({
        ...{ name, role, command: process.execPath, args: [here("../main.ts"), "--roles", role] },
        env: {
          ...shared,
          ...{ GAME_PORT: String(gamePort), API_PORT: String(apiPort), NODE_URL: apiUrl },
          PUBLIC_ADDRESS: (await options.publicAddress?.(gamePort)) ?? `${HOST}:${gamePort}`,
          // One of them brings the demo world, if it is wanted at all.
          ...(first ? {} : { DEMO_WORLD: "false" }),
        },
        logFile: logFile(name),
        ...told,
      });
      const health = `${apiUrl}/healthz`;
      const target = (port: number): Target => ({ host: HOST, port, health });
      const node: ClusterNode = { ...child, apiUrl, ...(role === "game" && { gameUrl: `ws://${HOST}:${gamePort}` }) };
      processes.push(node);
      return { node, game: target(gamePort), api: target(apiPort) };
    }

    // The first alone: it makes the tables that the others find.
    await nodes[0]?.node.start();
    await Promise.all(nodes.map(({ node }) => node.start()));

    const gamePort = options.gamePort ?? (await freePort(HOST));
    const apiPort = options.apiPort ?? (await freePort(HOST));
    const of = (role: ClusterRole) => nodes.filter(({ node }) => node.role === role);
    const frontends: readonly Frontend[] = [
      { name: "game", host: HOST, port: gamePort, targets: of("game").map(({ game }) => game) },
      { name: "API", host: HOST, port: apiPort, targets: of("api").map(({ api }) => api) },
    ];
    const balancer = createChild({
      ...{ name: "balancer", role: "balancer", command: process.execPath, env: {} },
      args: [here("./balance.ts"), JSON.stringify(frontends)],
      logFile: logFile("balancer"),
      ...told,
    });
    processes.push(balancer);
    await balancer.start();
    return {
      gameUrl: `ws://${HOST}:${gamePort}`,
      apiUrl: `http://${HOST}:${apiPort}`,
      databaseUrl,
      redisUrl,
      processes,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As Ctrl-C would, also where it is paused. */
async function end(one: ClusterProcess): Promise<void> {
  const ended = one.kill("SIGTERM");
  await one.kill("SIGCONT");
  await ended;
}
