import type pg from "pg";
import { inTransaction } from "./transaction.ts";

type Database = Pick<pg.Pool, "query">;

/** A node that has not matched for so long has lost its turn, by the database's clock. */
const LAPSES_AFTER = "2 seconds";

/**
 * Does a pass if it is this node's turn, in a transaction that holds the turn's row: nothing of it is written once the node is gone, and
 * no other node matches meanwhile. Undefined: another node's turn.
 */
export async function takeTurn<T>(
  pool: pg.Pool,
  nodeId: string,
  pass: (client: pg.PoolClient, taken: boolean) => Promise<T>,
): Promise<T | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ owner: string | null; lapsed: boolean; rests: boolean }>({
      name: "matchmaker_turn",
      text: `SELECT node_id AS owner, seen_at < clock_timestamp() - interval '${LAPSES_AFTER}' AS lapsed,
               seen_at < clock_timestamp() - interval '500 ms' AS rests
             FROM matchmaker WHERE name = 'matchmaker' FOR UPDATE SKIP LOCKED`,
    });
    const turn = rows[0];
    if (turn === undefined) return undefined;
    const mine = turn.owner === nodeId;
    if (!mine && turn.owner !== null && !turn.lapsed) return undefined;
    if (!mine || turn.rests) {
      await client.query({
        name: "matchmaker_seen",
        text: "UPDATE matchmaker SET node_id = $1, seen_at = clock_timestamp() WHERE name = 'matchmaker'",
        values: [nodeId],
      });
    }
    return pass(client, !mine && turn.owner !== null);
  });
}

/** A node that ends leaves its turn to the next one. */
export async function leaveTurn(pool: Database, nodeId: string): Promise<void> {
  await pool.query("UPDATE matchmaker SET node_id = NULL WHERE name = 'matchmaker' AND node_id = $1", [nodeId]);
}

/** As the matcher takes it. Times are ms since the epoch. */
export interface WaitingRow {
  readonly ticketId: string;
  readonly cote: number;
  readonly taille: number;
  readonly region: string;
  readonly latences: Readonly<Record<string, number>>;
  readonly latenceMax: number;
  readonly cibleId: string | null;
  readonly creeA: number;
}

const WAITING = `t.ticket_id AS "ticketId", t.cote, t.taille, t.region, t.latences, t.latence_max AS "latenceMax",
  t.cible_id AS "cibleId", floor(extract(epoch FROM t.cree_a) * 1000)::float8 AS "creeA"`;

/** The database's clock, ms since the epoch: what tickets were made by. */
export async function databaseNow(client: Database): Promise<number> {
  const { rows } = await client.query<{ now: number }>({
    name: "matchmaker_now",
    text: "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now",
  });
  return rows[0]?.now ?? Date.now();
}

/** Modes in which somebody waits. */
export async function waitingModes(client: Database): Promise<readonly string[]> {
  const { rows } = await client.query<{ mode: string }>({
    name: "matchmaker_modes",
    text: "SELECT DISTINCT mode FROM tickets_matchmaking WHERE etat = 'EN_ATTENTE'",
  });
  return rows.map(({ mode }) => mode);
}

/** Those who wait longest. */
export async function waitingTickets(client: Database, mode: string, limit: number): Promise<readonly WaitingRow[]> {
  const { rows } = await client.query<WaitingRow>({
    name: "matchmaker_waiting",
    text: `SELECT ${WAITING} FROM tickets_matchmaking t WHERE t.etat = 'EN_ATTENTE' AND t.mode = $1
           ORDER BY t.cree_a, t.ticket_id LIMIT $2`,
    values: [mode, limit],
  });
  return rows;
}

export interface GroupRow {
  readonly matchId: string;
  readonly region: string;
  readonly cibleId: string | null;
  readonly libres: number;
  readonly tickets: readonly WaitingRow[];
}

