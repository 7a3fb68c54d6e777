import type pg from "pg";

type Database = Pick<pg.Pool, "query">;

export type EtatTicket = "FORMATION" | "EN_ATTENTE" | "PROPOSE" | "APPARIE" | "LANCE" | "ANNULE";
export type EtatMatch = "PROPOSE" | "PRET" | "LANCE" | "ECHOUE";

/** A ticket as those whom it concerns see it. Times are ISO 8601. */
export interface Ticket {
  readonly ticketId: string;
  readonly mode: string;
  readonly etat: EtatTicket;
  /** Why it is ANNULE: a code. */
  readonly raison: string | null;
  /** Of its players, rounded down. */
  readonly cote: number;
  readonly taille: number;
  readonly region: string;
  readonly cibleId: string | null;
  /** The service whose ticket it is; null: its players'. */
  readonly emetteurId: string | null;
  readonly joueurs: readonly { readonly joueurId: string; readonly cote: number; readonly acceptee: boolean }[];
  readonly revision: number;
  /** Since when it waits. */
  readonly creeA: string;
  readonly expireA: string;
  readonly match: TicketMatch | null;
}

export interface TicketMatch {
  readonly matchId: string;
  readonly etat: EtatMatch;
  readonly region: string;
  /** The side of this ticket's players. */
  readonly equipe: string;
  readonly echeance: string | null;
  readonly combatId: string;
}

export interface NewTicket {
  readonly ticketId: string;
  readonly mode: string;
  readonly taille: number;
  readonly region: string;
  readonly latences: Readonly<Record<string, number>>;
  readonly latenceMax: number;
  readonly cibleId: string | null;
  readonly emetteurId: string | null;
  /** ms after which it is given up, if nothing was found. */
  readonly dureeMs: number;
}

export interface Member {
  readonly joueurId: string;
  readonly cote: number;
}

const VIEW = `SELECT t.ticket_id AS "ticketId", t.mode, t.etat, t.raison, t.cote, t.taille, t.region, t.cible_id AS "cibleId",
    t.emetteur_id AS "emetteurId", t.revision, t.cree_a AS "creeA", t.expire_a AS "expireA",
    (SELECT json_agg(json_build_object('joueurId', j.joueur_id, 'cote', j.cote, 'acceptee', j.acceptee) ORDER BY j.rejoint_a, j.joueur_id)
     FROM joueurs_ticket j WHERE j.ticket_id = t.ticket_id) AS joueurs,
    m.match_id AS "matchId", m.etat AS "matchEtat", m.region AS "matchRegion", t.equipe, m.echeance, m.combat_id AS "combatId"
  FROM tickets_matchmaking t LEFT JOIN matchs m ON m.match_id = t.match_id`;

interface Row extends Omit<Ticket, "match" | "joueurs"> {
  readonly joueurs: Ticket["joueurs"] | null;
  readonly matchId: string | null;
  readonly matchEtat: EtatMatch;
  readonly matchRegion: string;
  readonly equipe: string | null;
  readonly echeance: string | null;
  readonly combatId: string;
}

function ticketOf({ matchId, matchEtat, matchRegion, equipe, echeance, combatId, joueurs, ...own }: Row): Ticket {
  const found = { region: matchRegion, equipe: equipe ?? "", echeance, combatId };
  return {
    ...own,
    joueurs: joueurs ?? [],
    match: matchId === null ? null : { matchId, etat: matchEtat, ...found },
  };
}

export async function readTickets(pool: Database, ids: readonly string[]): Promise<readonly Ticket[]> {
  const { rows } = await pool.query<Row>({
    name: "read_tickets",
    text: `${VIEW} WHERE t.ticket_id = ANY ($1::uuid[])`,
    values: [ids],
  });
  return rows.map(ticketOf);
}

export async function readTicket(pool: Database, id: string): Promise<Ticket | undefined> {
  return (await readTickets(pool, [id]))[0];
}

