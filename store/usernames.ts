import type pg from "pg";

const UNIQUE_VIOLATION = "23505";

/**
 * Claims a username for a player, in any mix of cases; a player holds one at a time, the last that it claimed.
 * @returns false when another player has it
 * @throws when the database cannot be reached
 */
export async function claimUsername(
  pool: Pick<pg.Pool, "query">,
  username: string,
  joueurId: string,
): Promise<boolean> {
  try {
    const { rowCount } = await pool.query({
      name: "claim_username",
      text: `INSERT INTO usernames AS u (username, joueur_id)
           SELECT lower($1), $2 WHERE NOT EXISTS (SELECT FROM usernames WHERE username = lower($1) AND joueur_id <> $2)
           ON CONFLICT (joueur_id) DO UPDATE SET username = excluded.username`,
      values: [username, joueurId],
    });
    return rowCount === 1;
  } catch (error) {
    // Claimed by two at the same time: the other one was first.
    if (error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}
