import type { From, PublicPlayer, Reader } from "./player-queries.ts";

/** Rankings by level and experience, by the arena's rating, and of guilds. */
export const BOARDS = ["level", "arena", "guild"] as const;
export type Board = (typeof BOARDS)[number];
export type PlayerBoard = Exclude<Board, "guild">;

const RANK: Readonly<Record<PlayerBoard, string>> = { level: "rang", arena: "rang_arene" };

export interface Ranked extends PublicPlayer {
  /** 1 for the first. */
  readonly rang: number;
  readonly experience: number;
  readonly scoreArene: number;
}

/** Players in the order of their ranks, after a rank, as of the view's last refresh. */
export async function readBoard(
  reader: Reader,
  board: PlayerBoard,
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
export async function rankOf(reader: Reader, board: PlayerBoard, joueurId: string): Promise<number | undefined> {
  const { rows } = await reader.query<{ rang: number }>(
    `SELECT ${RANK[board]} AS rang FROM vue_leaderboard_global WHERE joueur_id = $1`,
    [joueurId],
  );
  return rows[0]?.rang;
}

/** A guild, with its members' levels all together. */
export interface RankedGuild {
  readonly rang: number;
  readonly guildeId: string;
  readonly nom: string;
  readonly membres: number;
  readonly points: number;
}

/** Guilds in the order of their points, as of the view's last refresh. */
export async function readGuilds(reader: Reader, { after = 0, limit }: From<number>): Promise<readonly RankedGuild[]> {
  const { rows } = await reader.query<RankedGuild>(
    `SELECT rang, guilde_id AS "guildeId", nom, membres, points FROM vue_leaderboard_guildes WHERE rang > $1 ORDER BY rang LIMIT $2`,
    [after, limit],
  );
  return rows;
}

/** The rank of a player's guild; undefined: it has none, or not yet. */
export async function guildRankOf(reader: Reader, joueurId: string): Promise<number | undefined> {
  const { rows } = await reader.query<{ rang: number }>(
    "SELECT rang FROM vue_leaderboard_guildes WHERE guilde_id = (SELECT guilde_id FROM joueurs WHERE joueur_id = $1)",
    [joueurId],
  );
  return rows[0]?.rang;
}
