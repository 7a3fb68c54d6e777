import type { Transaction } from "./projector.ts";

/** A row by its columns' names, with JSON for `jsonb` and ISO 8601 text for times. */
export interface Row {
  readonly last_event_sequence: number;
  readonly [column: string]: unknown;
}

/**
 * Writes whole rows in one statement; a row that is there gives way only to one of a later event.
 * @param table in whose type the rows are read: names of ours, never a caller's
 */
export async function upsert(
  transaction: Transaction,
  table: string,
  key: string,
  rows: readonly Row[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const others = columns.filter((column) => column !== key);
  await transaction.query(
    `INSERT INTO ${table} (${columns.join(", ")})
     SELECT ${columns.join(", ")} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)
     ON CONFLICT (${key}) DO UPDATE SET ${others.map((column) => `${column} = excluded.${column}`).join(", ")}
     WHERE ${table}.last_event_sequence < excluded.last_event_sequence`,
    [JSON.stringify(rows)],
  );
}
