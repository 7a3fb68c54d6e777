import pg from "pg";
import type { TestDatabase } from "./postgres.ts";

/** One statement over a connection of its own. */
export async function sql<Row extends pg.QueryResultRow>(
  database: TestDatabase,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return held(database, async (client) => (await client.query<Row>(text, values)).rows);
}

/** Does the work while a connection of its own is open: what it has locked is free after that. */
export async function held<T>(database: TestDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
