import type { Redis } from "ioredis";
import type { TestDatabase } from "./postgres.ts";
import { sql } from "./sql.ts";

/** Every row of every table of every schema with these letters in it, the beginning of each. */
export async function rowsWith(database: TestDatabase, mark: string): Promise<string[]> {
  const tables = await sql<{ table: string }>(
    database,
    `SELECT format('%I.%I', n.nspname, c.relname) AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  const found: string[] = [];
  for (const { table } of tables)
    for (const { row } of await sql<{ row: string }>(
      database,
      `SELECT t::text AS row FROM ${table} t WHERE t::text ILIKE '%' || $1 || '%'`,
      [mark],
    ))
      found.push(`${table}: ${row.slice(0, 200)}`);
  return found;
}

/** Every key of Redis with them in it or in what it holds. */
export async function keysWith(redis: Redis, mark: string): Promise<string[]> {
  const found: string[] = [];
  for (const key of await redis.keys("*")) {
    const type = await redis.type(key);
    const value = JSON.stringify(
      type === "hash"
        ? await redis.hgetall(key)
        : type === "list"
          ? await redis.lrange(key, 0, -1)
          : type === "set"
            ? await redis.smembers(key)
            : type === "zset"
              ? await redis.zrange(key, "0", "-1")
              : await redis.get(key),
    );
    if (`${key} ${value}`.toLowerCase().includes(mark.toLowerCase())) found.push(`${key}: ${value.slice(0, 200)}`);
  }
  return found;
}
