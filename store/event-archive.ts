import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { isServerError } from "./pg-errors.ts";

const LOCK_NOT_AVAILABLE = "55P03";
/** Tries to get at the log while appends are busy with it, and ms between two. */
const TRIES = 50;
const AGAIN_MS = 100;

export interface EventArchiveRun {
  /** Months that ended longer ago than this. */
  readonly olderThanDays: number;
  readonly signal?: AbortSignal;
  /** After each month; answers nothing, and may end the run by throwing. */
  readonly onBatch?: (months: number) => unknown;
}

/**
 * Moves old months of the log to `evenements_archive`, each in one transaction. Appends wait for 200 ms at most each time that it is tried.
 * The whole log is in `evenements_tous`.
 */
export async function archiveEvents(
  pool: Pick<pg.Pool, "query">,
  { olderThanDays, signal, onBatch }: EventArchiveRun,
): Promise<number> {
  let months = 0;
  let tries = 0;
  while (signal?.aborted !== true) {
    try {
      const { rows } = await pool.query<{ name: string | null }>(
        "SELECT archive_month(now() - $1 * interval '1 day') AS name",
        [olderThanDays],
      );
      if (rows[0]?.name === null || rows[0]?.name === undefined) return months;
      months += 1;
      tries = 0;
      await onBatch?.(1);
    } catch (error) {
      tries += 1;
      if (!isServerError(error) || error.code !== LOCK_NOT_AVAILABLE || tries === TRIES) throw error;
      await sleep(AGAIN_MS * (0.5 + Math.random()));
    }
  }
  return months;
}
