import type pg from "pg";

export const VIEWS = ["vue_leaderboard_global", "vue_leaderboard_guildes", "vue_items_populaires"] as const;
export type View = (typeof VIEWS)[number];

/** ms: it reads and sorts all of a table, for which the pool allows too little. */
const REFRESH_TIMEOUT_MS = 60_000;

/**
 * Makes a view anew. Readers see the old one until it is done; of several sessions that ask at once one does it.
 * @returns whether this one did
 */
export async function refreshView(pool: pg.Pool, view: View): Promise<boolean> {
  const client = await pool.connect();
  let failed: Error | undefined;
  try {
    await client.query("BEGIN");
    await client.query(`SET LOCAL statement_timeout = ${REFRESH_TIMEOUT_MS}`);
    const refresh = {
      text: "SELECT refresh_view($1) AS done",
      values: [view],
      query_timeout: REFRESH_TIMEOUT_MS + 1_000,
    };
    const { rows } = await client.query<{ done: boolean }>(refresh as pg.QueryConfig);
    await client.query("COMMIT");
    return rows[0]?.done === true;
  } catch (error) {
    failed = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    // What may still be in a transaction never serves another.
    client.release(failed);
  }
}
