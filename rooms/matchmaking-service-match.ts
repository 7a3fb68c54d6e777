import type pg from "pg";
import { type Answer, refusal } from "../domain/codes.ts";
import { insertServiceMatch, type ReadyMatch, readMatch, readyMatches } from "../store/matches.ts";
import { type Ticket, ticketsOfMatch } from "../store/tickets.ts";
import { inTransaction } from "../store/transaction.ts";
import { derivedUuid } from "../store/uuid.ts";
import type { CombatStartBody } from "./combat-start.ts";
import { combatOf } from "./matchmaker.ts";
import { TICKET_LIFE_MS } from "./matchmaking-desk.ts";

/** Where a player of a match goes: the room and the options with which to join it. */
export interface Seat {
  readonly joueurId: string;
  readonly equipe: string;
  readonly room: "combat";
  readonly options: { readonly combatId: string };
}

export type Matched =
  | { readonly ok: true; readonly matchId: string; readonly combatId: string; readonly seats: readonly Seat[] }
  | (Answer & { readonly ok: false });

/** Of a match that is no queue's. */
export const SERVICE_MODE = "SERVICE";
const UNIQUE_VIOLATION = "23505";

export function seatsOf(tickets: readonly Ticket[], combatId: string): readonly Seat[] {
  return tickets.flatMap(({ joueurs, match }) =>
    joueurs.map(
      ({ joueurId }): Seat => ({
        joueurId,
        equipe: match?.equipe ?? "",
        room: "combat",
        options: { combatId },
      }),
    ),
  );
}

/**
 * A match that a service has made by itself. Its players are held in it as a queue's are, so that no queue takes them meanwhile; then its
 * combat begins as any match's does, here or, should this node die, wherever the matchmaker runs. The same for a repeat of `commandId`.
 */
export async function serviceMatch(
  body: CombatStartBody,
  call: { readonly serviceId: string; readonly commandId: string },
  { pool, begin }: { readonly pool: pg.Pool; begin(match: ReadyMatch): Promise<Answer> },
): Promise<Matched> {
  const matchId = derivedUuid("match de service", call.commandId);
  const combatId = combatOf(matchId);
  const players = body.participants.filter((one) => one.typeEntite === "JOUEUR");
  const ids = players.map(({ entiteId }) => entiteId.toLowerCase());
  if (new Set(ids).size < ids.length) return refusal("BAD_REQUEST", "a player can take part only once");
  const teams = [...new Set(players.map(({ equipe }) => equipe))].map((equipe) => {
    const members = players
      .filter((one) => one.equipe === equipe)
      .map(({ entiteId }) => ({ joueurId: entiteId.toLowerCase(), cote: 0 }));
    const ticketId = derivedUuid(`equipe ${equipe}`, matchId);
    const place = { region: "", latences: {}, latenceMax: 0, cibleId: null };
    const own = { ticketId, mode: SERVICE_MODE, taille: members.length, emetteurId: call.serviceId };
    return { equipe, members, ticket: { ...own, ...place, dureeMs: TICKET_LIFE_MS } };
  });
  const match = { matchId, combatId, mode: SERVICE_MODE, definition: body };
  try {
    await inTransaction(pool, (client) => insertServiceMatch(client, match, call.serviceId, teams));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION)
      return { ok: false, code: "ALREADY_QUEUED", message: "a player is in an open ticket", retryable: false };
    throw error;
  }
  const [ready] = await readyMatches(pool, 1, matchId);
  if (ready !== undefined) {
    const answer = await begin(ready);
    if (!answer.ok && answer.code !== "NOT_FOUND") return answer;
    if (!answer.ok && (await readMatch(pool, matchId))?.etat !== "LANCE") return answer;
  }
  const now = await readMatch(pool, matchId);
  if (now?.etat === "ECHOUE")
    return { ok: false, code: now.raison ?? "MATCH_OVER", message: "the match could not begin", retryable: false };
  if (now?.etat !== "LANCE") return refusal("UNAVAILABLE");
  return { ok: true, matchId, combatId, seats: seatsOf(await ticketsOfMatch(pool, matchId), combatId) };
}
