import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { View } from "../../projections/views.ts";
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

/** While the server's upkeep is at it, which may have begun before what is to be seen, nobody else is. */
export async function refreshView(database: TestDatabase, view: View): Promise<void> {
  const look = () => sql<{ done: boolean }>(database, "SELECT refresh_view($1) AS done", [view]);
  while ((await look())[0]?.done !== true) await sleep(50);
}
