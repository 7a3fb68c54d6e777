import type pg from "pg";
import type { Catalogue } from "../domain/catalogue/catalogue.ts";
import { type Answer, refusal } from "../domain/codes.ts";
import type { ModeRules, ModesRules } from "../domain/matchmaking/modes.ts";
import type { PlayerTicket, ServiceTicket } from "../domain/matchmaking/request.ts";
import type { PlayerState } from "../domain/player/state.ts";
import { acceptMatch, cancelTicket, type Said } from "../store/matches.ts";
import {
  insertTicket,
  type Joined,
  joinParty,
  type Member,
  type NewTicket,
  readTicket,
  type Ticket,
  ticketsOfPlayers,
} from "../store/tickets.ts";
import { inTransaction } from "../store/transaction.ts";
import { derivedUuid } from "../store/uuid.ts";
import { sizesOf } from "./matchmaker.ts";

export type Refused = Answer & { readonly ok: false };
export type Ticketed = { readonly ok: true; readonly ticket: Ticket } | Refused;

/** What may be done with tickets, whichever door it comes through. Rejects when the database cannot be reached. */
export interface MatchmakingDesk {
  /** A player's own, alone or with friends; the same for a repeat of `commandId`. */
  ask(wish: PlayerTicket, joueurId: string, commandId: string): Promise<Ticketed>;
  /** A service's, for a whole party. */
  askFor(wish: ServiceTicket, serviceId: string, commandId: string): Promise<Ticketed>;
  /** Takes a ticket out of the queue, or out of a match that has not begun. */
  cancel(ticketId: string, raison: "JOUEUR" | "SERVICE"): Promise<Ticketed>;
  /** A player's yes or no to the match that was found. */
  answer(matchId: string, joueurId: string, accepte: boolean): Promise<Ticketed>;
  read(ticketId: string): Promise<Ticket | undefined>;
  /** A player's open ticket, or else its last one. */
  lastOf(joueurId: string): Promise<Ticket | undefined>;
}

export interface DeskServices {
  readonly pool: pg.Pool;
  readonly rules: ModesRules;
  readonly catalogue: () => Catalogue;
  readPlayer(id: string): Promise<PlayerState | undefined>;
  /** Tickets have changed: the matchmaker and those who watch may look. */
  onChange(): void;
}

/** ms after which a ticket is given up for which no match was found. */
export const TICKET_LIFE_MS = 1_800_000;
const UNIQUE_VIOLATION = "23505";

/** The game's own refusals: final, status 409. */
function rejected(code: string, message: string): Refused {
  return { ok: false, code, message, retryable: false };
}
const ALREADY_QUEUED = rejected("ALREADY_QUEUED", "a player is in another open ticket, and may be in one alone");

