import { z } from "zod";
import { type Answer, refusal } from "../domain/codes.ts";
import { mode } from "../domain/matchmaking/modes.ts";
import { playerTicket } from "../domain/matchmaking/request.ts";
import type { Running } from "./actors.ts";
import { createRoomClass, type RoomCall, type RoomKind, type RoomServices } from "./aggregate-room.ts";
import type { MatchmakingDesk, Ticketed } from "./matchmaking-desk.ts";
import { MatchmakingView, type OwnTicket, projectTicket } from "./matchmaking-view.ts";
import type { TicketWatch } from "./matchmaking-watch.ts";
import { typesOf } from "./wire.ts";

/** What a client may send; the mode is the one with which it joined. */
export const matchmakingMessage = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ChercherMatch"), ...playerTicket.omit({ mode: true }).shape }),
  z.strictObject({ type: z.literal("AnnulerRecherche") }),
  z.strictObject({ type: z.literal("RepondreMatch"), matchId: z.uuid().toLowerCase(), accepte: z.boolean() }),
]);

export interface MatchmakingRoomServices extends RoomServices {
  readonly desk: MatchmakingDesk;
  readonly watch: TicketWatch;
}

/** The room `matchmaking`: a player's ticket as it stands, from the queue to the combat (contract: "Rooms"). */
export function createMatchmakingRoom({ desk, watch, ...services }: MatchmakingRoomServices) {
  const { telemetry } = services;

  async function perform(message: unknown, joueurId: string, call: RoomCall): Promise<Answer> {
    const parsed = matchmakingMessage.safeParse(message);
    if (!parsed.success) return refuse(refusal("BAD_REQUEST", "no such command, or not of its form"));
    try {
      return answerOf(await obey(parsed.data, joueurId, call));
    } catch (error) {
      telemetry.fault("matchmaking room", error);
      return refuse(refusal("UNAVAILABLE"));
    }
  }

  async function obey(
    message: z.infer<typeof matchmakingMessage>,
    joueurId: string,
    { options, commandId }: RoomCall,
  ): Promise<Ticketed> {
    switch (message.type) {
      case "ChercherMatch": {
        const { type, ...wish } = message;
        return desk.ask({ ...wish, mode: mode.parse(options["mode"]) }, joueurId, commandId);
      }
      case "AnnulerRecherche": {
        const own = await desk.lastOf(joueurId);
        return own === undefined ? refusal("NOT_FOUND") : desk.cancel(own.ticketId, "JOUEUR");
      }
      case "RepondreMatch":
        return desk.answer(message.matchId, joueurId, message.accepte);
    }
  }

  function answerOf(result: Ticketed): Answer {
    return result.ok ? { ok: true, version: result.ticket.revision, sequence: 0, events: [] } : refuse(result);
  }

  function refuse(refused: Answer & { ok: false }): Answer {
    telemetry.refused(refused.code);
    return refused;
  }

  const kind: RoomKind<OwnTicket, never, MatchmakingView> = {
    name: "matchmaking",
    key: "joueurId",
    idFor: ({ userId }) => userId,
    refuseRoom(_id, { role }, options) {
      if (role !== "joueur") return "FORBIDDEN";
      return mode.safeParse(options["mode"]).success ? undefined : "BAD_REQUEST";
    },
    actors: ticketsAsActors(watch),
    createView: () => new MatchmakingView(),
    project: projectTicket,
    refuseEntry: () => undefined,
    messages: typesOf(matchmakingMessage),
    parse: () => undefined,
    handle: (message, { userId }, call) => perform(message, userId, call),
  };
  return createRoomClass(kind, services);
}

/** A room shows an actor; a player's ticket is shown as one that nobody commands, and whose changes come from the database. */
function ticketsAsActors(watch: TicketWatch): RoomKind<OwnTicket, never, MatchmakingView>["actors"] {
  return {
    get: (joueurId) => ownTicket(watch, joueurId),
    exists: async () => true,
  };
}

function ownTicket(watch: TicketWatch, joueurId: string): Running<OwnTicket, never> {
  let state: OwnTicket = { joueurId, ticket: undefined };
  const first = Promise.withResolvers<boolean>();
  return {
    id: joueurId,
    get state() {
      return state;
    },
    get version() {
      return state.ticket?.revision ?? 0;
    },
    ready: () => first.promise,
    submit: async () => refusal("BAD_REQUEST"),
    watch({ onCommit }) {
      return watch.player(joueurId, (ticket) => {
        state = { joueurId, ticket };
        first.resolve(true);
        onCommit({ state, version: ticket?.revision ?? 0, events: [] });
      });
    },
  };
}
