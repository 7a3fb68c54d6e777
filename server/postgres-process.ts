import { type ChildProcess, spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./ports.ts";
import {
  type Account,
  accountFor,
  childOptions,
  type PostgresBinaries,
  PostgresError,
  prepareFolder,
  runningServer,
  SUPERUSER,
} from "./postgres-folder.ts";

export interface PostgresOptions {
  readonly binaries: PostgresBinaries;
  /** Absolute. Made if it is missing, with the folders above it. */
  readonly dataDir: string;
  /** Default: a free one, another at each start. */
  readonly port?: number | undefined;
  /** How a new cluster lets clients in. `trust` is for throwaway ones. Default `password`. */
  readonly auth?: "password" | "trust";
  readonly settings?: Readonly<Record<string, string | number>>;
  /** ms for the whole start, recovery after a crash included; default 60,000. */
  readonly startTimeoutMs?: number;
}

export interface PostgresProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, whoever ended it. */
  readonly exited: Promise<void>;
  /** Ends the server; resolves when it has ended, which a server that does not listen does by force. */
  stop(): Promise<void>;
}

const LOG_FILE = "aether_postgres.log";
const STOP_STEPS = [
  ["SIGINT", 10_000], // fast shutdown: sessions end, a checkpoint is written
  ["SIGQUIT", 3_000], // immediate: recovery at the next start
  ["SIGKILL", 3_000],
] as const;
/** ms after which a killed process's session has ended, and with it its lock. */
const OWNER_GONE_MS = 2_000;
/** ms for a server that nobody owns to end. */
const ABANDONED_MS = 15_000;
/** The start may succeed in a moment: sessions have yet to notice that their server was killed, or a port was just taken. */
const PASSING = /lock file ".*" already exists|pre-existing shared memory block|could not create any TCP\/IP sockets/;

/**
 * Runs PostgreSQL as a child process. The process that runs it holds a session lock in it for as long as it lives: that
 * tells a server in use from one that a killed process left behind, which no pid file of ours could after a restart of the
 * machine or the container. The abandoned one is ended and started anew, so that port and settings are those asked for.
 * @throws PostgresError
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresProcess> {
  const { dataDir, binaries } = options;
  const deadline = Date.now() + (options.startTimeoutMs ?? 60_000);
  const account = await accountFor(dataDir);
  const password = await prepareFolder(dataDir, binaries, account, options.auth ?? "password");
  for (;;) {
    await endAbandonedServer(dataDir, password);
    const port = options.port ?? (await freePort("127.0.0.1"));
    const { child, exited, log } = await launch(options, account, port);
    let over = false;
    void exited.then(() => {
      over = true;
    });
    while (!over && Date.now() < deadline) {
      const client = await connect(port, password);
      if (client === undefined) {
        await Promise.race([exited, sleep(50)]);
        continue;
      }
      const owner = await takeOwnership(client);
      if (owner === "us") return handle(child, exited, port, password);
      await client.end();
      // Another process met the server before it had our lock, and is ending it as abandoned.
      if (owner === "another") await Promise.race([exited, sleep(1_000)]);
    }
    if (!over) await stop(child, exited);
    const output = await readFile(log, "utf8");
    if (!PASSING.test(output) || Date.now() > deadline) {
      throw new PostgresError(
        "START_FAILED",
        `PostgreSQL did not start on ${dataDir}: ${output.trim().slice(-2_000)}`,
        "Mend that, or set DATABASE_URL.",
      );
    }
    await sleep(200);
  }
}

async function launch(options: PostgresOptions, account: Account | undefined, port: number) {
  const settings = { listen_addresses: "127.0.0.1", unix_socket_directories: "", port, ...options.settings };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // A file rather than a pipe: a server that outlives this process must still be able to write.
  const log = join(options.dataDir, LOG_FILE);
  // Sessions of a server that was killed may still write to it: wherever it ends by then, not where it ended for them.
  const file = await open(log, "a", 0o600);
  await file.truncate();
  if (account !== undefined) await file.chown(account.uid, account.gid);
  // A process group of its own: Ctrl-C is for this process, which still writes while it drains.
  const child = spawn(options.binaries.postgres, ["-D", options.dataDir, ...args], {
    ...childOptions(account),
    detached: true,
    stdio: ["ignore", file.fd, file.fd],
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      // It was never started; then there is no exit to wait for.
      void file.write(String(error)).then(() => resolve());
    });
  });
  void Promise.race([exited, new Promise<void>((resolve) => child.once("spawn", resolve))]).then(() => file.close());
  return { child, exited, log };
}

function handle(child: ChildProcess, exited: Promise<void>, port: number, password: string): PostgresProcess {
  const endWithUs = () => child.kill("SIGINT");
  process.once("exit", endWithUs);
  void exited.then(() => process.off("exit", endWithUs));
  return {
    url: `postgres://${SUPERUSER}${password === "" ? "" : `:${password}`}@127.0.0.1:${port}/postgres`,
    port,
    pid: child.pid ?? 0,
    exited,
    stop: () => stop(child, exited),
  };
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  for (const [signal, patienceMs] of STOP_STEPS) {
    child.kill(signal);
    const timer = new AbortController();
    const ended = await Promise.race([
      exited.then(() => true),
      sleep(patienceMs, false, { signal: timer.signal }).catch(() => true),
    ]);
    timer.abort();
    if (ended) return;
  }
}

/** @throws PostgresError if the server on the folder is in use, or does not answer */
async function endAbandonedServer(dataDir: string, password: string): Promise<void> {
  const start = Date.now();
  for (;;) {
    const server = await runningServer(dataDir);
    if (server === undefined) return;
    const client = await connect(server.port, password);
    const owner = client === undefined ? "nobody" : await takeOwnership(client);
    if (owner === "us") process.kill(server.pid, "SIGINT");
    else await client?.end();
    if (Date.now() - start > (owner === "another" ? OWNER_GONE_MS : ABANDONED_MS)) {
      throw new PostgresError(
        "FOLDER_IN_USE",
        `Another process runs PostgreSQL (pid ${server.pid}) on ${dataDir}${owner === "another" ? "" : ", and it does not answer"}.`,
        "End that process, choose another folder, or share its database by setting DATABASE_URL.",
      );
    }
    await sleep(100);
  }
}

/** Undefined while the server does not take connections. */
async function connect(port: number, password: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: SUPERUSER,
    password,
    database: "postgres",
    application_name: "aether-engine owner",
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  });
  // It ends with the server, which `exited` tells.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch {
    return undefined;
  }
}

async function takeOwnership(client: pg.Client): Promise<"us" | "another" | "nobody"> {
  try {
    const { rows } = await client.query<{ taken: boolean }>(
      "SELECT pg_try_advisory_lock(hashtext('aether.server'), 0) AS taken",
    );
    return rows[0]?.taken === true ? "us" : "another";
  } catch {
    return "nobody"; // the server is going away
  }
}
