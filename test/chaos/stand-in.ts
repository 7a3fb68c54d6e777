import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../../server/ports.ts";
import { type PostgresProcess, startPostgres } from "../../server/postgres-process.ts";
import { childrenOf } from "../support/children.ts";
import { localBinaries } from "../support/servers.ts";

export type ClusterRole = "postgres" | "redis" | "balancer" | "game" | "api" | "projector";
export interface ClusterProcess {
  readonly name: string;
  readonly role: ClusterRole;
  pid(): number | undefined;
  kill(signal: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}
export interface Cluster {
  readonly gameUrl: string;
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly processes: readonly ClusterProcess[];
  stop(): Promise<void>;
}
export interface ClusterOptions {
  readonly folder: string;
  readonly games?: number;
  readonly apis?: number;
  readonly projectors?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLog?: (name: string, line: string) => void;
}

function child(
  name: string,
  role: ClusterRole,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ready: RegExp,
  onLog?: (name: string, line: string) => void,
): ClusterProcess {
  let running: { child: ChildProcess; ended: Promise<unknown> } | undefined;
  return {
    name,
    role,
    pid: () => running?.child.pid,
    async kill(signal) {
      if (running === undefined) return;
      const { child: one, ended } = running;
      one.kill(signal);
      if (signal !== "SIGSTOP" && signal !== "SIGCONT") await ended;
    },
    async start() {
      if (running !== undefined) return;
      const one = spawn(command, args, {
        env: { ...process.env, ...env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      process.once("exit", () => one.kill("SIGKILL"));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      for (const stream of [one.stdout, one.stderr])
        createInterface({ input: stream }).on("line", (line) => {
          onLog?.(name, line);
          if (ready.test(line)) resolve();
        });
      const ended = once(one, "close").then(() => {
        running = undefined;
        reject(new Error(`${name} ended`));
      });
      running = { child: one, ended };
      await promise;
    },
  };
}

async function relay(ports: readonly number[]): Promise<number> {
  const dial = (port: number) =>
    new Promise<Socket | undefined>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", () => resolve(undefined)).once("connect", () => resolve(socket));
    });
  const server = createServer({ pauseOnConnect: true }, (client) => {
    client.on("error", () => client.destroy());
    void (async () => {
      for (const port of ports) {
        const upstream = await dial(port);
        if (upstream === undefined) continue;
        upstream.on("error", () => upstream.destroy()).on("close", () => client.destroy());
        client.on("close", () => upstream.destroy());
        client.pipe(upstream).pipe(client);
        client.resume();
        return;
      }
      client.destroy();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return (server.address() as { port: number }).port;
}

export async function startCluster({ folder, games = 2, env = {}, onLog }: ClusterOptions): Promise<Cluster> {
  const { binaries } = await localBinaries();
  const dataDir = join(folder, "postgres");
  const settings = { max_connections: 400 };
  let pg: PostgresProcess | undefined = await startPostgres({ binaries, dataDir, auth: "trust", settings });
  const { port, url } = pg;
  let paused: readonly number[] = [];
  const postgres: ClusterProcess = {
    name: "postgres",
    role: "postgres",
    pid: () => pg?.pid,
    async kill(signal) {
      if (pg === undefined) return;
      if (signal === "SIGSTOP") {
        paused = [pg.pid, ...(await childrenOf(pg.pid))];
        for (const one of paused) process.kill(one, signal);
      } else if (signal === "SIGCONT") {
        for (const one of paused) process.kill(one, signal);
        paused = [];
      } else if (signal === "SIGKILL") {
        process.kill(pg.pid, signal);
        await pg.exited;
        pg = undefined;
      } else {
        await pg.stop();
        pg = undefined;
      }
    },
    async start() {
      pg ??= await startPostgres({ binaries, dataDir, port, auth: "trust", settings });
    },
  };
  const redisPort = await freePort("127.0.0.1");
  const redis = child(
    "redis",
    "redis",
    "redis-server",
    ["--port", String(redisPort), "--save", "", "--appendonly", "no", "--dir", folder],
    {},
    /ready to accept/i,
    onLog,
  );
  await redis.start();
  const redisUrl = `redis://127.0.0.1:${redisPort}`;
  const nodes = [];
  for (let i = 1; i <= games; i += 1) {
    const [GAME_PORT, API_PORT] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
    const own = {
      DATABASE_URL: url,
      REDIS_URL: redisUrl,
      HOST: "127.0.0.1",
      GAME_PORT: `${GAME_PORT}`,
      API_PORT: `${API_PORT}`,
    };
    const node = child(
      `game-${i}`,
      "game",
      process.execPath,
      ["server/main.ts"],
      { ...own, ...env, ...(i > 1 && { DEMO_WORLD: "false" }) },
      /ready: /,
      onLog,
    );
    await node.start();
    nodes.push({ node, GAME_PORT, API_PORT });
  }
  const processes = [postgres, redis, ...nodes.map(({ node }) => node)];
  return {
    gameUrl: `ws://127.0.0.1:${await relay(nodes.map(({ GAME_PORT }) => GAME_PORT))}`,
    apiUrl: `http://127.0.0.1:${await relay(nodes.map(({ API_PORT }) => API_PORT))}`,
    databaseUrl: url,
    redisUrl,
    processes,
    async stop() {
      for (const one of processes.toReversed()) {
        await one.kill("SIGCONT");
        await one.kill("SIGTERM");
      }
    },
  };
}
