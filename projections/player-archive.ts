import type pg from "pg";
import { inTransaction } from "../store/transaction.ts";
import type { ArchiveRun } from "./archive.ts";
import type { Transaction } from "./projector.ts";

const BATCH = 1_000;
const EARLIEST: Key = ["-infinity", "00000000-0000-0000-0000-000000000000"];
type Key = readonly [seen: string, joueurId: string];

/**
 * Copies players that were not seen for so many days; whoever never came is counted from the account's creation. The live rows
 * stay, so that nothing dangles. Whatever happens to such a player later takes the copy back, so that a copy says
 * what the row says.
 */
export async function archivePlayers(
  pool: pg.Pool,
  { olderThanDays, signal, batchSize = BATCH, onBatch }: ArchiveRun,
): Promise<void> {
  let after: Key = EARLIEST;
  while (signal?.aborted !== true) {
    const [last] = await inTransaction(pool, (transaction) => copyPage(transaction, after, olderThanDays, batchSize));
    if (last === undefined) return;
    if (last.copied > 0) onBatch?.(last.copied);
    after = [last.seen, last.id];
  }
}

interface Copied {
  /** The last of the page. */
  readonly seen: string;
  readonly id: string;
  readonly copied: number;
}

async function copyPage(transaction: Transaction, after: Key, days: number, limit: number): Promise<readonly Copied[]> {
  // Locked: a player who comes back at this moment is waited for, and is then seen.
  const { rows } = await transaction.query<Copied>(
    `WITH page AS MATERIALIZED (
       SELECT * FROM joueurs
       WHERE coalesce(derniere_connexion, cree_a) < now() - make_interval(days => $3)
         AND (coalesce(derniere_connexion, cree_a), joueur_id) > ($1::timestamptz, $2::uuid)
       ORDER BY coalesce(derniere_connexion, cree_a), joueur_id LIMIT $4 FOR SHARE),
     copied AS (INSERT INTO joueurs_archive SELECT * FROM page ON CONFLICT (joueur_id) DO NOTHING RETURNING joueur_id)
     SELECT coalesce(derniere_connexion, cree_a)::text AS seen, joueur_id AS id, (SELECT count(*)::int FROM copied) AS copied
     FROM page ORDER BY coalesce(derniere_connexion, cree_a) DESC, joueur_id DESC LIMIT 1`,
    [...after, days, limit],
  );
  return rows;
}
