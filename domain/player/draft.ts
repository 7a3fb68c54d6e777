import { derivedId } from "../random.ts";
import { evolve } from "./evolve.ts";
import { PART_TYPES, type PlayerEvent, type PlayerState } from "./state.ts";

/** A decision in the making: its events so far, and the state as they leave it. Lives no longer than one `decide`. */
export interface Draft {
  state: PlayerState;
  readonly events: PlayerEvent[];
  /** ms since the epoch. */
  readonly now: number;
}

export function openDraft(state: PlayerState, now: number): Draft {
  return { state, events: [], now };
}

export function emit(draft: Draft, event: PlayerEvent): void {
  draft.events.push(event);
  draft.state = evolve(draft.state, event);
}

/** The player's version: that of all its streams together. */
export function totalVersion(state: PlayerState): number {
  return PART_TYPES.reduce((sum, part) => sum + state.versions[part], 0);
}

/** An id for what the next event creates. */
export function newId(draft: Draft): string {
  return derivedId(draft.state.joueur.joueurId, totalVersion(draft.state), 0);
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
