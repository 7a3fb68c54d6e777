import type pg from "pg";
import { inTransaction } from "../store/transaction.ts";
import type { Transaction } from "./projector.ts";

/** Rows of a read model that are old enough to be out of the way. */
export interface Archive {
  /** Moves the oldest that are older than so many days, at most so many; answers how many it moved. */
  move(transaction: Transaction, olderThanDays: number, limit: number): Promise<number>;
  readonly batchSize: number;
}

// A row is locked before it is moved: of two at once neither moves what the other does, and a projector that is about to write it
// is waited for, or finds it gone. The projector's position is left alone, so that it never waits for an archive.

/** Combats that are over, with all that was kept of them. Effects go with a combat's end: there are none left. */
export const combatArchive: Archive = {
  batchSize: 100,
  async move(transaction, olderThanDays, limit) {
    // An act stays with its combat, its participant with the last combat that named it: that one waits for the other.
    const { rows } = await transaction.query<{ id: string }>(
      `SELECT combat_id AS id FROM instances_combat i
       WHERE etat IN ('TERMINE', 'ABANDONNE') AND heure_fin < now() - make_interval(days => $1) AND NOT EXISTS (
         SELECT FROM participants_combat p JOIN actions_combat a USING (participant_id)
         WHERE p.combat_id = i.combat_id AND a.combat_id <> i.combat_id)
       ORDER BY heure_fin LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [olderThanDays, limit],
    );
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    // Those first that refer to others.
    for (const table of ["actions_combat", "historique_combat", "participants_combat", "instances_combat"])
      await transaction.query(
        `WITH gone AS (DELETE FROM ${table} WHERE combat_id = ANY ($1::uuid[]) RETURNING *)
         INSERT INTO ${table}_archive SELECT * FROM gone`,
        [ids],
      );
    return ids.length;
  },
};

export const tradeArchive: Archive = {
  batchSize: 1_000,
  async move(transaction, olderThanDays, limit) {
    const { rowCount } = await transaction.query(
      `WITH gone AS (DELETE FROM transactions_economie WHERE transaction_id IN (
           SELECT transaction_id FROM transactions_economie WHERE executee_a < now() - make_interval(days => $1)
           ORDER BY executee_a LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING *)
       INSERT INTO transactions_economie_archive SELECT * FROM gone`,
      [olderThanDays, limit],
    );
    return rowCount ?? 0;
  },
};

export interface ArchiveRun {
  readonly olderThanDays: number;
  readonly signal?: AbortSignal | undefined;
  readonly batchSize?: number;
  /** After each batch, which is durable by then. */
  readonly onBatch?: (moved: number) => void;
}

/** Moves all that is old, a batch a transaction: whoever is stopped or killed at it has moved whole batches, and the next goes on. */
export async function runArchive(
  pool: pg.Pool,
  archive: Archive,
  { olderThanDays, signal, batchSize = archive.batchSize, onBatch }: ArchiveRun,
): Promise<void> {
  while (signal?.aborted !== true) {
    const moved = await inTransaction(pool, (transaction) => archive.move(transaction, olderThanDays, batchSize));
    if (moved > 0) onBatch?.(moved);
    if (moved < batchSize) return;
  }
}
