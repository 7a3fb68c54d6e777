import type pg from "pg";

/** For how long tickets and matches that are over can still be asked for. */
const KEPT = "7 days";
const BATCH = 5_000;

interface Run {
  readonly signal?: AbortSignal;
  readonly batchSize?: number;
  readonly onBatch?: (removed: number) => void;
}

/** Removes tickets and matches that have been over for long, some at a time; tickets first, which name their matches. */
export async function removeOldMatchmaking(
  pool: Pick<pg.Pool, "query">,
  { signal, batchSize = BATCH, onBatch }: Run = {},
): Promise<void> {
  for (const text of [
    `DELETE FROM tickets_matchmaking WHERE ticket_id = ANY (ARRAY(SELECT ticket_id FROM tickets_matchmaking
       WHERE etat IN ('LANCE', 'ANNULE') AND cree_a < now() - $1::interval LIMIT $2))`,
    `DELETE FROM matchs WHERE match_id = ANY (ARRAY(SELECT match_id FROM matchs m
       WHERE etat IN ('LANCE', 'ECHOUE') AND cree_a < now() - $1::interval
         AND NOT EXISTS (SELECT FROM tickets_matchmaking t WHERE t.match_id = m.match_id) LIMIT $2))`,
  ])
    for (let removed = batchSize; removed === batchSize && signal?.aborted !== true; ) {
      removed = (await pool.query(text, [KEPT, batchSize])).rowCount ?? 0;
      onBatch?.(removed);
    }
}
