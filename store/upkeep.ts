import type pg from "pg";
import { ensurePartitions } from "./migrate.ts";

/** For how long an outcome is kept that is not a lasting one; clients have given up on it long before. */
const OUTCOMES_KEPT = "1 hour";

/** What the tables need from time to time: partitions made ahead, old outcomes removed. To be called hourly; safe on every node. */
export async function runUpkeep(pool: Pick<pg.Pool, "query">): Promise<void> {
  await ensurePartitions(pool);
  await pool.query("DELETE FROM command_outcomes WHERE NOT lasting AND created_at < now() - $1::interval", [
    OUTCOMES_KEPT,
  ]);
}
