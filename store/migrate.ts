import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import pg from "pg";
import type { DatabaseConfig } from "./database.ts";

/** Months of partitions that are kept made ahead of now. */
const MONTHS_AHEAD = 3;

/** Brings the schema up to this version of the code; several nodes may start at once, one migrates and the others wait. */
export async function migrate(config: DatabaseConfig): Promise<void> {
  const schema = config.schema ?? "public";
  await bringUp(config.url, schema, "./migrations");
  const client = new pg.Client({ connectionString: config.url, options: `-c search_path=${schema}` });
  await client.connect();
  try {
    await ensurePartitions(client);
  } finally {
    await client.end();
  }
}

/** As `migrate`, for the keys of persons: `config` is of their own schema, see `keysSchema`. */
export function migrateKeys(config: DatabaseConfig): Promise<void> {
  return bringUp(config.url, config.schema ?? keysSchema("public"), "./key-migrations");
}

/** Where a tenant's keys are: beside its events at the nearest, so that a dump of the one schema holds nothing of the other. */
export function keysSchema(schema: string): string {
  return schema === "public" ? "aether_keys" : `${schema.slice(0, 58)}_keys`;
}

function bringUp(url: string, schema: string, folder: string): Promise<void> {
  return runner({
    databaseUrl: { connectionString: url, application_name: "aether-engine migration" },
    dir: fileURLToPath(new URL(folder, import.meta.url)),
    migrationsTable: "schema_migrations",
    schema,
    createSchema: schema !== "public",
    direction: "up",
    advisoryLockMode: "wait",
    logger: { debug: () => undefined, info: () => undefined, warn: console.warn, error: () => undefined },
  }).then(() => undefined);
}

/** Makes the partitions of this month and the next ones, if they are missing. Cheap enough to be called daily, and safe anywhere. */
export async function ensurePartitions(client: Pick<pg.ClientBase, "query">): Promise<void> {
  await client.query(
    "SELECT ensure_partition(now() + make_interval(months => m)) FROM generate_series(0, $1::int) AS m",
    [MONTHS_AHEAD],
  );
}
