import type pg from "pg";
import { closeTickets, type EtatMatch, type EtatTicket, insertTicket, type Member, type NewTicket } from "./tickets.ts";

type Database = Pick<pg.Pool, "query">;

/** What a mode asks of a match: one team that may go without being full, from so many players on; or two full teams. */
export interface MatchSizes {
  readonly group: boolean;
  readonly minimum: number;
}

/** What became of a player's yes or no, or of a cancellation. */
export type Said =
  | "DONE"
  /** There is no such thing, or this player is not in it. */
  | "NOT_FOUND"
  /** It has come to nothing, or the time is up. */
  | "OVER"
  /** The combat is about to begin, or has begun. */
  | "BEGUN";

interface LockedMatch {
  readonly matchId: string;
  readonly mode: string;
  readonly etat: EtatMatch;
  readonly libres: number;
  readonly late: boolean;
}

/** Who changes a match and its tickets locks the match first. */
async function lockMatch(client: Database, matchId: string): Promise<LockedMatch | undefined> {
  const { rows } = await client.query<LockedMatch>(
    `SELECT match_id AS "matchId", mode, etat, libres, coalesce(echeance <= clock_timestamp(), false) AS late
     FROM matchs WHERE match_id = $1 FOR UPDATE`,
    [matchId],
  );
  return rows[0];
}

interface MatchTicket {
  readonly ticketId: string;
  readonly taille: number;
  readonly accepted: boolean;
}

async function lockTickets(client: Database, matchId: string): Promise<readonly MatchTicket[]> {
  const { rows } = await client.query<MatchTicket>(
    `SELECT t.ticket_id AS "ticketId", t.taille,
       NOT EXISTS (SELECT FROM joueurs_ticket j WHERE j.ticket_id = t.ticket_id AND NOT j.acceptee) AS accepted
     FROM tickets_matchmaking t WHERE t.match_id = $1 AND t.etat IN ('PROPOSE', 'APPARIE') ORDER BY t.ticket_id FOR UPDATE OF t`,
    [matchId],
  );
  return rows;
}

/** Takes a player's yes. In a transaction, as all that follow. */
export async function acceptMatch(client: Database, matchId: string, joueurId: string): Promise<Said> {
  const match = await lockMatch(client, matchId);
  if (match === undefined) return "NOT_FOUND";
  const { rows } = await client.query<{ acceptee: boolean }>(
    `SELECT j.acceptee FROM joueurs_ticket j JOIN tickets_matchmaking t USING (ticket_id) WHERE t.match_id = $1 AND j.joueur_id = $2`,
    [matchId, joueurId],
  );
  const mine = rows[0];
  if (mine === undefined) return "NOT_FOUND";
  if (match.etat === "ECHOUE") return "OVER";
  if (mine.acceptee || match.etat !== "PROPOSE") return "DONE";
  if (match.late) return "OVER";
  const tickets = await lockTickets(client, matchId);
  await client.query(
    `UPDATE joueurs_ticket SET acceptee = true WHERE joueur_id = $2
       AND ticket_id = ANY (SELECT ticket_id FROM tickets_matchmaking WHERE match_id = $1)`,
    [matchId, joueurId],
  );
  await client.query(
    "UPDATE tickets_matchmaking SET revision = revision + 1 WHERE match_id = $1 AND etat = 'PROPOSE'",
    [matchId],
  );
  const after = await lockTickets(client, matchId);
  if (tickets.length > 0 && match.libres === 0 && after.every(({ accepted }) => accepted)) await ready(client, matchId);
  return "DONE";
}

/** [QUEUE-7]: everybody has said yes. */
async function ready(client: Database, matchId: string): Promise<void> {
  await client.query("UPDATE matchs SET etat = 'PRET', libres = 0, echeance = NULL WHERE match_id = $1", [matchId]);
  await client.query(
    "UPDATE tickets_matchmaking SET etat = 'APPARIE', revision = revision + 1 WHERE match_id = $1 AND etat = 'PROPOSE'",
    [matchId],
  );
}

