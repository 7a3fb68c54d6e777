import type pg from "pg";
import { SNAPSHOTS_KEPT } from "./postgres-store.ts";

type Database = Pick<pg.Pool, "query">;

/** For how long an outcome is kept that is not a lasting one; clients have given up on it long before. */
const OUTCOMES_KEPT = "1 hour";
const BATCH = 10_000;

interface Run {
  readonly signal?: AbortSignal;
  readonly batchSize?: number;
  /** After each batch. */
  readonly onBatch?: (removed: number) => void;
}

/** Removes old outcomes of commands, some at a time. */
export async function removeOldOutcomes(
  pool: Database,
  { signal, batchSize = BATCH, onBatch }: Run = {},
): Promise<void> {
  for (let removed = batchSize; removed === batchSize && signal?.aborted !== true; ) {
    const { rowCount } = await pool.query(
      `DELETE FROM command_outcomes WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM command_outcomes WHERE NOT lasting AND created_at < now() - $1::interval LIMIT $2))`,
      [OUTCOMES_KEPT, batchSize],
    );
    removed = rowCount ?? 0;
    onBatch?.(removed);
  }
}

const FIRST_ID = "00000000-0000-0000-0000-000000000000";
const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/**
 * Leaves every aggregate its newest snapshots, as each save does already: for those that were saved otherwise, or while fewer were
 * to be kept. Looks at some aggregates at a time.
 */
export async function pruneSnapshots(pool: Database, { signal, batchSize = BATCH, onBatch }: Run = {}): Promise<void> {
  for (let after: string | null = FIRST_ID; after !== null && signal?.aborted !== true; ) {
    const { rows }: pg.QueryResult<{ last: string | null; removed: number }> = await pool.query(
      `WITH page AS (
         SELECT snapshot_id, aggregate_id, aggregate_version FROM snapshots WHERE aggregate_id > $1
           AND aggregate_id <= coalesce(
             (SELECT aggregate_id FROM snapshots WHERE aggregate_id > $1 ORDER BY aggregate_id OFFSET $2 LIMIT 1), '${LAST_ID}')),
       ranked AS (
         SELECT snapshot_id, row_number() OVER (PARTITION BY aggregate_id ORDER BY aggregate_version DESC) AS rank FROM page),
       gone AS (DELETE FROM snapshots WHERE snapshot_id IN (SELECT snapshot_id FROM ranked WHERE rank > ${SNAPSHOTS_KEPT}) RETURNING 1)
       SELECT (SELECT max(aggregate_id::text) FROM page) AS last, (SELECT count(*)::int FROM gone) AS removed`,
      [after, batchSize],
    );
    after = rows[0]?.last ?? null;
    onBatch?.(rows[0]?.removed ?? 0);
  }
}
