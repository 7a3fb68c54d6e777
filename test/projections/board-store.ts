import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type pg from "pg";
import { memberOf } from "../../projections/board-keys.ts";
import { levelScore } from "../../projections/board-placings.ts";
import type { Reader } from "../../projections/player-queries.ts";
import { type JoueurRow, PlayerRows } from "../../projections/player-rows.ts";

export const playerId = (n: number): string => `b0a4d000-0000-4000-8000-${String(n).padStart(12, "0")}`;

const FRESH: Omit<JoueurRow, "joueur_id" | "username" | "pseudo"> = {
  ...{
    classe: "MAGE",
    niveau: 1,
    experience: 0,
    experience_prochain_niveau: 100,
    stats_base: {},
    stats_equipement: {},
  },
  ...{ stats_totales: {}, or: 0, guilde_id: null, guilde_nom: null, reputation: {}, derniere_connexion: null },
  ...{ statistiques_jeu: { score_arene: 1_000 }, cree_a: "2026-01-01T00:00:00.000Z", last_event_sequence: 1 },
  ...{ updated_at: "2026-01-01T00:00:00.000Z", sequences: {}, pseudo_recherche: "" },
};

export type Change = Partial<JoueurRow> & { readonly n: number };

/** Changes players' rows as the projector does: with its checkpoint's row, which moves by one. Answers where it is then. */
export async function change(pool: pg.Pool, changes: readonly Change[]): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("INSERT INTO consumer_checkpoints (name) VALUES ('players') ON CONFLICT (name) DO NOTHING");
    const { rows: moved } = await client.query<{ position: number }>(
      "UPDATE consumer_checkpoints SET position = position + 1 WHERE name = 'players' RETURNING position",
    );
    const rows = new PlayerRows();
    await rows.joueurs.load(client, "joueur_id", new Set(changes.map(({ n }) => playerId(n))));
    for (const { n, ...changed } of changes) {
      const id = playerId(n);
      const before = rows.joueurs.get(id) ?? { ...FRESH, joueur_id: id, username: `u${n}`, pseudo: `p${n}` };
      rows.joueurs.put({ ...before, ...changed });
    }
    await rows.save(client);
    await client.query("COMMIT");
    return moved[0]?.position ?? 0;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

export type BoardsFound = Readonly<Record<"level" | "arena" | "guild", Readonly<Record<string, number>>>>;

/** What the boards have to be for the players' rows. */
export async function boardsOf(pool: pg.Pool): Promise<BoardsFound> {
  const { rows } = await pool.query<JoueurRow>("SELECT * FROM joueurs ORDER BY joueur_id");
  const guilds = Map.groupBy(rows, ({ guilde_id }) => guilde_id);
  guilds.delete(null);
  return {
    level: Object.fromEntries(
      rows.map((row) => [memberOf(row.joueur_id, row.pseudo), levelScore(row.niveau, row.experience)]),
    ),
    arena: Object.fromEntries(
      rows.map((row) => [memberOf(row.joueur_id, row.pseudo), row.statistiques_jeu["score_arene"] ?? 0]),
    ),
    guild: Object.fromEntries(
      [...guilds].map(([id, members]) => [
        memberOf(
          String(id),
          members
            .map(({ guilde_nom }) => String(guilde_nom))
            .toSorted()
            .at(-1) ?? "",
        ),
        members.reduce((sum, { niveau }) => sum + niveau, 0),
      ]),
    ),
  };
}

export async function boardsIn(redis: Redis, prefix: string): Promise<BoardsFound> {
  const board = async (name: string): Promise<Record<string, number>> => {
    const found = await redis.zrange(`${prefix}leaderboard:${name}`, "0", "-1", "WITHSCORES");
    return Object.fromEntries(
      Array.from({ length: found.length / 2 }, (_, n) => [String(found[2 * n]), Number(found[2 * n + 1])]),
    );
  };
  return { level: await board("level"), arena: await board("arena"), guild: await board("guild") };
}

/** A database whose answers come late, each by another while. */
export function lateReader(pool: pg.Pool, chance: () => number, mostMs: number): Reader {
  const query = async (given: pg.QueryConfig | string, values?: unknown[]): Promise<unknown> => {
    const result = await pool.query(given as string, values);
    await sleep(chance() * mostMs);
    return result;
  };
  return { query } as Reader;
}