/** Takes a ticket out of wherever it is: out of the queue, or out of a match that nobody has begun. */
export async function cancelTicket(
  client: Database,
  ticketId: string,
  raison: string,
  sizesOf: (mode: string) => MatchSizes,
): Promise<Said> {
  const seen = await client.query<{ match: string | null }>(
    "SELECT match_id AS match FROM tickets_matchmaking WHERE ticket_id = $1",
    [ticketId],
  );
  if (seen.rows[0] === undefined) return "NOT_FOUND";
  const inMatch = seen.rows[0].match;
  const match = inMatch === null ? undefined : await lockMatch(client, inMatch);
  const { rows } = await client.query<{ etat: EtatTicket; match: string | null; taille: number }>(
    "SELECT etat, match_id AS match, taille FROM tickets_matchmaking WHERE ticket_id = $1 FOR UPDATE",
    [ticketId],
  );
  const ticket = rows[0];
  if (ticket === undefined) return "NOT_FOUND";
  switch (ticket.etat) {
    case "ANNULE":
      return "DONE";
    case "APPARIE":
    case "LANCE":
      return "BEGUN";
    case "FORMATION":
    case "EN_ATTENTE":
      await closeTickets(client, "ticket_id = $2", [raison, ticketId]);
      return "DONE";
    case "PROPOSE":
      // Put into a match since it was looked at. Locks are not in their order now: should that be a deadlock, it is done again.
      if (match === undefined || match.matchId !== ticket.match) return cancelTicket(client, ticketId, raison, sizesOf);
      await leaveMatch(client, match, [ticketId], raison, sizesOf(match.mode));
      return "DONE";
  }
}

/** [QUEUE-7], [QUEUE-8]: a group waits for others to come in their place; two teams come to nothing. */
async function leaveMatch(
  client: Database,
  match: LockedMatch,
  leaving: readonly string[],
  raison: string,
  { group }: MatchSizes,
): Promise<void> {
  const tickets = await lockTickets(client, match.matchId);
  await closeTickets(client, "ticket_id = ANY ($2)", [raison, leaving]);
  const left = tickets.filter(({ ticketId }) => !leaving.includes(ticketId));
  if (!group || left.length === 0) {
    await dissolve(client, match.matchId, raison);
    return;
  }
  const freed = tickets.filter(({ ticketId }) => leaving.includes(ticketId)).reduce((sum, one) => sum + one.taille, 0);
  await client.query("UPDATE matchs SET libres = libres + $2 WHERE match_id = $1", [match.matchId, freed]);
}

/** A match comes to nothing; whoever is left in it waits on, for as long as it has waited already. */
export async function dissolve(client: Database, matchId: string, raison: string): Promise<void> {
  await client.query("UPDATE matchs SET etat = 'ECHOUE', raison = $2, libres = 0 WHERE match_id = $1", [
    matchId,
    raison,
  ]);
  await client.query(
    `WITH back AS (
       UPDATE tickets_matchmaking SET etat = 'EN_ATTENTE', match_id = NULL, equipe = NULL, revision = revision + 1
       WHERE match_id = $1 AND etat IN ('PROPOSE', 'APPARIE') RETURNING ticket_id)
     UPDATE joueurs_ticket j SET acceptee = false FROM back WHERE j.ticket_id = back.ticket_id`,
    [matchId],
  );
}

/** [QUEUE-7]: the time is up. Who has not said yes is out; a group that is large enough without them goes. */
export async function endLate(client: Database, limit: number, sizesOf: (mode: string) => MatchSizes): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT match_id AS id FROM matchs WHERE etat = 'PROPOSE' AND echeance <= clock_timestamp()
     ORDER BY match_id LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit],
  );
  for (const { id } of rows) {
    const match = await lockMatch(client, id);
    if (match === undefined) continue;
    const tickets = await lockTickets(client, id);
    const absent = tickets.filter(({ accepted }) => !accepted).map(({ ticketId }) => ticketId);
    const there = tickets.filter(({ accepted }) => accepted);
    const { group, minimum } = sizesOf(match.mode);
    if (absent.length > 0) await closeTickets(client, "ticket_id = ANY ($2)", ["ABSENCE", absent]);
    if (group && there.reduce((sum, { taille }) => sum + taille, 0) >= minimum) await ready(client, id);
    else await dissolve(client, id, "ABSENCE");
  }
  return rows.length;
}

