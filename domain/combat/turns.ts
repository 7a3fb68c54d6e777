import { finish } from "./conclusion.ts";
import { advance, type Draft, emit, isoTime, participantOf } from "./draft.ts";
import { expireSpent, tick } from "./effects.ts";
import type { RaisonFin } from "./events.ts";
import { effectOf, initiativeOrder, inOrder, isActive } from "./roster.ts";
import type { CombatState, Participant } from "./state.ts";
import { verdict, verdictOfTime } from "./victory.ts";

interface Next {
  readonly participantId: string;
  readonly manche: number;
  readonly ordreTour?: readonly string[];
}

function firstActive(state: CombatState, order: readonly string[], from: number): string | undefined {
  for (let at = from; at < order.length; at++) {
    const id = order[at];
    if (id !== undefined && isActive(state.participants[id])) return id;
  }
  return undefined;
}

/** [TURN-2]: on along the order; after its end a new round begins, in the order that the initiatives have by then. */
function nextInTurn(state: CombatState): Next | undefined {
  const at = state.participantActifId === null ? -1 : state.ordreTour.indexOf(state.participantActifId);
  const sameRound = firstActive(state, state.ordreTour, at + 1);
  const manche = Math.max(1, state.manche);
  if (sameRound !== undefined) return { participantId: sameRound, manche };
  const order = initiativeOrder(state.graine, inOrder(state));
  const participantId = firstActive(state, order, 0);
  if (participantId === undefined) return undefined;
  const changed = order.some((id, index) => id !== state.ordreTour[index]);
  return { participantId, manche: manche + 1, ...(changed ? { ordreTour: order } : {}) };
}

function isStunned(one: Participant | undefined): boolean {
  return one !== undefined && effectOf(one, "STUN") !== undefined;
}

/** False when the turn is over as it begins: its owner is stunned ([TURN-4]), or does not survive its start. */
function beginTurn(draft: Draft, next: Next): boolean {
  const { state } = draft;
  const stunned = isStunned(state.participants[next.participantId]);
  advance(draft, "NEXT_TURN");
  emit(draft, {
    eventType: "TourDebute",
    payload: {
      numeroTour: state.tourActuel + 1,
      ...next,
      echeance: isoTime(draft.now + state.dureeTourMs),
      ...(stunned ? { passe: "STUN" as const } : {}),
    },
  });
  tick(draft, next.participantId);
  return !stunned && isActive(participantOf(draft, next.participantId));
}

/** Ends the combat if it is decided. */
export function settle(draft: Draft, cause?: RaisonFin): boolean {
  const decided = verdict(draft.state, cause);
  if (decided !== undefined) finish(draft, decided);
  return decided !== undefined;
}

/**
 * Ends the turn under way and begins the next one of somebody who can act. The stunned have their turns begun and passed
 * ([TURN-4]); that comes to an end because each such turn shortens a stun that lasts ten turns at most and is never prolonged.
 * Expects the phase `resolving`.
 */
export function passTurn(draft: Draft, cause?: RaisonFin): void {
  let because = cause;
  for (;;) {
    const { participantActifId, tourActuel } = draft.state;
    if (participantActifId !== null) expireSpent(draft, participantActifId);
    if (settle(draft, because)) return;
    const timely = tourActuel === 0 ? undefined : verdictOfTime(draft.state);
    if (timely !== undefined) {
      finish(draft, timely);
      return;
    }
    const next = nextInTurn(draft.state);
    if (next === undefined || beginTurn(draft, next)) return;
    advance(draft, "SKIP");
    because = undefined;
  }
}
