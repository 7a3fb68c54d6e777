import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { runningServer } from "../../server/postgres-folder.ts";
import { migrate } from "../../store/migrate.ts";
import { databaseUrl } from "./postgres.ts";
import { findServer } from "./servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the server that serves the whole run. */
    readonly postgresUrl: string;
    /** Begins the name of each database of this run; the migrated one is `<prefix>_template`. */
    readonly databasePrefix: string;
    /** Whatever a test leaves in here was leaked. */
    readonly runFolder: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runFolder = await mkdtemp(join(tmpdir(), "aether-test-"));
  await chmod(runFolder, 0o711);
  const server = await findServer(runFolder);
  const databasePrefix = `aether_test_${randomBytes(4).toString("hex")}`;
  const template = `${databasePrefix}_template`;
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${template}`);
  await migrate({ url: databaseUrl(server.url, template) });
  project.provide("postgresUrl", server.url);
  project.provide("databasePrefix", databasePrefix);
  project.provide("runFolder", runFolder);
  console.log(`PostgreSQL: ${server.origin}`);

  return async () => {
    await admin.query(`DROP DATABASE ${template} WITH (FORCE)`);
    const { rows } = await admin.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE starts_with(datname, $1)",
      [databasePrefix],
    );
    for (const { datname } of rows) await admin.query(`DROP DATABASE ${datname} WITH (FORCE)`);
    await admin.end();
    await server.stop();
    const folders = (await readdir(runFolder)).filter((name) => name !== "server");
    for (const folder of folders) {
      const left = await runningServer(join(runFolder, folder, "data")).catch(() => undefined);
      if (left !== undefined) process.kill(left.pid, "SIGKILL");
    }
    await rm(runFolder, { recursive: true, maxRetries: 10 });
    const leaks = [...rows.map(({ datname }) => `database ${datname}`), ...folders.map((name) => `folder ${name}`)];
    if (leaks.length > 0) throw new Error(`tests left behind: ${leaks.join(", ")}`);
  };
}
