import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../server/embedded-postgres.ts";

/** Where a developer's own PostgreSQL would be. */
const LOCAL_URL = "postgres://postgres@127.0.0.1:5432/postgres";

export interface ScratchDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** An empty database beside the one that `url` names; without a URL in a local PostgreSQL, or else in an embedded one. */
export async function findScratchDatabase(url: string | undefined): Promise<ScratchDatabase> {
  if (url !== undefined) return createScratchDatabase(url);
  try {
    return await createScratchDatabase(LOCAL_URL);
  } catch {
    // None there, or not for us: then one of our own, for as long as the bench lasts.
    const folder = await mkdtemp(join(tmpdir(), "aether-bench-"));
    const postgres = await startEmbeddedPostgres({ folder: join(folder, "postgres") });
    return {
      url: postgres.url,
      async drop() {
        await postgres.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  }
}

async function createScratchDatabase(url: string): Promise<ScratchDatabase> {
  const name = `aether_bench_${randomBytes(4).toString("hex")}`;
  await execute(url, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  let dropped: Promise<void> | undefined;
  return {
    url: own.href,
    drop() {
      // FORCE: after Ctrl-C statements are still under way.
      dropped ??= execute(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      return dropped;
    },
  };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
