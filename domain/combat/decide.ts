import { accept, type Decision, type DecisionContext } from "../decider.ts";
import type { Action, CombatCommand } from "./commands.ts";
import { advance, type Draft, emit, openDraft, participantOf } from "./draft.ts";
import type { CombatEvent, RaisonFin } from "./events.ts";
import { nextPhase, type Trigger } from "./lifecycle.ts";
import { chooseAction } from "./npc.ts";
import { perform } from "./perform.ts";
import { planAction } from "./plan.ts";
import { clearEffects } from "./points.ts";
import { type CombatRejectionCode, rejection } from "./rejections.ts";
import { effectOf, isActive, participantOfPlayer } from "./roster.ts";
import { abandon, endPreparation, join, prepare } from "./start.ts";
import type { CombatState, EtatCombat, Participant } from "./state.ts";
import { passTurn, settle } from "./turns.ts";

/** [TIME-2]: deadlines missed in a row after which a player is taken to have left. */
const SLEEPS_ALLOWED = 3;

type Of<Type extends CombatCommand["type"]> = Extract<CombatCommand, { type: Type }>;

function refuse(code: CombatRejectionCode): Decision<CombatEvent> {
  return { ok: false, rejection: rejection(code) };
}

/** What each command asks of the life cycle. */
const TRIGGER: Readonly<Record<CombatCommand["type"], Trigger>> = {
  PreparerCombat: "PREPARE",
  RejoindreCombat: "JOIN",
  ExpirerPreparation: "START",
  ExecuterAction: "ACT",
  Conceder: "CONCEDE",
  ExpirerTour: "ACT",
  JouerPnj: "ACT",
  Abandonner: "ABANDON",
};

/** Why the life cycle refuses, for people: by where the combat stands. */
function refusalIn(etat: EtatCombat, command: CombatCommand): CombatRejectionCode {
  if (command.type === "PreparerCombat") return "COMBAT_ALREADY_PREPARED";
  switch (etat) {
    case "INEXISTANT":
      return "COMBAT_NOT_FOUND";
    case "PREPARATION":
      return "COMBAT_NOT_STARTED";
    case "EN_COURS":
      return "COMBAT_ALREADY_STARTED";
    case "TERMINE":
    case "ABANDONNE":
      return "COMBAT_OVER";
  }
}

function act(draft: Draft, actor: Participant, action: Action): Decision<CombatEvent> {
  const plan = planAction(draft.state, actor, action);
  if (typeof plan === "string") return refuse(plan);
  perform(draft, actor, plan);
  passTurn(draft, plan.typeAction === "FUITE" ? "FUITE" : undefined);
  return accept(draft.events);
}

function playerActs(draft: Draft, command: Of<"ExecuterAction">): Decision<CombatEvent> {
  const actor = participantOfPlayer(draft.state, command.joueurId);
  if (actor === undefined) return refuse("NOT_A_PARTICIPANT");
  if (!isActive(actor)) return refuse("PARTICIPANT_OUT");
  if (draft.state.participantActifId !== actor.participantId) return refuse("NOT_YOUR_TURN");
  if (effectOf(actor, "STUN") !== undefined) return refuse("STUNNED");
  return act(draft, actor, command);
}

/** [END-6], [TIME-2]: takes a participant out of the fight; the turn goes on unless it was its own. */
function retire(draft: Draft, one: Participant, raison: "CONCESSION" | "INACTIVITE"): void {
  const { participantId, entiteId } = one;
  emit(draft, { eventType: "ParticipantRetire", payload: { participantId, entiteId, raison, etatApres: "KO" } });
  clearEffects(draft, participantId);
}

function concede(draft: Draft, command: Of<"Conceder">): Decision<CombatEvent> {
  const one = participantOfPlayer(draft.state, command.joueurId);
  if (one === undefined) return refuse("NOT_A_PARTICIPANT");
  if (!isActive(one)) return refuse("PARTICIPANT_OUT");
  advance(draft, "CONCEDE");
  retire(draft, one, "CONCESSION");
  if (draft.state.participantActifId === one.participantId) passTurn(draft, "CONCESSION");
  else if (!settle(draft, "CONCESSION")) advance(draft, "SAME_TURN");
  return accept(draft.events);
}

/** The participant whose turn `numeroTour` is, if that turn is still under way. */
function onTurn(draft: Draft, numeroTour: number): Participant | undefined {
  const { tourActuel, participantActifId } = draft.state;
  if (tourActuel !== numeroTour || participantActifId === null) return undefined;
  return participantOf(draft, participantActifId);
}

/** [TIME-1], [TIME-2] */
function expireTurn(draft: Draft, command: Of<"ExpirerTour">): Decision<CombatEvent> {
  const sleeper = onTurn(draft, command.numeroTour);
  const { echeance } = draft.state;
  if (sleeper === undefined || echeance === null) return refuse("STALE_TURN");
  if (draft.now < Date.parse(echeance)) return refuse("TOO_EARLY");
  const plan = planAction(draft.state, sleeper, { typeAction: "DEFENSE" });
  if (typeof plan === "string") return refuse(plan);
  perform(draft, sleeper, plan, true);
  let cause: RaisonFin | undefined;
  if (sleeper.typeEntite === "JOUEUR" && sleeper.inactivite + 1 >= SLEEPS_ALLOWED) {
    cause = "INACTIVITE";
    retire(draft, sleeper, cause);
  }
  passTurn(draft, cause);
  return accept(draft.events);
}

function playNpc(draft: Draft, command: Of<"JouerPnj">): Decision<CombatEvent> {
  const actor = onTurn(draft, command.numeroTour);
  if (actor === undefined) return refuse("STALE_TURN");
  if (actor.typeEntite === "JOUEUR") return refuse("NOT_NPC_TURN");
  return act(draft, actor, chooseAction(draft.state, actor));
}

function arrive(draft: Draft, command: Of<"RejoindreCombat">): Decision<CombatEvent> {
  const one = participantOfPlayer(draft.state, command.joueurId);
  return one === undefined ? refuse("NOT_A_PARTICIPANT") : join(draft, one);
}

function preparationOver(draft: Draft): Decision<CombatEvent> {
  const { echeance } = draft.state;
  if (echeance !== null && draft.now < Date.parse(echeance)) return refuse("TOO_EARLY");
  return endPreparation(draft);
}

/** What `command` leads to. Pure and total: whatever passes the command's schema is answered, on any state. */
export function decide(state: CombatState, command: CombatCommand, context: DecisionContext): Decision<CombatEvent> {
  const draft = openDraft(state, context.now);
  if (nextPhase(draft.phase, TRIGGER[command.type]) === undefined) return refuse(refusalIn(state.etat, command));
  switch (command.type) {
    case "PreparerCombat":
      return prepare(draft, command);
    case "RejoindreCombat":
      return arrive(draft, command);
    case "ExpirerPreparation":
      return preparationOver(draft);
    case "ExecuterAction":
      return playerActs(draft, command);
    case "Conceder":
      return concede(draft, command);
    case "ExpirerTour":
      return expireTurn(draft, command);
    case "JouerPnj":
      return playNpc(draft, command);
    case "Abandonner":
      return abandon(draft, command.raison);
  }
}
