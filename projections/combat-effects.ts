import { type CombatRows, change, derive, effectsOn, type Stored } from "./combat-batch.ts";
import { canonical, type EffectRow } from "./combat-rows.ts";

export function afflict(rows: CombatRows, event: Stored<"EffetStatutApplique">): void {
  const { payload } = event;
  const bearer = canonical(payload.participantId);
  const effect: EffectRow = {
    effet_id: canonical(payload.effetId),
    participant_id: bearer,
    combat_id: event.aggregateId,
    type_effet: payload.typeEffet,
    source_type: payload.source.type,
    source_id: payload.source.id,
    puissance: payload.puissance,
    duree_tours_restants: payload.dureeTours,
    stacks: payload.stacks,
    modificateurs: payload.modificateurs,
    est_debuff: payload.estDebuff,
    peut_etre_dissipe: payload.peutEtreDissipe,
    applique_a: event.timestamp,
    event_sequence: event.sequence,
  };
  const worn = rows.effects.get(bearer) ?? new Map<string, EffectRow>();
  const before = worn.get(effect.effet_id);
  if (before !== undefined) rows.changed.effects.delete(before);
  rows.effects.set(bearer, worn.set(effect.effet_id, effect));
  rows.changed.effects.add(effect);
  change(rows, event, bearer, (one) => derive(rows, one));
}

function drop(rows: CombatRows, effect: EffectRow): void {
  rows.effects.get(effect.participant_id)?.delete(effect.effet_id);
  rows.changed.effects.delete(effect);
  rows.changed.effectsGone.add(effect.effet_id);
}

export function expire(rows: CombatRows, event: Stored<"EffetStatutExpire">): void {
  const effect = rows.effects.get(canonical(event.payload.participantId))?.get(canonical(event.payload.effetId));
  if (effect !== undefined && effect.combat_id === event.aggregateId) drop(rows, effect);
  change(rows, event, event.payload.participantId, (one) => derive(rows, one));
}

/** As their bearer's turn begins. */
export function countDown(rows: CombatRows, event: Stored<"TourDebute">): void {
  for (const effect of effectsOn(rows, canonical(event.payload.participantId), event.aggregateId)) {
    effect.duree_tours_restants = Math.max(0, effect.duree_tours_restants - 1);
    effect.event_sequence = event.sequence;
    rows.changed.effects.add(effect);
  }
}

/** What shields have taken of a blow. */
export function wearShields(rows: CombatRows, event: Stored<"DegatsInfliges">): void {
  const { cible, boucliers = [] } = event.payload;
  for (const { effetId, reste } of boucliers) {
    const shield = rows.effects.get(canonical(cible))?.get(canonical(effetId));
    if (shield === undefined || shield.combat_id !== event.aggregateId) continue;
    shield.puissance = reste;
    shield.modificateurs = { ...shield.modificateurs, absorption: reste };
    shield.event_sequence = event.sequence;
    rows.changed.effects.add(shield);
  }
}

/** A combat that is over has no effects. */
export function dropAll(rows: CombatRows, combatId: string): void {
  for (const worn of rows.effects.values())
    for (const effect of [...worn.values()]) if (effect.combat_id === combatId) drop(rows, effect);
}
