import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import { experienceAt } from "../domain/player/formulas.ts";
import type { GuardedRedis } from "../store/redis.ts";
import type { Board } from "./leaderboard.ts";

/** Rows that are read and members that are written at once. */
const PAGE = 2_000;
const LOOK_MS = 2_000;
/** For which one node may fill the boards anew; by then it has, or it is dead. */
const LOCK_S = 300;
const MOST_XP = 999_999;

interface BoardRow {
  readonly id: string;
  readonly pseudo: string;
  readonly niveau: number;
  readonly experience: number;
  readonly cote: number | null;
  readonly guilde: string | null;
}

/** Leaderboards in Redis (contract: "Redis keys and channels"). PostgreSQL is the truth; everything here is made from its rows. */
export interface Boards {
  /** A read model has taken these, and its rows are committed. Never waits. */
  taken(readModel: string, events: readonly StoredEvent[]): void;
  /** Members after a rank, the highest score first; undefined: Redis is not there, or not filled. */
  page(board: Board, after: number, limit: number): Promise<readonly RankedMember[] | undefined>;
  /** From 1; null: not ranked; undefined: as above. */
  rankOf(board: Board, member: string): Promise<number | null | undefined>;
  close(): Promise<void>;
}

export interface RankedMember {
  readonly rang: number;
  readonly id: string;
  readonly score: number;
}

const BOARD_KEYS = { level: "leaderboard:level", arena: "leaderboard:arena", guild: "leaderboard:guild" } as const;
/** Says that the boards have been filled: a Redis that was flushed, or is another one, does not have it. */
const FILLED = "leaderboard:filled";
const COLUMNS = `joueur_id AS id, pseudo, niveau, experience::float8 AS experience, (statistiques_jeu->>'score_arene')::int AS cote, guilde_id AS guilde`;

export const memberOf = (id: string, name: string): string => `${id}:${name}`;

/** niveau × 1 000 000 + xp of the level. */
export function levelScore(niveau: number, experience: number): number {
  return niveau * 1_000_000 + Math.min(MOST_XP, Math.max(0, Math.trunc(experience - experienceAt(niveau))));
}

