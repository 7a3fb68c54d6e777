import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { inject } from "vitest";
import { type PostgresProcess, startPostgres } from "../../server/postgres-process.ts";
import { migrate } from "../../store/migrate.ts";
import { openBalancer } from "./balancer.ts";
import { rowsOf } from "./client.ts";
import { databaseUrl } from "./postgres.ts";
import { localBinaries, makeFolder } from "./servers.ts";

/** A primary of the test's own and a standby that follows it, so that a commit is on both before it is acknowledged. */
export interface ReplicatedServer {
  /** An address that leads to the primary, as a floating one does; to the standby once `switchOver` says so. */
  readonly url: string;
  /** kill -9 of the primary, for good. */
  killPrimary(): Promise<void>;
  /** The address leads to the standby, which still is one. */
  switchOver(): void;
  /** The standby takes writes from now on. */
  promote(): Promise<void>;
  dispose(): Promise<void>;
}

export async function startReplicatedServer(): Promise<ReplicatedServer> {
  const { binaries } = await localBinaries();
  const folder = await makeFolder(inject("runFolder"));
  const [dataDir, copy] = [join(folder.path, "data"), join(folder.path, "copy")];
  const first = await startPostgres({ binaries, dataDir, auth: "trust" });
  await migrate({ url: first.url });
  await first.stop();
  // The copy of a server that was shut down is a base backup; owners are kept, as PostgreSQL insists.
  await promisify(execFile)("cp", ["-a", dataDir, copy]);
  const primary = await startPostgres({ binaries, dataDir, settings: { wal_keep_size: "256MB" } });
  await writeFile(join(copy, "standby.signal"), "");
  let standby: PostgresProcess | undefined;
  try {
    const settings = { primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres` };
    standby = await startPostgres({ binaries, dataDir: copy, settings });
    await rowsOf(primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'");
    await rowsOf(primary.url, "SELECT pg_reload_conf()");
    const replicas = "SELECT sync_state FROM pg_stat_replication WHERE sync_state = 'sync'";
    while ((await rowsOf(primary.url, replicas)).length === 0) await sleep(20);
  } catch (error) {
    await Promise.all([primary.stop(), standby?.stop()]);
    throw error;
  }
  const follower = standby;
  const address = await openBalancer(primary.port);
  const url = new URL(databaseUrl(primary.url, "postgres"));
  url.port = String(address.port);
  return {
    url: url.href,
    async killPrimary() {
      process.kill(primary.pid, "SIGKILL");
      await primary.exited;
    },
    switchOver: () => address.to(follower.port),
    async promote() {
      await rowsOf(follower.url, "SELECT pg_promote()");
    },
    async dispose() {
      await address.close();
      await Promise.all([primary.stop(), follower.stop()]);
      await rm(copy, { recursive: true });
      await folder.remove();
    },
  };
}