/** Groups that have free places, and time; locked. */
export async function openGroups(client: Database, mode: string): Promise<readonly GroupRow[]> {
  const { rows } = await client.query<GroupRow>({
    name: "matchmaker_groups",
    text: `SELECT match_id AS "matchId", region, cible_id AS "cibleId", libres, '[]'::json AS tickets FROM matchs
           WHERE etat = 'PROPOSE' AND mode = $1 AND libres > 0 AND echeance > clock_timestamp()
           ORDER BY match_id FOR UPDATE SKIP LOCKED`,
    values: [mode],
  });
  if (rows.length === 0) return rows;
  const { rows: tickets } = await client.query<WaitingRow & { readonly matchId: string }>({
    name: "matchmaker_members",
    text: `SELECT t.match_id AS "matchId", ${WAITING} FROM tickets_matchmaking t
           WHERE t.match_id = ANY ($1::uuid[]) AND t.etat = 'PROPOSE'`,
    values: [rows.map(({ matchId }) => matchId)],
  });
  return rows.map((group) => ({ ...group, tickets: tickets.filter(({ matchId }) => matchId === group.matchId) }));
}

/** Of these tickets, those that wait still; locked. */
export async function lockWaiting(client: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>({
    name: "matchmaker_lock",
    text: `SELECT ticket_id AS id FROM tickets_matchmaking WHERE ticket_id = ANY ($1::uuid[]) AND etat = 'EN_ATTENTE'
           ORDER BY ticket_id FOR UPDATE`,
    values: [ids],
  });
  return new Set(rows.map(({ id }) => id));
}

export interface NewMatch {
  readonly matchId: string;
  readonly combatId: string;
  readonly region: string;
  readonly cibleId: string | null;
  readonly libres: number;
  readonly ecartCote: number;
  readonly tickets: readonly { readonly ticketId: string; readonly equipe: string }[];
}

/** Puts waiting tickets into matches; those have `acceptationMs` to be accepted, or are PRET at once if that is 0. */
export async function insertMatches(
  client: Database,
  mode: string,
  matches: readonly NewMatch[],
  acceptationMs: number,
): Promise<void> {
  if (matches.length === 0) return;
  await client.query({
    name: "insert_matches",
    text: `INSERT INTO matchs (match_id, mode, region, cible_id, etat, combat_id, libres, ecart_cote, echeance)
           SELECT m."matchId", $2, m.region, m."cibleId", CASE $3::int WHEN 0 THEN 'PRET' ELSE 'PROPOSE' END, m."combatId",
             CASE $3::int WHEN 0 THEN 0 ELSE m.libres END, m."ecartCote",
             CASE $3::int WHEN 0 THEN NULL ELSE clock_timestamp() + $3::int * interval '1 ms' END
           FROM jsonb_to_recordset($1) AS m ("matchId" uuid, "combatId" uuid, region text, "cibleId" uuid, libres int, "ecartCote" int)`,
    values: [JSON.stringify(matches), mode, acceptationMs],
  });
  const seats = matches.flatMap(({ matchId, tickets }) => tickets.map((one) => ({ ...one, matchId })));
  await client.query({
    name: "seat_tickets",
    text: `UPDATE tickets_matchmaking t SET etat = CASE $2::int WHEN 0 THEN 'APPARIE' ELSE 'PROPOSE' END,
             match_id = s."matchId", equipe = s.equipe, revision = revision + 1
           FROM jsonb_to_recordset($1) AS s ("ticketId" uuid, "matchId" uuid, equipe text) WHERE t.ticket_id = s."ticketId"`,
    values: [JSON.stringify(seats), acceptationMs],
  });
}

/** Adds waiting tickets to a group, which has at least `acceptationMs` again from now. */
export async function joinGroup(
  client: Database,
  matchId: string,
  tickets: readonly string[],
  places: number,
  acceptationMs: number,
): Promise<void> {
  await client.query(
    `UPDATE matchs SET libres = libres - $2, echeance = greatest(echeance, clock_timestamp() + $3::int * interval '1 ms')
     WHERE match_id = $1`,
    [matchId, places, acceptationMs],
  );
  await client.query(
    "UPDATE tickets_matchmaking SET etat = 'PROPOSE', match_id = $1, equipe = 'A', revision = revision + 1 WHERE ticket_id = ANY ($2::uuid[])",
    [matchId, tickets],
  );
  // Those who are in it see who has come.
  await client.query(
    "UPDATE tickets_matchmaking SET revision = revision + 1 WHERE match_id = $1 AND NOT ticket_id = ANY ($2::uuid[])",
    [matchId, tickets],
  );
}
