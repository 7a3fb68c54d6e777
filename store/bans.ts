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

/** Shuts a player out, and ends every session of theirs: none of them is good again when the ban has ended. */
export async function addBan(
  pool: Database,
  { userId, reason, bannedBy, until }: Omit<Ban, "bannedAt">,
): Promise<Ban | undefined> {
  const { rows } = await pool.query<Ban>(
    `WITH ended AS (UPDATE sessions SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL)
     INSERT INTO bans (user_id, reason, banned_by, until) VALUES ($1, $2, $3, $4)
     RETURNING user_id AS "userId", reason, banned_by AS "bannedBy", banned_at AS "bannedAt", until`,
    [userId, reason, bannedBy, until],
  );
  return rows[0];
}

/** False: there was none. */
export async function liftBan(pool: Database, userId: string, liftedBy: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE bans SET lifted_at = now(), lifted_by = $2 WHERE user_id = $1 AND ${ACTIVE}`,
    [userId, liftedBy],
  );
  return (rowCount ?? 0) > 0;
}

export async function isBanned(pool: Database, userId: string): Promise<boolean> {
  const { rows } = await pool.query<{ banned: boolean }>({
    name: "ban_of",
    text: `SELECT EXISTS (SELECT FROM bans WHERE user_id = $1 AND ${ACTIVE}) AS banned`,
    values: [userId],
  });
  return rows[0]?.banned === true;
}

/** Who was shut out within the last `seconds` and still is. */
export async function newlyBanned(pool: Database, seconds: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ userId: string }>({
    name: "bans_new",
    text: `SELECT DISTINCT user_id AS "userId" FROM bans WHERE banned_at > now() - make_interval(secs => $1) AND ${ACTIVE}`,
    values: [seconds],
  });
  return rows.map(({ userId }) => userId);
}