export function createBoards(
  pool: Pick<pg.Pool, "query">,
  redis: GuardedRedis,
  onFault: (error: unknown) => void,
): Boards {
  const touched = new Set<string>();
  let filled = false;
  let working: Promise<void> | undefined;
  let closed = false;

  async function rowsOf(ids: readonly string[]): Promise<readonly BoardRow[]> {
    const text = `SELECT ${COLUMNS} FROM joueurs WHERE joueur_id = ANY ($1::uuid[])`;
    return (await pool.query<BoardRow>(text, [ids])).rows;
  }

  async function guildsOf(ids: readonly string[] | null): Promise<readonly { member: string; points: number }[]> {
    const { rows } = await pool.query<{ member: string; points: number }>(
      `SELECT guilde_id || ':' || coalesce(max(guilde_nom), '') AS member, sum(niveau)::float8 AS points FROM joueurs
       WHERE guilde_id IS NOT NULL AND ($1::text[] IS NULL OR guilde_id = ANY ($1)) GROUP BY guilde_id`,
      [ids],
    );
    return rows;
  }

  /** Whether Redis took them. */
  async function write(rows: readonly BoardRow[], suffix = ""): Promise<boolean> {
    const levels = rows.flatMap((row) => [levelScore(row.niveau, row.experience), memberOf(row.id, row.pseudo)]);
    const ratings = rows.flatMap(({ id, pseudo, cote }) => (cote === null ? [] : [cote, memberOf(id, pseudo)]));
    const done = await redis.use((client) =>
      Promise.all([
        levels.length > 0 ? client.zadd(redis.key(`${BOARD_KEYS.level}${suffix}`), ...levels) : 0,
        ratings.length > 0 ? client.zadd(redis.key(`${BOARD_KEYS.arena}${suffix}`), ...ratings) : 0,
      ]),
    );
    return done !== undefined;
  }

  async function writeGuilds(ids: readonly string[] | null, suffix = ""): Promise<boolean> {
    const guilds = await guildsOf(ids);
    if (guilds.length === 0) return true;
    const scores = guilds.flatMap(({ member, points }) => [points, member]);
    return (
      (await redis.use((client) => client.zadd(redis.key(`${BOARD_KEYS.guild}${suffix}`), ...scores))) !== undefined
    );
  }

  /** Beside the boards that are read, then in their place. */
  async function fill(): Promise<void> {
    const token = crypto.randomUUID();
    const lock = redis.key("lock:leaderboard:fill");
    const got = await redis.use((client) => client.set(lock, token, "EX", LOCK_S, "NX"));
    if (got?.value !== "OK") return;
    const suffix = ":new";
    const keys = Object.values(BOARD_KEYS).map((key) => [redis.key(`${key}${suffix}`), redis.key(key)] as const);
    await redis.use((client) => client.unlink(...keys.map(([made]) => made)));
    let whole = await writeGuilds(null, suffix);
    for (let after = "00000000-0000-0000-0000-000000000000"; whole && !closed; ) {
      const text = `SELECT ${COLUMNS} FROM joueurs WHERE joueur_id > $1 ORDER BY joueur_id LIMIT ${PAGE}`;
      const { rows } = await pool.query<BoardRow>(text, [after]);
      whole = await write(rows, suffix);
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) break;
      after = last.id;
    }
    await redis.use(async (client) => {
      if (whole && !closed) {
        for (const [made, key] of keys) if ((await client.exists(made)) === 1) await client.rename(made, key);
        await client.set(redis.key(FILLED), "1");
      }
      if ((await client.get(lock)) === token) await client.unlink(lock);
    });
  }

  async function work(): Promise<void> {
    if (!redis.usable) {
      filled = false;
      return;
    }
    const marker = await redis.use((client) => client.get(redis.key(FILLED)));
    if (marker === undefined) return;
    filled = marker.value === "1";
    if (!filled) await fill();
    // What changed while the boards were filled, or while Redis was away, is written after it.
    while (touched.size > 0 && !closed) {
      const ids = [...touched].slice(0, PAGE);
      const rows = await rowsOf(ids);
      const guilds = [...new Set(rows.flatMap(({ guilde }) => (guilde === null ? [] : [guilde])))];
      for (const id of ids) touched.delete(id);
      if ((await write(rows)) && (guilds.length === 0 || (await writeGuilds(guilds)))) continue;
      for (const id of ids) touched.add(id);
      return;
    }
  }

  function look(): void {
    if (closed || working !== undefined) return;
    working = work()
      .catch(onFault)
      .finally(() => {
        working = undefined;
      });
  }

  const looking = setInterval(look, LOOK_MS);
  const unsubscribe = redis.onConnect(look);
  let soon: NodeJS.Timeout | undefined;

  return {
    taken(readModel, events) {
      if (readModel !== "players") return;
      for (const { payload } of events) touched.add((payload as { readonly joueurId: string }).joueurId);
      soon ??= setTimeout(() => {
        soon = undefined;
        look();
      }, 20);
    },
    async page(board, after, limit) {
      if (!filled) return undefined;
      const found = await redis.use((client) =>
        client.zrevrange(redis.key(BOARD_KEYS[board]), after, after + limit - 1, "WITHSCORES"),
      );
      if (found === undefined) return undefined;
      return Array.from({ length: found.value.length / 2 }, (_, i) => {
        const member = found.value[2 * i] ?? "";
        return { rang: after + i + 1, id: member.slice(0, member.indexOf(":")), score: Number(found.value[2 * i + 1]) };
      });
    },
    async rankOf(board, member) {
      if (!filled) return undefined;
      const rank = await redis.use((client) => client.zrevrank(redis.key(BOARD_KEYS[board]), member));
      if (rank === undefined) return undefined;
      return rank.value === null ? null : rank.value + 1;
    },
    async close() {
      closed = true;
      clearInterval(looking);
      clearTimeout(soon);
      unsubscribe();
      await working;
    },
  };
}