/** A match whose combat is to begin. */
export interface ReadyMatch {
  readonly matchId: string;
  readonly combatId: string;
  readonly mode: string;
  readonly cibleId: string | null;
  readonly definition: unknown;
  readonly emetteurId: string | null;
  readonly ecartCote: number;
  readonly joueurs: readonly { readonly joueurId: string; readonly equipe: string; readonly ticketId: string }[];
  /** Of each ticket, how long it has waited until the match was found, in seconds. */
  readonly attentes: readonly number[];
}

/** Those that nobody has begun yet, the oldest first; or one of them. */
export async function readyMatches(pool: Database, limit: number, only?: string): Promise<readonly ReadyMatch[]> {
  const { rows } = await pool.query<ReadyMatch>({
    name: "ready_matches",
    text: `SELECT m.match_id AS "matchId", m.combat_id AS "combatId", m.mode, m.cible_id AS "cibleId", m.definition,
             m.emetteur_id AS "emetteurId", m.ecart_cote AS "ecartCote",
             (SELECT coalesce(json_agg(json_build_object('joueurId', j.joueur_id, 'equipe', t.equipe, 'ticketId', t.ticket_id)
                ORDER BY t.equipe, t.cree_a, j.rejoint_a, j.joueur_id), '[]')
              FROM tickets_matchmaking t JOIN joueurs_ticket j USING (ticket_id)
              WHERE t.match_id = m.match_id AND t.etat = 'APPARIE') AS joueurs,
             (SELECT coalesce(json_agg(extract(epoch FROM m.cree_a - t.cree_a)), '[]')
              FROM tickets_matchmaking t WHERE t.match_id = m.match_id AND t.etat = 'APPARIE') AS attentes
           FROM matchs m WHERE m.etat = 'PRET' AND ($2::uuid IS NULL OR m.match_id = $2) ORDER BY m.cree_a LIMIT $1`,
    values: [limit, only ?? null],
  });
  return rows;
}

/** The combat cannot begin. The guilty tickets are cancelled, the others wait on. False: it has begun after all, or was given up before. */
export async function giveUp(
  client: Database,
  matchId: string,
  raison: string,
  guilty: readonly string[],
): Promise<boolean> {
  const match = await lockMatch(client, matchId);
  if (match?.etat !== "PRET") return false;
  await lockTickets(client, matchId);
  if (guilty.length > 0) await closeTickets(client, "ticket_id = ANY ($2)", [raison, guilty]);
  await dissolve(client, matchId, raison);
  return true;
}

/** A service's own match: at once PRET, a ticket for each of its teams. False: it is there already. */
export async function insertServiceMatch(
  client: Database,
  match: { readonly matchId: string; readonly combatId: string; readonly mode: string; readonly definition: unknown },
  emetteurId: string,
  teams: readonly { readonly ticket: NewTicket; readonly equipe: string; readonly members: readonly Member[] }[],
): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO matchs (match_id, mode, region, etat, combat_id, definition, emetteur_id)
     VALUES ($1, $2, '', 'PRET', $3, $4, $5) ON CONFLICT (match_id) DO NOTHING`,
    [match.matchId, match.mode, match.combatId, JSON.stringify(match.definition), emetteurId],
  );
  if (rowCount !== 1) return false;
  for (const { ticket, equipe, members } of teams) {
    await insertTicket(client, ticket, "EN_ATTENTE", members);
    await client.query(
      "UPDATE tickets_matchmaking SET etat = 'APPARIE', match_id = $2, equipe = $3 WHERE ticket_id = $1",
      [ticket.ticketId, match.matchId, equipe],
    );
  }
  return true;
}

export async function readMatch(
  pool: Database,
  matchId: string,
): Promise<{ readonly etat: EtatMatch; readonly raison: string | null; readonly combatId: string } | undefined> {
  const { rows } = await pool.query(`SELECT etat, raison, combat_id AS "combatId" FROM matchs WHERE match_id = $1`, [
    matchId,
  ]);
  return rows[0] as { etat: EtatMatch; raison: string | null; combatId: string } | undefined;
}
