import type pg from "pg";

type Database = Pick<pg.Pool, "query">;

/** Times are ISO 8601. */
export interface Ban {
  readonly userId: string;
  readonly reason: string;
  readonly bannedBy: string;
  readonly bannedAt: string;
  /** Null: until it is lifted. */
  readonly until: string | null;
}

const ACTIVE = "lifted_at IS NULL AND coalesce(until > now(), true)";

/** Until the end of the transaction nobody else bans this player, or lifts a ban. */
export async function lockBans(client: Database, userId: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtext('aether.bans'), hashtext(current_schema() || $1))", [
    userId,
  ]);
}

/** Shuts a player out, and ends every session of theirs: none of them is good again when the ban has ended. */
export async function addBan(
  client: Database,
  { banId, userId, reason, bannedBy, until }: Omit<Ban, "bannedAt"> & { readonly banId: string },
): Promise<Ban> {
  const { rows } = await client.query<Ban>(
    `WITH ended AS (UPDATE sessions SET revoked_at = now() WHERE user_id = $2 AND revoked_at IS NULL)
     INSERT INTO bans (ban_id, user_id, reason, banned_by, until) VALUES ($1, $2, $3, $4, $5)
     RETURNING user_id AS "userId", reason, banned_by AS "bannedBy", banned_at AS "bannedAt", until`,
    [banId, userId, reason, bannedBy, until],
  );
  const [ban] = rows;
  if (ban === undefined) throw new Error("an insert gave no row");
  return ban;
}

/** @returns ids of the bans that it lifted */
export async function liftBans(client: Database, userId: string, liftedBy: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ banId: string }>(
    `UPDATE bans SET lifted_at = now(), lifted_by = $2 WHERE user_id = $1 AND ${ACTIVE} RETURNING ban_id AS "banId"`,
    [userId, liftedBy],
  );
  return rows.map(({ banId }) => banId);
}

/** SQL: whether the player with this id, an expression, may not come in. Who is erased may not for ever, whatever becomes of bans. */
export const isShutOut = (userId: string): string =>
  `(EXISTS (SELECT FROM bans WHERE user_id = ${userId} AND ${ACTIVE}) OR EXISTS (SELECT FROM erasures WHERE joueur_id = ${userId}))`;

export async function isBanned(pool: Database, userId: string): Promise<boolean> {
  const { rows } = await pool.query<{ banned: boolean }>({
    name: "ban_of",
    text: `SELECT ${isShutOut("$1")} AS banned`,
    values: [userId],
  });
  return rows[0]?.banned === true;
}

/** Who was shut out within the last `seconds` and still is. */
export async function newlyBanned(pool: Database, seconds: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ userId: string }>({
    name: "bans_new",
    text: `SELECT user_id AS "userId" FROM bans WHERE banned_at > now() - make_interval(secs => $1) AND ${ACTIVE}
           UNION SELECT joueur_id FROM erasures WHERE requested_at > now() - make_interval(secs => $1)`,
    values: [seconds],
  });
  return rows.map(({ userId }) => userId);
}
