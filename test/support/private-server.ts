import { join } from "node:path";
import { inject } from "vitest";
import { childrenOf } from "../../server/cluster/processes-of.ts";
import { type PostgresProcess, startPostgres } from "../../server/postgres-process.ts";
import { migrate } from "../../store/migrate.ts";
import { localBinaries, makeFolder } from "./servers.ts";

/** A PostgreSQL of the test's own, with fsync on, that it may stop, kill and pause. Ends with `dispose`, or the run fails. */
export interface PrivateServer {
  /** Stays the same over restarts. */
  readonly url: string;
  readonly pid: () => number;
  /** Fast shutdown: sessions are ended. */
  stop(): Promise<void>;
  /** kill -9 of the postmaster; its sessions find out by themselves. */
  kill(): Promise<void>;
  /** On the same port and data. */
  start(): Promise<void>;
  /** SIGSTOP to the postmaster and all its sessions: connections stay open, and nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  dispose(): Promise<void>;
}

export async function startPrivateServer(
  settings: Readonly<Record<string, string | number>> = {},
): Promise<PrivateServer> {
  const { binaries } = await localBinaries();
  const folder = await makeFolder(inject("runFolder"));
  const dataDir = join(folder.path, "data");
  let server: PostgresProcess = await startPostgres({ binaries, dataDir, auth: "trust", settings });
  const { port, url } = server;
  let paused: readonly number[] = [];
  const resume = async () => {
    for (const pid of paused) process.kill(pid, "SIGCONT");
    paused = [];
  };
  await migrate({ url });
  return {
    url,
    pid: () => server.pid,
    stop: () => server.stop(),
    async kill() {
      process.kill(server.pid, "SIGKILL");
      await server.exited;
    },
    async start() {
      server = await startPostgres({ binaries, dataDir, port, settings });
    },
    async pause() {
      paused = [server.pid, ...(await childrenOf(server.pid))];
      for (const pid of paused) process.kill(pid, "SIGSTOP");
    },
    resume,
    async dispose() {
      await resume();
      await server.stop();
      await folder.remove();
    },
  };
}