/** Of each player the open ticket, or else the last one. */
export async function ticketsOfPlayers(
  pool: Database,
  joueurIds: readonly string[],
): Promise<ReadonlyMap<string, Ticket>> {
  const { rows } = await pool.query<Row & { readonly joueurId: string }>({
    name: "tickets_of_players",
    text: `SELECT l.joueur_id AS "joueurId", v.* FROM (
             SELECT p.id AS joueur_id, (SELECT j.ticket_id FROM joueurs_ticket j WHERE j.joueur_id = p.id
               ORDER BY j.rejoint_a DESC LIMIT 1) AS ticket_id
             FROM unnest($1::uuid[]) AS p (id)) AS l, LATERAL (${VIEW} WHERE t.ticket_id = l.ticket_id) AS v`,
    values: [joueurIds],
  });
  return new Map(rows.map(({ joueurId, ...row }) => [joueurId, ticketOf(row)]));
}

/** What stands for a ticket as it is: another one of it means that something has changed. */
export async function ticketMarks(pool: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ id: string; mark: string }>({
    name: "ticket_marks",
    text: `SELECT ticket_id AS id, ticket_id || ' ' || revision AS mark FROM tickets_matchmaking WHERE ticket_id = ANY ($1::uuid[])`,
    values: [ids],
  });
  return new Map(rows.map(({ id, mark }) => [id, mark]));
}

/** The same of each player's open or last ticket. */
export async function playerMarks(pool: Database, joueurIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ id: string; mark: string }>({
    name: "player_marks",
    text: `SELECT p.id, l.mark FROM unnest($1::uuid[]) AS p (id), LATERAL (
             SELECT t.ticket_id || ' ' || t.revision AS mark FROM joueurs_ticket j JOIN tickets_matchmaking t USING (ticket_id)
             WHERE j.joueur_id = p.id ORDER BY j.rejoint_a DESC LIMIT 1) AS l`,
    values: [joueurIds],
  });
  return new Map(rows.map(({ id, mark }) => [id, mark]));
}

/** The match's tickets. */
export async function ticketsOfMatch(pool: Database, matchId: string): Promise<readonly Ticket[]> {
  const { rows } = await pool.query<Row>({
    name: "tickets_of_match",
    text: `${VIEW} WHERE t.match_id = $1 ORDER BY t.equipe, t.cree_a, t.ticket_id`,
    values: [matchId],
  });
  return rows.map(ticketOf);
}

/** Makes a ticket unless it is there already; in FORMATION, for players to join, or waiting with all its players. */
export async function insertTicket(
  client: Database,
  ticket: NewTicket,
  etat: "FORMATION" | "EN_ATTENTE",
  members: readonly Member[],
): Promise<boolean> {
  const cote = members.length === 0 ? 0 : Math.floor(members.reduce((sum, one) => sum + one.cote, 0) / members.length);
  // In one order, so that two parties that share players wait for each other, never in a circle.
  const sorted = members.toSorted((a, b) => (a.joueurId < b.joueurId ? -1 : 1));
  const { rowCount } = await client.query({
    name: "insert_ticket",
    text: `WITH made AS (
             INSERT INTO tickets_matchmaking
               (ticket_id, mode, etat, cote, taille, region, latences, latence_max, cible_id, emetteur_id, expire_a)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + $11::bigint * interval '1 ms')
             ON CONFLICT (ticket_id) DO NOTHING RETURNING ticket_id),
           joined AS (
             INSERT INTO joueurs_ticket (ticket_id, joueur_id, cote)
             SELECT made.ticket_id, p.* FROM made, unnest($12::uuid[], $13::int[]) AS p)
           SELECT FROM made`,
    values: [
      ticket.ticketId,
      ticket.mode,
      etat,
      cote,
      ticket.taille,
      ticket.region,
      JSON.stringify(ticket.latences),
      ticket.latenceMax,
      ticket.cibleId,
      ticket.emetteurId,
      ticket.dureeMs,
      sorted.map(({ joueurId }) => joueurId),
      sorted.map((one) => one.cote),
    ],
  });
  return rowCount === 1;
}

