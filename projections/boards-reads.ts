import { memberOf } from "./board-keys.ts";
import type { Boards, RankedMember } from "./boards.ts";
import {
  type Board,
  guildRankOf,
  type PlayerBoard,
  type Ranked,
  type RankedGuild,
  rankOf,
  readBoard,
  readGuilds,
} from "./leaderboard.ts";
import { type From, type PlayerProfile, type Reader, readProfiles } from "./player-queries.ts";

export interface BoardPage<Row> {
  /** As many as were asked for, and one more if there is. */
  readonly rows: readonly Row[];
  /** The rank that they come after; 0: none. */
  readonly after: number;
  /** Of each row's rank, as it is now; else as of the view's last refresh. */
  readonly live: boolean;
}

/** Of the page with this rank in its middle. */
const middleOf = (rank: number, limit: number): number => Math.max(0, rank - 1 - Math.floor(limit / 2));

/** What of a board is read: after a rank, or around a player or its guild, which is in the middle; with a limit of 1, alone. */
export interface BoardPlace extends From<number> {
  readonly around?: string | undefined;
  /** What the event of this sequence led to is in it. Only what Redis has can be. */
  readonly minSequence?: number | undefined;
}

export type BoardAnswer<Row> = BoardPage<Row> | "NOT_RANKED" | "NOT_YET";

/** Ranks as Redis has them now, of all players; or as PostgreSQL had them when its views were made last, of those seen in 30 days. */
export interface BoardReads {
  players(board: PlayerBoard, place: BoardPlace): Promise<BoardAnswer<Ranked>>;
  guilds(place: BoardPlace): Promise<BoardAnswer<RankedGuild>>;
}

/** @param boards undefined: there is no Redis */
export function createBoardReads(reader: Reader, boards: Boards | undefined): BoardReads {
  function rankedOf(rang: number, one: PlayerProfile): Ranked {
    const { joueurId, pseudo, classe, niveau, titre, guildeNom, experience, statistiquesJeu } = one;
    const scoreArene = Number(statistiquesJeu["score_arene"] ?? 0);
    return { rang, joueurId, pseudo, classe, niveau, titre, guildeNom, experience, scoreArene };
  }

  async function livePlayers(members: readonly RankedMember[]): Promise<readonly Ranked[]> {
    const profiles = await readProfiles(
      reader,
      members.map(({ id }) => id),
    );
    return members.flatMap(({ rang, id }) => {
      const profile = profiles.get(id);
      return profile === undefined ? [] : [rankedOf(rang, profile)];
    });
  }

  async function liveGuilds(members: readonly RankedMember[]): Promise<readonly RankedGuild[]> {
    const { rows } = await reader.query<{ guildeId: string; nom: string; membres: number }>(
      `SELECT guilde_id AS "guildeId", max(guilde_nom) AS nom, count(*)::int AS membres FROM joueurs
       WHERE guilde_id = ANY ($1) GROUP BY guilde_id`,
      [members.map(({ id }) => id)],
    );
    const known = new Map(rows.map((row) => [row.guildeId, row]));
    return members.flatMap(({ rang, id, score }) => {
      const guild = known.get(id);
      return guild === undefined ? [] : [{ rang, ...guild, points: score }];
    });
  }

  /** What the board knows a player, or a player's guild, by. Undefined: there is none. */
  async function rankedAs(board: Board, joueurId: string): Promise<string | undefined> {
    const profile = (await readProfiles(reader, [joueurId])).get(joueurId);
    if (board === "guild") return profile?.guildeId ?? undefined;
    return profile && memberOf(joueurId, profile.pseudo);
  }

  /** Undefined: Redis does not say. */
  async function live<Row>(
    board: Board,
    { around, after: given = 0, limit, minSequence }: BoardPlace,
    rowsOf: (members: readonly RankedMember[]) => Promise<readonly Row[]>,
  ): Promise<BoardAnswer<Row> | undefined> {
    if (boards === undefined) return undefined;
    let after = given;
    if (around !== undefined) {
      const who = await rankedAs(board, around);
      const rank = who === undefined ? null : await boards.rankOf(board, who, minSequence);
      if (rank === undefined) return undefined;
      if (rank === null) return "NOT_RANKED";
      after = middleOf(rank, limit);
    }
    const members = await boards.page(board, after, limit + 1, minSequence);
    return members && { rows: await rowsOf(members), after, live: true };
  }

  async function read<Row>(
    board: Board,
    place: BoardPlace,
    rowsOf: (members: readonly RankedMember[]) => Promise<readonly Row[]>,
    rankIn: (joueurId: string) => Promise<number | undefined>,
    viewed: (from: From<number>) => Promise<readonly Row[]>,
  ): Promise<BoardAnswer<Row>> {
    const { around, after = 0, limit, minSequence = 0 } = place;
    const found = await live(board, place, rowsOf);
    if (found !== undefined) return found;
    // The views are as old as they are.
    if (minSequence > 0) return "NOT_YET";
    const rank = around === undefined ? undefined : await rankIn(around);
    if (around !== undefined && rank === undefined) return "NOT_RANKED";
    const from = rank === undefined ? after : middleOf(rank, limit);
    return { rows: await viewed({ after: from, limit: limit + 1 }), after: from, live: false };
  }

  return {
    players: (board, place) =>
      read(
        board,
        place,
        livePlayers,
        (joueurId) => rankOf(reader, board, joueurId),
        (from) => readBoard(reader, board, from),
      ),
    guilds: (place) =>
      read(
        "guild",
        place,
        liveGuilds,
        (joueurId) => guildRankOf(reader, joueurId),
        (from) => readGuilds(reader, from),
      ),
  };
}
