import { tieBreak } from "../random.ts";
import type { CombatState, Effet, Participant } from "./state.ts";
import type { TypeEffet } from "./values.ts";

type Fighters = Pick<CombatState, "participants" | "ordreTour">;

/**
 * The participants in turn order. Never walk the record itself: its key order does not survive a JSONB snapshot.
 */
export function inOrder(state: Fighters): Participant[] {
  const found: Participant[] = [];
  for (const id of state.ordreTour) {
    const one = state.participants[id];
    if (one !== undefined) found.push(one);
  }
  return found;
}

export function isActive(one: Participant | undefined): one is Participant {
  return one !== undefined && one.etat === "ACTIF";
}

export function activeInOrder(state: Fighters): Participant[] {
  return inOrder(state).filter(isActive);
}

/** The player's own participant, whatever its condition. */
export function participantOfPlayer(state: Fighters, joueurId: string): Participant | undefined {
  return inOrder(state).find((one) => one.typeEntite === "JOUEUR" && one.entiteId === joueurId);
}

/** Positions between two participants. */
export function distance(one: Participant, other: Participant): number {
  return Math.abs(one.position - other.position);
}

export function effectOf(bearer: Participant, type: TypeEffet): Effet | undefined {
  for (const id in bearer.effets) {
    const effect = bearer.effets[id];
    if (effect?.typeEffet === type) return effect;
  }
  return undefined;
}

/** Strength of an effect over all its stacks; 0 without it. */
export function effectPower(bearer: Participant, type: TypeEffet): number {
  const effect = effectOf(bearer, type);
  return effect === undefined ? 0 : effect.puissance * effect.stacks;
}

/** [EFF-7], [EFF-8] */
export function currentInitiative(one: Participant): number {
  return one.initiative + effectPower(one, "HATE") - effectPower(one, "RALENTI");
}

/** [TURN-1]: highest initiative first, ties by the seed. */
export function initiativeOrder(graine: string, fighters: readonly Participant[]): string[] {
  const keyed = fighters.map((one) => ({
    id: one.participantId,
    initiative: currentInitiative(one),
    tie: tieBreak(graine, one.participantId),
  }));
  keyed.sort((one, other) => other.initiative - one.initiative || one.tie - other.tie || (one.id < other.id ? -1 : 1));
  return keyed.map((one) => one.id);
}
