import { experienceAt } from "../domain/player/formulas.ts";
import { type BoardChange, type BoardRow, type GuildRow, guildsOf } from "./board-changes.ts";
import { memberOf } from "./board-keys.ts";
import type { Placing } from "./board-scripts.ts";
import type { Board, PlayerBoard } from "./leaderboard.ts";
import type { Reader } from "./player-queries.ts";

const MOST_XP = 999_999;

/** niveau × 1 000 000 + xp of the level. */
export function levelScore(niveau: number, experience: number): number {
  return niveau * 1_000_000 + Math.min(MOST_XP, Math.max(0, Math.trunc(experience - experienceAt(niveau))));
}

export function placingOf(board: PlayerBoard, row: BoardRow): Placing {
  const score = board === "level" ? levelScore(row.niveau, row.experience) : row.cote;
  return { id: row.id, member: memberOf(row.id, row.pseudo), score, was: [] };
}

export function guildPlacing({ id, nom, points }: GuildRow): Placing {
  return { id, member: memberOf(id, nom), score: points, was: [] };
}

/** What has changed, each player and guild once, as it is now. */
export async function placingsOf(
  reader: Reader,
  board: Board,
  changes: readonly BoardChange[],
): Promise<readonly Placing[]> {
  if (board === "guild") {
    const ids = new Set(changes.flatMap(({ guildes }) => guildes ?? []));
    const found = new Map((await guildsOf(reader, [...ids])).map((guild) => [guild.id, guild]));
    return [...ids].map((id) => {
      const guild = found.get(id);
      return guild === undefined ? { id, member: "", score: null, was: [] } : guildPlacing(guild);
    });
  }
  return [...Map.groupBy(changes, ({ id }) => id)].map(([id, own]) => {
    // All of a moment, so one is as good as another.
    const row = own[0]?.row ?? null;
    const was = new Set(own.flatMap(({ wasPseudo }) => (wasPseudo === null ? [] : [memberOf(id, wasPseudo)])));
    if (row === null) return { id, member: "", score: null, was: [...was] };
    const placing = placingOf(board, row);
    was.delete(placing.member);
    return { ...placing, was: [...was] };
  });
}
