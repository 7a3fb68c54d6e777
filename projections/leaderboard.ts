import type { From, PublicPlayer, Reader } from "./player-queries.ts";

/** Rankings by level and experience, and by the arena's rating. */
export const BOARDS = ["level", "arena"] as const;
export type Board = (typeof BOARDS)[number];

const RANK: Readonly<Record<Board, string>> = { level: "rang", arena: "rang_arene" };

export interface Ranked extends PublicPlayer {
  /** 1 for the first. */
  readonly rang: number;
  readonly experience: number;
  readonly scoreArene: number;
}

/** Players in the order of their ranks, after a rank, as of the view's last refresh. */
export async function readBoard(
  reader: Reader,
  board: Board,
  { after = 0, limit }: From<number>,
): Promise<readonly Ranked[]> {
  const { rows } = await reader.query<Ranked>(
    `SELECT ${RANK[board]} AS rang, joueur_id AS "joueurId", pseudo, classe, niveau, titre, guilde_nom AS "guildeNom", experience,
         score_arene AS "scoreArene"
       FROM vue_leaderboard_global WHERE ${RANK[board]} > $1 ORDER BY ${RANK[board]} LIMIT $2`,
    [after, limit],
  );
  return rows;
}

/** Undefined: not ranked, because never seen, not for a month, or not yet. */
export async function rankOf(reader: Reader, board: Board, joueurId: string): Promise<number | undefined> {
  const { rows } = await reader.query<{ rang: number }>(
    `SELECT ${RANK[board]} AS rang FROM vue_leaderboard_global WHERE joueur_id = $1`,
    [joueurId],
  );
  return rows[0]?.rang;
}