export function createMatchmakingDesk(services: DeskServices): MatchmakingDesk {
  const { pool, rules, catalogue, readPlayer, onChange } = services;
  const sizes = sizesOf(rules);

  /** [QUEUE-2] */
  async function memberOf(mode: ModeRules, joueurId: string, given?: number): Promise<Member | Refused> {
    const state = await readPlayer(joueurId);
    if (state === undefined) return refusal("NOT_FOUND", `there is no player ${joueurId}`);
    if (state.joueur.combatId !== null) return rejected("IN_COMBAT", `player ${joueurId} is in a combat`);
    return { joueurId, cote: given ?? (mode.mesure === "cote" ? state.joueur.cote : state.joueur.niveau) };
  }

  function ticketFor(
    wish: PlayerTicket | ServiceTicket,
    mode: ModeRules,
    own: Pick<NewTicket, "ticketId" | "taille" | "emetteurId">,
  ): NewTicket | Refused {
    const latenceMax = wish.latenceMax ?? mode.latenceMax;
    if ((wish.latences[wish.region] ?? 0) > latenceMax)
      return refusal("BAD_REQUEST", "the latency of the ticket's own region is more than will do");
    if (own.taille > mode.taille) return refusal("BAD_REQUEST", `a team of ${mode.mode} has ${mode.taille} at most`);
    const problem = foeProblem(mode, wish.cibleId);
    if (problem !== undefined) return problem;
    const { region, latences, cibleId = null } = wish;
    return { ...own, mode: mode.mode, region, latences, latenceMax, cibleId, dureeMs: TICKET_LIFE_MS };
  }

  function foeProblem({ mode, equipes }: ModeRules, cibleId: string | undefined): Refused | undefined {
    if (equipes === 2)
      return cibleId === undefined ? undefined : refusal("BAD_REQUEST", "teams fight each other: no cibleId");
    if (cibleId === undefined) return refusal("BAD_REQUEST", "a group says whom it wants to fight: cibleId");
    const definition = catalogue().pnj.get(cibleId)?.definition ?? undefined;
    const fights = definition?.combat !== undefined && definition.typeEntite === (mode === "BOSS" ? "BOSS" : "PNJ");
    return fights ? undefined : refusal("NOT_FOUND", `${cibleId} is not there, or does not fight in this mode`);
  }

  async function made(ticketId: string, work: () => Promise<Joined | boolean>): Promise<Ticketed> {
    let outcome: Joined | boolean;
    try {
      outcome = await work();
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION) return ALREADY_QUEUED;
      throw error;
    }
    onChange();
    const refused = typeof outcome === "boolean" ? undefined : partyProblem(outcome);
    return refused ?? found(ticketId);
  }

  async function found(ticketId: string): Promise<Ticketed> {
    const ticket = await readTicket(pool, ticketId);
    return ticket === undefined ? refusal("NOT_FOUND") : { ok: true, ticket };
  }

  async function said(ticketId: string, outcome: Said): Promise<Ticketed> {
    if (outcome !== "DONE") return saidProblem(outcome);
    onChange();
    return found(ticketId);
  }

  return {
    async ask(wish, joueurId, commandId) {
      const mode = rules[wish.mode];
      const { groupe } = wish;
      const ticketId =
        groupe === undefined
          ? derivedUuid(`ticket ${joueurId}`, commandId)
          : derivedUuid("ticket de groupe", groupe.groupeId);
      const known = await readTicket(pool, ticketId);
      if (known?.joueurs.some((one) => one.joueurId === joueurId)) return { ok: true, ticket: known };
      const ticket = ticketFor(wish, mode, { ticketId, taille: groupe?.taille ?? 1, emetteurId: null });
      if ("ok" in ticket) return ticket;
      const member = await memberOf(mode, joueurId);
      if ("ok" in member) return member;
      return made(ticketId, () =>
        groupe === undefined
          ? insertTicket(pool, ticket, "EN_ATTENTE", [member])
          : inTransaction(pool, (client) => joinParty(client, ticket, member)),
      );
    },

    async askFor(wish, serviceId, commandId) {
      const mode = rules[wish.mode];
      // All services of a tenant are one: a repeat may come with another token.
      const ticketId = derivedUuid("ticket de service", commandId);
      const known = await readTicket(pool, ticketId);
      if (known !== undefined) return { ok: true, ticket: known };
      const ids = new Set(wish.joueurs.map((one) => one.joueurId));
      if (ids.size < wish.joueurs.length) return refusal("BAD_REQUEST", "a player stands twice in one party");
      const ticket = ticketFor(wish, mode, { ticketId, taille: wish.joueurs.length, emetteurId: serviceId });
      if ("ok" in ticket) return ticket;
      const members: Member[] = [];
      for (const { joueurId, cote } of wish.joueurs) {
        const member = await memberOf(mode, joueurId, cote);
        if ("ok" in member) return member;
        members.push(member);
      }
      return made(ticketId, () => insertTicket(pool, ticket, "EN_ATTENTE", members));
    },

    async cancel(ticketId, raison) {
      const outcome = await inTransaction(pool, (client) => cancelTicket(client, ticketId, raison, sizes));
      return said(ticketId, outcome);
    },

    async answer(matchId, joueurId, accepte) {
      const mine = await ticketIn(pool, matchId, joueurId);
      if (mine === undefined) return refusal("NOT_FOUND", "there is no such match, or this player is not in it");
      const outcome = await inTransaction(pool, (client) =>
        accepte ? acceptMatch(client, matchId, joueurId) : cancelTicket(client, mine, "REFUS", sizes),
      );
      return said(mine, outcome);
    },

    read: (ticketId) => readTicket(pool, ticketId),
    lastOf: async (joueurId) => (await ticketsOfPlayers(pool, [joueurId])).get(joueurId),
  };
}

async function ticketIn(pool: pg.Pool, matchId: string, joueurId: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT ticket_id AS id FROM tickets_matchmaking JOIN joueurs_ticket USING (ticket_id) WHERE match_id = $1 AND joueur_id = $2`,
    [matchId, joueurId],
  );
  return rows[0]?.id;
}

function partyProblem(outcome: Joined): Refused | undefined {
  switch (outcome) {
    case "JOINED":
      return undefined;
    case "OTHER":
      return rejected("PARTY_DIFFERS", "the party wants another mode, size or foe");
    case "FULL":
      return rejected("PARTY_FULL", "the party has all its players");
    case "OVER":
      return rejected("PARTY_OVER", "the party has played, or was given up: begin another one");
  }
}

function saidProblem(outcome: Exclude<Said, "DONE">): Refused {
  switch (outcome) {
    case "NOT_FOUND":
      return refusal("NOT_FOUND");
    case "OVER":
      return rejected("MATCH_OVER", "the match has come to nothing, or the time to accept it is up");
    case "BEGUN":
      return rejected("MATCH_BEGUN", "the match begins, or has begun");
  }
}
