import { type Boards, memberOf } from "./boards.ts";
import {
  type Board,
  guildRankOf,
  type Ranked,
  type RankedGuild,
  rankOf,
  readBoard,
  readGuilds,
} from "./leaderboard.ts";
import { type From, type PlayerProfile, type Reader, readProfiles } from "./player-queries.ts";

export interface BoardPage<Row> {
  readonly rows: readonly Row[];
  /** Of each row's rank, as it is now; else as of the view's last refresh. */
  readonly live: boolean;
}

/** Ranks as Redis has them now, or as PostgreSQL had them when its views were made last. */
export interface BoardReads {
  players(board: "level" | "arena", from: From<number>): Promise<BoardPage<Ranked>>;
  guilds(from: From<number>): Promise<BoardPage<RankedGuild>>;
  /** Of a player, or of a player's guild. Undefined: not ranked. */
  rankOf(board: Board, joueurId: string): Promise<number | undefined>;
}

/** @param boards undefined: there is no Redis */
export function createBoardReads(reader: Reader, boards: Boards | undefined): BoardReads {
  function rankedOf(rang: number, one: PlayerProfile): Ranked {
    const { joueurId, pseudo, classe, niveau, titre, guildeNom, experience, statistiquesJeu } = one;
    const scoreArene = Number(statistiquesJeu["score_arene"] ?? 0);
    return { rang, joueurId, pseudo, classe, niveau, titre, guildeNom, experience, scoreArene };
  }

  return {
    async players(board, { after = 0, limit }) {
      const members = await boards?.page(board, after, limit);
      if (members === undefined) return { rows: await readBoard(reader, board, { after, limit }), live: false };
      const profiles = await readProfiles(
        reader,
        members.map(({ id }) => id),
      );
      const rows = members.flatMap(({ rang, id }) => {
        const profile = profiles.get(id);
        return profile === undefined ? [] : [rankedOf(rang, profile)];
      });
      return { rows, live: true };
    },

    async guilds({ after = 0, limit }) {
      const members = await boards?.page("guild", after, limit);
      if (members === undefined) return { rows: await readGuilds(reader, { after, limit }), live: false };
      const { rows } = await reader.query<{ guildeId: string; nom: string; membres: number }>(
        `SELECT guilde_id AS "guildeId", max(guilde_nom) AS nom, count(*)::int AS membres FROM joueurs
         WHERE guilde_id = ANY ($1) GROUP BY guilde_id`,
        [members.map(({ id }) => id)],
      );
      const known = new Map(rows.map((row) => [row.guildeId, row]));
      const found = members.flatMap(({ rang, id, score }) => {
        const guild = known.get(id);
        return guild === undefined ? [] : [{ rang, ...guild, points: score }];
      });
      return { rows: found, live: true };
    },

    async rankOf(board, joueurId) {
      const profile = (await readProfiles(reader, [joueurId])).get(joueurId);
      if (profile === undefined) return undefined;
      if (board === "guild") {
        if (profile.guildeId === null) return undefined;
        const live = await boards?.rankOf(board, memberOf(profile.guildeId, profile.guildeNom ?? ""));
        return live === undefined ? guildRankOf(reader, joueurId) : (live ?? undefined);
      }
      const live = await boards?.rankOf(board, memberOf(joueurId, profile.pseudo));
      return live === undefined ? rankOf(reader, board, joueurId) : (live ?? undefined);
    },
  };
}