/** What became of joining a party. `OTHER`: it wants something else. */
export type Joined = "JOINED" | "OTHER" | "FULL" | "OVER";

/** Joins a party, which the first one makes; the last one puts it into the queue. In a transaction. */
export async function joinParty(client: Database, ticket: NewTicket, member: Member): Promise<Joined> {
  await insertTicket(client, ticket, "FORMATION", []);
  const { rows } = await client.query<{ etat: EtatTicket; mode: string; taille: number; cible: string | null }>(
    "SELECT etat, mode, taille, cible_id AS cible FROM tickets_matchmaking WHERE ticket_id = $1 FOR UPDATE",
    [ticket.ticketId],
  );
  const party = rows[0];
  const { rowCount: mine } = await client.query(
    "SELECT FROM joueurs_ticket WHERE ticket_id = $1 AND joueur_id = $2 AND ouvert",
    [ticket.ticketId, member.joueurId],
  );
  if (mine === 1) return "JOINED";
  if (party === undefined || party.etat === "ANNULE" || party.etat === "LANCE") return "OVER";
  if (party.etat !== "FORMATION") return "FULL";
  if (party.mode !== ticket.mode || party.taille !== ticket.taille || party.cible !== ticket.cibleId) return "OTHER";
  await client.query("INSERT INTO joueurs_ticket (ticket_id, joueur_id, cote) VALUES ($1, $2, $3)", [
    ticket.ticketId,
    member.joueurId,
    member.cote,
  ]);
  await client.query(
    `UPDATE tickets_matchmaking t SET revision = revision + 1, cote = p.cote,
       etat = CASE WHEN p.n = t.taille THEN 'EN_ATTENTE' ELSE t.etat END,
       cree_a = CASE WHEN p.n = t.taille THEN clock_timestamp() ELSE t.cree_a END
     FROM (SELECT count(*) AS n, floor(avg(cote))::int AS cote FROM joueurs_ticket WHERE ticket_id = $1) AS p
     WHERE t.ticket_id = $1`,
    [ticket.ticketId],
  );
  return "JOINED";
}

/** Gives up tickets that wait for what does not come. */
export async function expireTickets(client: Database, limit: number): Promise<readonly string[]> {
  return closeTickets(
    client,
    `ticket_id = ANY (ARRAY(SELECT ticket_id FROM tickets_matchmaking WHERE expire_a < clock_timestamp()
       AND etat IN ('FORMATION', 'EN_ATTENTE') ORDER BY ticket_id LIMIT $2 FOR UPDATE SKIP LOCKED))`,
    ["EXPIRE", limit],
  );
}

/** Ends tickets: nobody in them is in a queue or a match by them any more. `$1` is why. */
export async function closeTickets(
  client: Database,
  which: string,
  values: readonly unknown[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `WITH closed AS (
       UPDATE tickets_matchmaking SET etat = 'ANNULE', raison = $1, revision = revision + 1 WHERE ${which} RETURNING ticket_id),
     left_it AS (UPDATE joueurs_ticket j SET ouvert = false FROM closed WHERE j.ticket_id = closed.ticket_id)
     SELECT ticket_id AS id FROM closed`,
    [...values],
  );
  return rows.map(({ id }) => id);
}

/** Open tickets by mode and state. */
export async function countTickets(
  pool: Database,
): Promise<readonly { readonly mode: string; readonly etat: string; readonly count: number }[]> {
  const { rows } = await pool.query<{ mode: string; etat: string; count: number }>(
    `SELECT mode, etat, count(*)::int AS count FROM tickets_matchmaking
     WHERE etat IN ('FORMATION', 'EN_ATTENTE', 'PROPOSE', 'APPARIE') GROUP BY mode, etat`,
  );
  return rows;
}
