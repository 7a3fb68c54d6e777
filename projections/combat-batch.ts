import type { CombatEvent, PayloadOf } from "../domain/combat/events.ts";
import { typeEffet } from "../domain/combat/values.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import {
  type ActionRow,
  canonical,
  type EffectRow,
  type HistoryRow,
  type InstanceRow,
  type ParticipantRow,
  type ParticipantState,
  type StatisticsRow,
} from "./combat-rows.ts";

/** The rows of a batch's combats, as they become; and which of them are to be written. */
export interface CombatRows {
  readonly instances: Map<string, InstanceRow>;
  /** Of combats that are in the archive: their last event. */
  readonly archived: Map<string, number>;
  readonly participants: Map<string, ParticipantState>;
  /** By bearer, then by effect. */
  readonly effects: Map<string, Map<string, EffectRow>>;
  readonly changed: {
    readonly instances: Set<InstanceRow>;
    readonly participants: Set<string>;
    /** Those of them that have entered a combat, whose rows are to be written whole. */
    readonly entered: Map<string, ParticipantRow>;
    readonly effects: Set<EffectRow>;
    readonly effectsGone: Set<string>;
  };
  readonly actions: ActionRow[];
  readonly history: HistoryRow[];
  readonly statistics: StatisticsRow[];
}

/** An event of the log, its payload known by its type. */
export type Stored<Type extends CombatEvent["eventType"]> = Omit<StoredEvent, "payload"> & {
  readonly payload: PayloadOf<Type>;
};

export function noRows(): CombatRows {
  return {
    instances: new Map(),
    archived: new Map(),
    participants: new Map(),
    effects: new Map(),
    changed: {
      instances: new Set(),
      participants: new Set(),
      entered: new Map(),
      effects: new Set(),
      effectsGone: new Set(),
    },
    actions: [],
    history: [],
    statistics: [],
  };
}

export function effectsOn(rows: CombatRows, participantId: string, combatId: string): EffectRow[] {
  const worn = rows.effects.get(participantId);
  return worn === undefined ? [] : [...worn.values()].filter((one) => one.combat_id === combatId);
}

export function participantsIn(rows: CombatRows, combatId: string): ParticipantState[] {
  return [...rows.participants.values()].filter((one) => one.combat_id === combatId);
}

/** Changes a participant of the event's combat. One that another combat has named since belongs to that one ([PCOMBAT-3]). */
export function change(rows: CombatRows, event: StoredEvent, id: string, how: (one: ParticipantState) => void): void {
  const one = rows.participants.get(canonical(id));
  if (one === undefined || one.combat_id !== event.aggregateId) return;
  how(one);
  one.last_event_sequence = event.sequence;
  one.updated_at = event.timestamp;
  rows.changed.participants.add(one.participant_id);
}

const EFFECT_ORDER: readonly string[] = typeEffet.options;

/** What follows from the effects that it bears and from its condition. */
export function derive(rows: CombatRows, one: ParticipantState): void {
  const worn = effectsOn(rows, one.participant_id, one.combat_id);
  worn.sort((a, b) => EFFECT_ORDER.indexOf(a.type_effet) - EFFECT_ORDER.indexOf(b.type_effet));
  one.effets_actifs = worn.map((effect) => ({
    effetId: effect.effet_id,
    typeEffet: effect.type_effet,
    puissance: effect.puissance,
    dureeTours: effect.duree_tours_restants,
    stacks: effect.stacks,
    estDebuff: effect.est_debuff,
    peutEtreDissipe: effect.peut_etre_dissipe,
  }));
  one.peut_agir = one.etat === "ACTIF" && !worn.some((effect) => effect.type_effet === "STUN");
}
