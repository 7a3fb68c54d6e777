import type { Reader } from "./player-queries.ts";
import type { JoueurRow } from "./player-rows.ts";
import type { Transaction } from "./projector.ts";

/** Changes that are kept: a Redis that has missed more is filled anew, which costs about as much. */
const KEPT = 500_000;
/** Changes between two looks for those that are too old. */
const LOOK_EVERY = 1_000;

const placed = (row: JoueurRow): string =>
  JSON.stringify([row.pseudo, row.niveau, row.experience, row.statistiques_jeu["score_arene"] ?? null, teamed(row)]);
const teamed = (row: JoueurRow): string => JSON.stringify([row.guilde_id, row.guilde_nom, row.niveau]);

/** Notes whose place in a leaderboard may change with these rows. In the transaction that writes them. */
export async function recordChanges(
  transaction: Transaction,
  rows: readonly { readonly before: JoueurRow | undefined; readonly after: JoueurRow }[],
): Promise<void> {
  const changed = rows.flatMap(({ before, after }) => {
    if (before !== undefined && placed(before) === placed(after)) return [];
    const guildes = [before?.guilde_id ?? null, after.guilde_id].filter((id) => id !== null);
    const same = guildes.length === 0 || (before !== undefined && teamed(before) === teamed(after));
    return [{ joueur_id: after.joueur_id, pseudo: before?.pseudo, guildes: same ? null : guildes }];
  });
  if (changed.length === 0) return;
  const { rows: numbers } = await transaction.query<{ first: number; last: number }>(
    `WITH noted AS (INSERT INTO leaderboard_changes (joueur_id, pseudo, guildes)
       SELECT * FROM json_to_recordset($1) AS t (joueur_id uuid, pseudo text, guildes text[]) RETURNING revision)
     SELECT min(revision) AS first, max(revision) AS last FROM noted`,
    [JSON.stringify(changed)],
  );
  const { first = 0, last = 0 } = numbers[0] ?? {};
  if (Math.floor(last / LOOK_EVERY) === Math.floor((first - 1) / LOOK_EVERY)) return;
  await transaction.query("DELETE FROM leaderboard_changes WHERE revision <= $1", [last - KEPT]);
}

/** A player as leaderboards have it. */
export interface BoardRow {
  readonly id: string;
  readonly pseudo: string;
  readonly niveau: number;
  readonly experience: number;
  /** Null: not rated. */
  readonly cote: number | null;
}

/** A player that has changed. */
export interface BoardChange {
  readonly revision: number;
  readonly id: string;
  /** Before; null where there was none. */
  readonly wasPseudo: string | null;
  readonly guildes: readonly string[] | null;
  /** As it is; null: gone. */
  readonly row: BoardRow | null;
}

/** Where the changes stand: those that are kept are the ones from `oldest` on. */
export interface Head {
  /** Of the table: another one has nothing to do with the numbers of this one. */
  readonly generation: number;
  /** 0: there are none. */
  readonly oldest: number;
  readonly newest: number;
  /** Everything in the log up to here, dead letters aside, is in the rows. */
  readonly position: number;
}

const HEAD = `SELECT to_regclass('leaderboard_changes')::oid::bigint AS generation, coalesce(min(revision), 0) AS oldest,
  coalesce(max(revision), 0) AS newest,
  coalesce((SELECT position FROM consumer_checkpoints WHERE name = 'players'), 0) AS position FROM leaderboard_changes`;
const ROW = `joueur_id AS id, pseudo, niveau, experience::float8 AS experience,
  (statistiques_jeu->>'score_arene')::int AS cote`;

export async function readHead(reader: Reader): Promise<Head> {
  const { rows } = await reader.query<Head>({ name: "board_head", text: HEAD });
  const [head] = rows;
  if (head === undefined) throw new Error("an aggregate has one row");
  return head;
}

/** The next changes with the rows as they are, and the head, all of one moment. */
export async function changesAfter(
  reader: Reader,
  revision: number,
  limit: number,
): Promise<{ readonly head: Head; readonly changes: readonly BoardChange[] }> {
  const { rows } = await reader.query<Head & { changes: readonly BoardChange[] }>({
    name: "board_changes",
    text: `SELECT h.*, coalesce((SELECT json_agg(p ORDER BY p.revision) FROM (
        SELECT revision, joueur_id AS id, c.pseudo AS "wasPseudo", guildes,
          (SELECT to_json(j) FROM (SELECT ${ROW} FROM joueurs WHERE joueur_id = c.joueur_id) AS j) AS row
          FROM (SELECT * FROM leaderboard_changes WHERE revision > $1 ORDER BY revision LIMIT $2) AS c) AS p), '[]') AS changes
      FROM (${HEAD}) AS h`,
    values: [revision, limit],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("an aggregate has one row");
  const { changes, ...head } = row;
  return { head, changes };
}

export async function playersAfter(reader: Reader, id: string, limit: number): Promise<readonly BoardRow[]> {
  const text = `SELECT ${ROW} FROM joueurs WHERE joueur_id > $1 ORDER BY joueur_id LIMIT $2`;
  return (await reader.query<BoardRow>(text, [id, limit])).rows;
}

export interface GuildRow {
  readonly id: string;
  readonly nom: string;
  readonly points: number;
}

const GUILD = "guilde_id AS id, coalesce(max(guilde_nom), '') AS nom, sum(niveau)::float8 AS points";

/** Those that have members. */
export async function guildsOf(reader: Reader, ids: readonly string[]): Promise<readonly GuildRow[]> {
  if (ids.length === 0) return [];
  const text = `SELECT ${GUILD} FROM joueurs WHERE guilde_id = ANY ($1) GROUP BY guilde_id`;
  return (await reader.query<GuildRow>(text, [ids])).rows;
}

export async function guildsAfter(reader: Reader, id: string, limit: number): Promise<readonly GuildRow[]> {
  const text = `SELECT ${GUILD} FROM joueurs WHERE guilde_id > $1 GROUP BY guilde_id ORDER BY guilde_id LIMIT $2`;
  return (await reader.query<GuildRow>(text, [id, limit])).rows;
}
