import { randomBytes } from "node:crypto";
import pg from "pg";

export interface ScratchDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** An empty database beside the one that `url` names. */
export async function createScratchDatabase(url: string): Promise<ScratchDatabase> {
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
