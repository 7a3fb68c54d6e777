import type pg from "pg";

export type RebuildState = "FILLING" | "INTERRUPTED" | "DONE" | "FAILED";

export interface RebuildStatus {
  readonly name: string;
  readonly state: RebuildState;
  /** Nobody is at work on it, though nobody said so: its process was killed. */
  readonly stalled: boolean;
  /** Everything up to here is in the new tables. */
  readonly position: number;
  /** Where the live tables stood when it last looked. */
  readonly target: number;
  /** Events applied. */
  readonly events: number;
  readonly nodeId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  /** Why it failed or was interrupted. */
  readonly code: string | null;
  readonly error: string | null;
  /** The event that it failed on. */
  readonly failedSequence: number | null;
}

/** A rebuild that says nothing for so long has no process any more. */
const STALLED_AFTER = "30 seconds";

/** The last rebuild of each read model that ever had one. */
export async function listRebuilds(pool: Pick<pg.ClientBase, "query">): Promise<readonly RebuildStatus[]> {
  const { rows } = await pool.query<RebuildStatus>(
    `SELECT name, state, state = 'FILLING' AND updated_at < now() - interval '${STALLED_AFTER}' AS stalled, position, target, events,
       node_id AS "nodeId", started_at AS "startedAt", updated_at AS "updatedAt", ended_at AS "endedAt", code, error,
       failed_sequence AS "failedSequence"
     FROM projection_rebuilds ORDER BY name`,
  );
  return rows;
}
