import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { playerTicket, serviceTicket } from "../../domain/matchmaking/request.ts";
import { type CombatStartBody, combatStartBody } from "../../rooms/combat-start.ts";
import type { MatchmakingDesk, Ticketed } from "../../rooms/matchmaking-desk.ts";
import type { Matched } from "../../rooms/matchmaking-service-match.ts";
import type { TicketWatch } from "../../rooms/matchmaking-watch.ts";
import type { Principal } from "../../rooms/principal.ts";
import { wireId } from "../../rooms/wire.ts";
import type { Ticket } from "../../store/tickets.ts";
import { commandIdOf, type Door, idIn, NO_ID, type Reply } from "../http.ts";
import { begunAnswer, matchAnswer, publishBegun, publishTicket, ticketAnswer } from "./matchmaking-answers.ts";

export interface MatchmakingRouteServices {
  readonly desk: MatchmakingDesk;
  readonly watch: TicketWatch;
  serviceMatch(body: CombatStartBody, call: { serviceId: string; commandId: string }): Promise<Matched>;
  readMatch(matchId: string): Promise<z.output<typeof matchAnswer> | undefined>;
}

const NOT_THERE = refusal("NOT_FOUND", "there is no such ticket, or it is not yours");
/** Of a service the answer is one of its players'. */
const answerBody = z.strictObject({ accepte: z.boolean(), joueurId: wireId.optional() });
/** s that a look waits for a change at most: proxies cut longer silences. */
const LONGEST_WAIT_S = 30;
const waitQuery = z.strictObject({
  wait: z.coerce.number().min(0).max(LONGEST_WAIT_S).default(0),
  depuis: z.coerce.number().int().min(0).optional(),
});

/** `/matchmaking/*`: for an outside service as well as for clients. */
export function matchmakingRoutes(api: FastifyInstance, door: Door, services: MatchmakingRouteServices): void {
  const { desk, watch } = services;

  function respond(reply: Reply<never>, result: Ticketed, status = 200): FastifyReply {
    return result.ok ? reply.code(status).send(publishTicket(result.ticket) as never) : door.problem(reply, result);
  }

  /** The one that the path names; undefined: there is none that the caller may know of. */
  async function ticketOf(who: Principal, request: FastifyRequest): Promise<Ticket | undefined> {
    const id = idIn(request, "id");
    const ticket = id === undefined ? undefined : await desk.read(id);
    const own = who.role !== "joueur" || ticket?.joueurs.some(({ joueurId }) => joueurId === who.userId);
    return own ? ticket : undefined;
  }

  api.post(
    "/matchmaking/tickets",
    door.guarded(
      {
        does: "Puts a player, or a service's party, into a mode's queue, once for one Idempotency-Key; players of one `groupeId` into one ticket.",
        roles: ["joueur", "service"],
        takes: z.looseObject({}),
        refuses: ["NOT_FOUND"],
        holds: z.union([playerTicket, serviceTicket]),
        status: 201,
        gives: ticketAnswer,
      },
      async ({ who, body, request, reply }) => {
        const commandId = commandIdOf(request);
        if (commandId === undefined) return door.problem(reply, NO_ID);
        if (who.role === "service") {
          const wish = serviceTicket.safeParse(body);
          if (!wish.success) return door.problem(reply, refusal("BAD_REQUEST", z.prettifyError(wish.error)));
          return respond(reply, await desk.askFor(wish.data, who.userId, commandId), 201);
        }
        const wish = playerTicket.safeParse(body);
        if (!wish.success) return door.problem(reply, refusal("BAD_REQUEST", z.prettifyError(wish.error)));
        return respond(reply, await desk.ask(wish.data, who.userId, commandId), 201);
      },
    ),
  );

  api.get(
    "/matchmaking/tickets",
    door.guarded(
      {
        does: "The caller's open ticket, or else its last one.",
        roles: ["joueur"],
        takes: z.strictObject({}),
        refuses: ["NOT_FOUND"],
        gives: ticketAnswer,
      },
      async ({ who, reply }) => {
        const ticket = await desk.lastOf(who.userId);
        return ticket === undefined ? door.problem(reply, NOT_THERE) : reply.send(publishTicket(ticket));
      },
    ),
  );

  api.get(
    "/matchmaking/tickets/:id",
    door.guarded(
      {
        does: "A ticket; with `wait` (seconds) once its revision is beyond `depuis`, or the one that it has now.",
        roles: ["joueur", "service", "admin"],
        takes: waitQuery,
        gives: ticketAnswer,
      },
      async ({ who, body: { wait, depuis }, request, reply }) => {
        const ticket = await ticketOf(who, request);
        if (ticket === undefined) return door.problem(reply, NOT_THERE);
        const after = depuis ?? ticket.revision;
        if (wait === 0 || ticket.revision > after) return reply.send(publishTicket(ticket));
        const later = await watch.beyond(ticket.ticketId, after, wait * 1_000);
        return reply.send(publishTicket(later ?? ticket));
      },
    ),
  );

  api.delete(
    "/matchmaking/tickets/:id",
    door.guarded(
      {
        does: "Takes a ticket out of the queue, or out of a match that has not begun; again, it is out already.",
        roles: ["joueur", "service"],
        takes: z.strictObject({}),
        gives: ticketAnswer,
      },
      async ({ who, request, reply }) => {
        const ticket = await ticketOf(who, request);
        if (ticket === undefined) return door.problem(reply, NOT_THERE);
        return respond(reply, await desk.cancel(ticket.ticketId, who.role === "joueur" ? "JOUEUR" : "SERVICE"));
      },
    ),
  );

  api.post(
    "/matchmaking/matches",
    door.guarded(
      {
        does: "A service's own match, once for one Idempotency-Key: participants in, as for `POST /combat/start`; the combat and its players' seats out.",
        roles: ["service"],
        takes: combatStartBody,
        refuses: ["NOT_FOUND"],
        status: 201,
        gives: begunAnswer,
      },
      async ({ who, body, request, reply }) => {
        const commandId = commandIdOf(request);
        if (commandId === undefined) return door.problem(reply, NO_ID);
        const matched = await services.serviceMatch(body, { serviceId: who.userId, commandId });
        return matched.ok ? reply.code(201).send(publishBegun(matched)) : door.problem(reply, matched);
      },
    ),
  );

  api.get(
    "/matchmaking/matches/:id",
    door.guarded(
      {
        does: "A match, and its players' seats.",
        roles: ["service", "admin"],
        takes: z.strictObject({}),
        gives: matchAnswer,
      },
      async ({ request, reply }) => {
        const id = idIn(request, "id");
        const match = id === undefined ? undefined : await services.readMatch(id);
        return match === undefined ? door.problem(reply, refusal("NOT_FOUND")) : reply.send(match);
      },
    ),
  );

  api.post(
    "/matchmaking/matches/:id/answer",
    door.guarded(
      {
        does: "A player's yes or no to the match that was found; a service says whose.",
        roles: ["joueur", "service"],
        takes: answerBody,
        gives: ticketAnswer,
      },
      async ({ who, body: { accepte, joueurId }, request, reply }) => {
        const id = idIn(request, "id");
        if (id === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        const player = who.role === "joueur" ? who.userId : joueurId;
        if (player === undefined)
          return door.problem(reply, refusal("BAD_REQUEST", "a service says whose answer it is"));
        return respond(reply, await desk.answer(id, player, accepte));
      },
    ),
  );
}
