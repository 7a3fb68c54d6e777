import { derivedId, rollAt } from "../random.ts";
import type { CombatEvent } from "./events.ts";
import { evolve } from "./evolve.ts";
import { nextPhase, type Phase, restingPhase, type Trigger } from "./lifecycle.ts";
import type { CombatState, Participant } from "./state.ts";

/** A decision in the making: its events so far, and the state as they leave it. Lives no longer than one `decide`. */
export interface Draft {
  state: CombatState;
  phase: Phase;
  /** Rolls made so far. */
  rolls: number;
  readonly events: CombatEvent[];
  /** The version that the decision started from: the rolls hang on it. */
  readonly from: number;
  /** ms since the epoch. */
  readonly now: number;
}

export function openDraft(state: CombatState, now: number): Draft {
  return { state, phase: restingPhase(state.etat), rolls: 0, events: [], from: state.version, now };
}

export function emit(draft: Draft, event: CombatEvent): void {
  draft.events.push(event);
  draft.state = evolve(draft.state, event);
}

/** Moves along the life cycle; false, and nothing moved, where it does not allow that. */
export function advance(draft: Draft, trigger: Trigger): boolean {
  const next = nextPhase(draft.phase, trigger);
  if (next === undefined) return false;
  draft.phase = next;
  return true;
}

/** The decision's next roll, 1…100. */
export function roll(draft: Draft): number {
  return rollAt(draft.state.graine, draft.from, draft.rolls++);
}

/** An id for what the next event creates. */
export function newId(draft: Draft): string {
  return derivedId(draft.state.combatId, draft.state.version, 0);
}

export function participantOf(draft: Draft, id: string): Participant | undefined {
  return draft.state.participants[id];
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
