import type pg from "pg";

type Database = Pick<pg.Pool, "query">;

/** An erasure as it stands. Times are ISO 8601. */
export interface Erasure {
  readonly joueurId: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly correlationId: string;
  /** Since when there is no key. */
  readonly keyErasedAt: string | null;
  /** Every read model has taken all of the log up to here, and so whatever named the player; null: it was not so far yet. */
  readonly eventSequence: number | null;
  readonly finishedAt: string | null;
}

const COLUMNS = `joueur_id AS "joueurId", requested_by AS "requestedBy", requested_at AS "requestedAt", correlation_id AS "correlationId",
  key_erased_at AS "keyErasedAt", event_sequence AS "eventSequence", finished_at AS "finishedAt"`;

export async function findErasure(pool: Database, joueurId: string): Promise<Erasure | undefined> {
  const { rows } = await pool.query<Erasure>(`SELECT ${COLUMNS} FROM erasures WHERE joueur_id = $1`, [joueurId]);
  return rows[0];
}

/** Marks somebody as to be erased, for ever; asked again, the first mark stands. Undefined: there is no such player, account, stay or fighter. */
export async function requestErasure(
  pool: Database,
  { joueurId, requestedBy, correlationId }: Pick<Erasure, "joueurId" | "requestedBy" | "correlationId">,
): Promise<Erasure | undefined> {
  await pool.query(
    `INSERT INTO erasures (joueur_id, requested_by, correlation_id) SELECT $1::uuid, $2::uuid, $3::uuid
     WHERE EXISTS (SELECT FROM stream_heads WHERE aggregate_id = $1 AND aggregate_type = 'Joueur' AND version > 0)
       OR EXISTS (SELECT FROM comptes WHERE compte_id = $1) OR EXISTS (SELECT FROM sessions WHERE user_id = $1)
       OR EXISTS (SELECT FROM participants_combat WHERE entite_id = $1 AND type_entite = 'JOUEUR')
       OR EXISTS (SELECT FROM participants_combat_archive WHERE entite_id = $1 AND type_entite = 'JOUEUR')
     ON CONFLICT (joueur_id) DO NOTHING`,
    [joueurId, requestedBy, correlationId],
  );
  return findErasure(pool, joueurId);
}

/** Those that are not finished, the oldest first. */
export async function openErasures(pool: Database, limit: number): Promise<readonly Erasure[]> {
  const { rows } = await pool.query<Erasure>(
    `SELECT ${COLUMNS} FROM erasures WHERE finished_at IS NULL ORDER BY requested_at LIMIT $1`,
    [limit],
  );
  return rows;
}

/** What an account, and what operators wrote beside bans, says of somebody. Nothing of it is needed by anything else. */
export async function forgetAccount(pool: Database, joueurId: string): Promise<void> {
  for (const text of [
    "DELETE FROM comptes WHERE compte_id = $1",
    "DELETE FROM usernames WHERE joueur_id = $1",
    "UPDATE bans SET reason = '' WHERE user_id = $1 AND reason <> ''",
  ])
    await pool.query(text, [joueurId]);
}

/** @returns ms since the key was destroyed, by the database's clock */
export async function noteKeyErased(pool: Database, joueurId: string): Promise<number> {
  const { rows } = await pool.query<{ ms: number }>(
    `UPDATE erasures SET key_erased_at = coalesce(key_erased_at, clock_timestamp()) WHERE joueur_id = $1
     RETURNING (extract(epoch FROM clock_timestamp() - key_erased_at) * 1000)::float8 AS ms`,
    [joueurId],
  );
  return rows[0]?.ms ?? 0;
}

export async function noteSequence(pool: Database, joueurId: string, sequence: number): Promise<void> {
  await pool.query("UPDATE erasures SET event_sequence = coalesce(event_sequence, $2) WHERE joueur_id = $1", [
    joueurId,
    sequence,
  ]);
}

/**
 * Whether all of these consumers have taken what came up to a position, as far as it says who a player is and where it fights: a position
 * may be past an event that could not be taken.
 */
export async function haveTaken(
  pool: Database,
  consumers: readonly string[],
  sequence: number,
  joueurId: string,
): Promise<boolean> {
  const { rows } = await pool.query<{ behind: boolean }>(
    `SELECT (SELECT count(*) FROM consumer_checkpoints WHERE name = ANY ($1) AND position >= $2) < cardinality($1::text[])
       OR EXISTS (SELECT FROM dead_letters WHERE consumer = ANY ($1) AND state IN ('FAILED', 'PARKED')
         AND (aggregate_id = $3 OR event_type = 'CombatPrepare')) AS behind`,
    [consumers, sequence, joueurId],
  );
  return rows[0]?.behind === false;
}

/** Whether a combat that the read models know, and in which this player fights, goes on. */
export async function isFighting(pool: Database, joueurId: string): Promise<boolean> {
  const { rows } = await pool.query<{ fighting: boolean }>(
    `SELECT EXISTS (SELECT FROM participants_combat JOIN instances_combat USING (combat_id)
       WHERE entite_id = $1 AND type_entite = 'JOUEUR' AND heure_fin IS NULL) AS fighting`,
    [joueurId],
  );
  return rows[0]?.fighting === true;
}

/**
 * What is left beside read models: the sessions, and snapshots of the player's own streams, which were plain text once. Of the changes
 * that leaderboards follow those that tell the name go with all before them: whoever has not followed so far fills its board anew.
 */
export async function forgetTraces(pool: Database, joueurId: string, streams: readonly string[], name: string) {
  await pool.query("DELETE FROM sessions WHERE user_id = $1", [joueurId]);
  await pool.query("DELETE FROM snapshots WHERE aggregate_id = ANY ($1)", [streams]);
  await pool.query(
    `WITH last AS (
       SELECT max(revision) AS revision FROM leaderboard_changes WHERE joueur_id = $1::uuid AND pseudo <> $2::text),
     noted AS (
       INSERT INTO leaderboard_changes (joueur_id, pseudo) SELECT $1::uuid, $2::text FROM last WHERE revision IS NOT NULL)
     DELETE FROM leaderboard_changes WHERE revision <= (SELECT revision FROM last)`,
    [joueurId, name],
  );
}

export async function finishErasure(pool: Database, joueurId: string): Promise<void> {
  await pool.query(
    "UPDATE erasures SET finished_at = clock_timestamp() WHERE joueur_id = $1 AND finished_at IS NULL AND event_sequence IS NOT NULL",
    [joueurId],
  );
}
