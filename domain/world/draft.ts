import type { Decision } from "../decider.ts";
import type { WorldEvent } from "./events.ts";
import { evolve } from "./evolve.ts";
import { WORLD_REJECTIONS, type WorldRejectionCode } from "./rejections.ts";
import type { WorldState } from "./state.ts";

/** A decision in the making: its events so far, and the state as they leave it. Lives no longer than one `decide`. */
export interface Draft {
  state: WorldState;
  readonly events: WorldEvent[];
  /** ms since the epoch. */
  readonly now: number;
}

export function emit(draft: Draft, event: WorldEvent): void {
  draft.events.push(event);
  draft.state = evolve(draft.state, event);
}

export function refuse(code: WorldRejectionCode, message: string = WORLD_REJECTIONS[code]): Decision<WorldEvent> {
  return { ok: false, rejection: { code, message } };
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
