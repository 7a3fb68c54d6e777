import type { AnsweredEvent } from "../domain/codes.ts";
import { type CombatCommand, wireCombatCommand } from "../domain/combat/commands.ts";
import type { CombatState } from "../domain/combat/state.ts";
import type { Actors } from "./actors.ts";
import { createRoomClass, type RoomKind, type RoomServices } from "./aggregate-room.ts";
import { CombatView, projectCombat } from "./combat-view.ts";
import { typesOf } from "./wire.ts";

/** The room `combat`: its participants own the fight (contract: "Rooms"). */
export function createCombatRoom(actors: Actors<CombatState, CombatCommand>, services: RoomServices) {
  const kind: RoomKind<CombatState, CombatCommand, CombatView> = {
    name: "combat",
    key: "combatId",
    actors,
    limitedAs: "combat",
    createView: () => new CombatView(),
    project: projectCombat,
    refuseEntry: (state, { role, userId }) =>
      role === "joueur" && participantOf(state, userId) !== undefined ? undefined : "FORBIDDEN",
    messages: typesOf(wireCombatCommand),
    parse: (message, who) => parseCombatCommand(message, who.userId),
    arrival(state, who) {
      const participant = participantOf(state, who.userId);
      if (state.etat !== "PREPARATION" || participant === undefined || participant.rejoint) return undefined;
      return { type: "RejoindreCombat", joueurId: who.userId };
    },
    publish: publishCombatEvent,
  };
  return createRoomClass(kind, services);
}

/** A client's command as the decider takes it: the player is who the token says, whatever the message says. */
export function parseCombatCommand(message: unknown, joueurId: string): CombatCommand | undefined {
  const parsed = wireCombatCommand.safeParse(message);
  return parsed.success ? { ...parsed.data, joueurId } : undefined;
}

/** Whoever knows the seed can foretell every roll: it stays in the log. */
export function publishCombatEvent(event: AnsweredEvent): AnsweredEvent {
  if (event.eventType !== "CombatPrepare" && event.eventType !== "CombatDemarre") return event;
  const { graine: _, ...payload } = event.payload as { readonly graine: unknown };
  return { ...event, payload };
}

function participantOf(state: CombatState, userId: string) {
  return Object.values(state.participants).find(
    ({ entiteId, typeEntite }) => typeEntite === "JOUEUR" && entiteId === userId,
  );
}
