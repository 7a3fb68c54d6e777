import { accept, type Decision } from "../decider.ts";
import { derivedId } from "../random.ts";
import type { CombatCommand } from "./commands.ts";
import { returnsOf } from "./conclusion.ts";
import { advance, type Draft, emit, isoTime } from "./draft.ts";
import type { CombatEvent } from "./events.ts";
import type { ParticipantDefinition, ParticipantInitial } from "./participant.ts";
import { initiativeOrder, inOrder } from "./roster.ts";
import type { Participant } from "./state.ts";
import { passTurn } from "./turns.ts";

function filled(combatId: string, one: ParticipantDefinition, index: number): ParticipantInitial {
  return {
    ...one,
    participantId: one.participantId ?? derivedId(combatId, 0, index),
    hpActuel: one.hpActuel ?? one.hpMax,
    mpActuel: one.mpActuel ?? one.mpMax,
    staminaActuel: one.staminaActuel ?? one.staminaMax,
  };
}

/** What a participant started with: nothing has happened to it before CombatDemarre, so it is what it still has. */
function initialOf(one: Participant): ParticipantInitial {
  const { etat, rejoint, effets, recharges, enDefense, derniereAction, inactivite, retire, bilan, ...initial } = one;
  return initial;
}

/** [START-2]: out of the preparation into the first turn. */
export function start(draft: Draft): void {
  const { state } = draft;
  const fighters = inOrder(state);
  advance(draft, "START");
  const { combatId, typeCombat, zone, graine, terrain, dureeTourMs } = state;
  const { delaiPnjMs, fuitePossible, conditionsVictoire, recompenses, observation } = state;
  emit(draft, {
    eventType: "CombatDemarre",
    payload: {
      combatId,
      typeCombat,
      zone,
      graine,
      terrain,
      dureeTourMs,
      delaiPnjMs,
      fuitePossible,
      conditionsVictoire,
      recompenses,
      observation,
      participants: fighters.map(initialOf),
      ordreInitiative: initiativeOrder(graine, fighters),
    },
  });
  passTurn(draft);
}

/** [START-1] */
export function prepare(
  draft: Draft,
  { combatId, definition }: Extract<CombatCommand, { type: "PreparerCombat" }>,
): Decision<CombatEvent> {
  const { preparationMs, participants, ...settings } = definition;
  advance(draft, "PREPARE");
  emit(draft, {
    eventType: "CombatPrepare",
    payload: {
      ...settings,
      combatId,
      echeance: isoTime(draft.now + preparationMs),
      participants: participants.map((one, index) => filled(combatId, one, index)),
    },
  });
  if (preparationMs === 0) start(draft);
  return accept(draft.events);
}

/** [START-3]: the last player to arrive starts the combat; to arrive again, or late, changes nothing. */
export function join(draft: Draft, one: Participant): Decision<CombatEvent> {
  if (draft.state.etat !== "PREPARATION" || one.rejoint) return accept(draft.events);
  advance(draft, "JOIN");
  const { participantId, entiteId } = one;
  emit(draft, { eventType: "CombatRejoint", payload: { participantId, entiteId } });
  if (inOrder(draft.state).every((other) => other.typeEntite !== "JOUEUR" || other.rejoint)) start(draft);
  return accept(draft.events);
}

/** [START-4]: whoever came fights; if nobody did, nobody does. */
export function endPreparation(draft: Draft): Decision<CombatEvent> {
  const players = inOrder(draft.state).filter((one) => one.typeEntite === "JOUEUR");
  if (players.length === 0 || players.some((one) => one.rejoint)) start(draft);
  else abandon(draft, "nobody came");
  return accept(draft.events);
}

/** [END-8] */
export function abandon(draft: Draft, raison: string): Decision<CombatEvent> {
  advance(draft, "ABANDON");
  emit(draft, {
    eventType: "CombatAbandonne",
    payload: { combatId: draft.state.combatId, raison, retours: returnsOf(draft, () => "ABANDON") },
  });
  return accept(draft.events);
}
