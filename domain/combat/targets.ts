import type { Action } from "./commands.ts";
import { EFFECT_RULES } from "./effect-rules.ts";
import type { Usage } from "./participant.ts";
import type { CombatRejectionCode } from "./rejections.ts";
import { activeInOrder, distance, isActive } from "./roster.ts";
import type { CombatState, Participant } from "./state.ts";

/** Someone whom an act reaches. On areas each part of it reaches only those for whom it is meant ([TARGET-4]). */
export interface Target {
  readonly participant: Participant;
  readonly harm: boolean;
  readonly help: boolean;
  /** An enemy may escape; friends hold still. */
  readonly hostile: boolean;
}

export function canHarm(usage: Usage): boolean {
  return (
    usage.degats !== undefined || usage.dissipe > 0 || usage.effets.some((one) => EFFECT_RULES[one.typeEffet].debuff)
  );
}

export function canHelp(usage: Usage): boolean {
  return (
    usage.soin !== undefined || usage.dissipe > 0 || usage.effets.some((one) => !EFFECT_RULES[one.typeEffet].debuff)
  );
}

function single(actor: Participant, participant: Participant): Target {
  return { participant, harm: true, help: true, hostile: participant.equipe !== actor.equipe };
}

function area(state: CombatState, actor: Participant, usage: Usage, within: (one: Participant) => boolean): Target[] {
  const harm = canHarm(usage);
  const help = canHelp(usage);
  const found: Target[] = [];
  for (const participant of activeInOrder(state)) {
    const hostile = participant.equipe !== actor.equipe;
    if (within(participant) && (hostile ? harm : help))
      found.push({ participant, harm: hostile, help: !hostile, hostile });
  }
  return found;
}

function chosen(state: CombatState, action: Action): Participant | undefined {
  const [id, ...others] = action.cibles ?? [];
  if (id === undefined || others.length > 0) return undefined;
  const one = state.participants[id];
  return isActive(one) ? one : undefined;
}

/** Whom `action` reaches, or why it may not ([TARGET-1] to [TARGET-5]). Never empty. */
export function selectTargets(
  state: CombatState,
  actor: Participant,
  usage: Usage,
  action: Action,
): readonly Target[] | CombatRejectionCode {
  switch (usage.cible) {
    case "SOI": {
      const others = (action.cibles ?? []).some((id) => id !== actor.participantId);
      return others ? "INVALID_TARGET" : [single(actor, actor)];
    }
    case "ALLIE":
    case "ENNEMI": {
      const one = chosen(state, action);
      if (one === undefined) return "INVALID_TARGET";
      if ((one.equipe === actor.equipe) !== (usage.cible === "ALLIE")) return "INVALID_TARGET";
      return distance(actor, one) > usage.portee ? "OUT_OF_RANGE" : [single(actor, one)];
    }
    case "ZONE": {
      const centre = action.position ?? chosen(state, action)?.position;
      if (centre === undefined || centre >= state.terrain) return "INVALID_TARGET";
      if (Math.abs(actor.position - centre) > usage.portee) return "OUT_OF_RANGE";
      const found = area(state, actor, usage, (one) => Math.abs(one.position - centre) <= usage.rayon);
      return found.length === 0 ? "INVALID_TARGET" : found;
    }
    case "TOUS": {
      const found = area(state, actor, usage, () => true);
      return found.length === 0 ? "INVALID_TARGET" : found;
    }
  }
}
