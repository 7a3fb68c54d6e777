import type pg from "pg";
import { describeFault } from "../store/sink.ts";
import { allTables } from "./projector.ts";
import type { RebuildOptions } from "./rebuild.ts";
import { RebuildError } from "./rebuild-error.ts";
import { createScratch, dropScratch, hasScratch, inspectTables } from "./rebuild-tables.ts";

/** One process's work at a rebuild. */
export interface Run {
  readonly name: string;
  readonly epoch: number;
  readonly resumed: boolean;
  /** Inside the swap's transaction: dead letters that the new tables hold, and the end of the rebuild. */
  settle(position: number): Promise<void>;
}

interface Places {
  readonly schema: string;
  readonly scratch: string;
}

/**
 * Begins a rebuild, or takes up one that stopped. The session's advisory lock keeps others away while it lives; if it is lost
 * unnoticed, the epoch refuses what the loser still writes.
 * @throws RebuildError RUNNING, UNKNOWN; TablesError
 */
export async function openRun(owner: pg.Client, options: RebuildOptions & Places): Promise<Run> {
  const { projector, nodeId, fresh = false, schema, scratch } = options;
  const { name } = projector;
  const { rows } = await owner.query<{ locked: boolean }>(
    "SELECT pg_try_advisory_lock(hashtext('aether.rebuild'), hashtext($1)) AS locked",
    [`${schema}.${name}`],
  );
  if (rows[0]?.locked !== true) throw new RebuildError("RUNNING", `${name} is being rebuilt already`);
  const known = await owner.query("SELECT FROM consumer_checkpoints WHERE name = $1", [name]);
  if (known.rowCount !== 1) throw new RebuildError("UNKNOWN", `${name} has no checkpoint: it has never run here`);
  const live = await inspectTables(owner, schema, allTables(projector));

  await owner.query("BEGIN");
  try {
    const left = await owner.query<{ epoch: number }>(
      `UPDATE projection_rebuilds SET state = 'FILLING', epoch = epoch + 1, node_id = $2, updated_at = clock_timestamp(),
         ended_at = NULL, code = NULL, error = NULL
       WHERE name = $1 AND state IN ('FILLING', 'INTERRUPTED') AND shape = $3 AND $4 RETURNING epoch`,
      [name, nodeId, live.shape, !fresh && (await hasScratch(owner, scratch))],
    );
    let epoch = left.rows[0]?.epoch;
    const resumed = epoch !== undefined;
    if (epoch === undefined) {
      await createScratch(owner, schema, scratch, live);
      const begun = await owner.query<{ epoch: number }>(
        `INSERT INTO projection_rebuilds AS r (name, state, shape, node_id, target)
           SELECT name, 'FILLING', $2, $3, position FROM consumer_checkpoints WHERE name = $1
         ON CONFLICT (name) DO UPDATE SET state = 'FILLING', epoch = r.epoch + 1, shape = excluded.shape, position = 0,
           target = excluded.target, events = 0, skipped = 0, node_id = excluded.node_id, started_at = now(), updated_at = now(), ended_at = NULL,
           code = NULL, error = NULL, failed_sequence = NULL
         RETURNING epoch`,
        [name, live.shape, nodeId],
      );
      epoch = begun.rows[0]?.epoch ?? 0;
    }
    await owner.query("COMMIT");
    return { name, epoch, resumed, settle: (position) => settle(owner, name, epoch, position) };
  } catch (error) {
    await owner.query("ROLLBACK");
    throw error;
  }
}

async function settle(owner: pg.Client, name: string, epoch: number, position: number): Promise<void> {
  const { rows } = await owner.query<{ skipped: number; discarded: number }>(
    `SELECT skipped, (SELECT count(*)::int FROM dead_letters
       WHERE consumer = $1 AND event_sequence <= $3 AND state = 'DISCARDED') AS discarded
     FROM projection_rebuilds WHERE name = $1 AND epoch = $2 AND state = 'FILLING' FOR UPDATE`,
    [name, epoch, position],
  );
  const row = rows[0];
  if (row === undefined) throw new RebuildError("FENCED", "another rebuild of this projector has taken over");
  if (row.skipped !== row.discarded)
    throw new RebuildError("DISCARDED_MEANWHILE", "an event was discarded after it had been taken here: begin anew");
  await owner.query(
    `UPDATE dead_letters SET state = 'DONE', attempts = attempts + 1, last_at = clock_timestamp()
     WHERE consumer = $1 AND event_sequence <= $2 AND state IN ('FAILED', 'PARKED')`,
    [name, position],
  );
  // Whatever was made from the old tables says nothing of the new ones.
  await owner.query("UPDATE consumer_checkpoints SET rewrites = rewrites + 1 WHERE name = $1", [name]);
  await owner.query(
    `UPDATE projection_rebuilds SET state = 'DONE', target = $2, updated_at = clock_timestamp(), ended_at = clock_timestamp()
     WHERE name = $1`,
    [name, position],
  );
}

/**
 * After a failure of its own the new tables are of no use; after an interruption they are kept. Whoever finds the database away
 * leaves the row as it is, as one who was killed does.
 */
export async function closeRun(
  owner: pg.Client,
  { name, epoch }: Run,
  scratch: string,
  failure: unknown,
  aborted: boolean,
): Promise<void> {
  const failed = failure instanceof RebuildError && !aborted;
  const { code, message } =
    failure instanceof RebuildError ? { code: failure.code, message: failure.message } : describeFault(failure);
  try {
    const { rowCount } = await owner.query(
      `UPDATE projection_rebuilds SET state = $3, code = $4, error = $5, failed_sequence = $6, updated_at = clock_timestamp(),
         ended_at = clock_timestamp()
       WHERE name = $1 AND epoch = $2 AND state = 'FILLING'`,
      [
        name,
        epoch,
        failed ? "FAILED" : "INTERRUPTED",
        aborted ? null : code,
        aborted ? null : message.slice(0, 2_000),
        failure instanceof RebuildError ? (failure.sequence ?? null) : null,
      ],
    );
    if (failed && rowCount === 1) await dropScratch(owner, scratch);
  } catch {
    // What the rebuild failed with says more.
  }
}
