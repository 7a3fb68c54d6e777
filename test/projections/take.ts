import type pg from "pg";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { Projector } from "../../projections/projector.ts";

/** One batch in a transaction, as a consumer takes it. */
export async function take(pool: pg.Pool, projector: Projector, events: readonly StoredEvent[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await projector.apply(events, client);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}
