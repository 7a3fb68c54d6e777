import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { runningServer } from "../../server/postgres-folder.ts";
import { migrate, migrateKeys } from "../../store/migrate.ts";
import { databaseUrl } from "./postgres.ts";
import { findServer, type TestServer } from "./servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the server that serves the whole run. */
    readonly postgresUrl: string;
    /** REDIS_URL, or nothing. */
    readonly redisUrl: string;
    /** Begins the name of each database of this run; the migrated one is `<prefix>_template`. */
    readonly databasePrefix: string;
    /** Whatever a test leaves in here was leaked. */
    readonly runFolder: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runFolder = await mkdtemp(join(tmpdir(), "aether-test-"));
  await chmod(runFolder, 0o711);
  try {
    const server = await findServer(runFolder);
    console.log(`PostgreSQL: ${server.origin}`);
    return await serve(project, server, runFolder).catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  } catch (error) {
    await rm(runFolder, { recursive: true });
    throw error;
  }
}

async function serve(project: TestProject, server: TestServer, runFolder: string): Promise<() => Promise<void>> {
  const databasePrefix = `aether_test_${randomBytes(4).toString("hex")}`;
  const template = `${databasePrefix}_template`;
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${template}`);
  await migrate({ url: databaseUrl(server.url, template) });
  await migrateKeys({ url: databaseUrl(server.url, template) });
  project.provide("postgresUrl", server.url);
  project.provide("redisUrl", process.env.REDIS_URL ?? "");
  // Servers that tests start would share it, and see each other's players there: a test says which Redis its servers have.
  delete process.env.REDIS_URL;
  project.provide("databasePrefix", databasePrefix);
  project.provide("runFolder", runFolder);

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
      const data = join(runFolder, folder, "data");
      const left = existsSync(data) ? await runningServer(data) : undefined;
      if (left !== undefined) process.kill(left.pid, "SIGKILL");
    }
    await rm(runFolder, { recursive: true, maxRetries: 10 });
    const leaks = [...rows.map(({ datname }) => `database ${datname}`), ...folders.map((name) => `folder ${name}`)];
    if (leaks.length > 0) throw new Error(`tests left behind: ${leaks.join(", ")}`);
  };
}
