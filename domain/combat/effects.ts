import { type Draft, emit, newId, participantOf } from "./draft.ts";
import { EFFECT_RULES } from "./effect-rules.ts";
import type { SourceEffet } from "./events.ts";
import { resisted } from "./formulas.ts";
import { inflict, restore } from "./points.ts";
import type { Affliction } from "./resolve.ts";
import { effectOf, isActive } from "./roster.ts";
import type { Effet } from "./state.ts";
import { type Element, type TypeEffet, typeEffet } from "./values.ts";

/** [EFF-11]: a second one of a type refreshes the first: longer of both, stronger of both, one more stack if its kind stacks. */
export function afflict(draft: Draft, source: SourceEffet, cible: string, affliction: Affliction): void {
  const bearer = participantOf(draft, cible);
  if (!isActive(bearer)) return;
  const { effet, puissance } = affliction;
  const rule = EFFECT_RULES[effet.typeEffet];
  const before = effectOf(bearer, effet.typeEffet);
  const after = {
    effetId: before?.effetId ?? newId(draft),
    puissance: Math.max(puissance, before?.puissance ?? 0),
    dureeTours: Math.max(effet.dureeTours, before?.dureeTours ?? 0),
    stacks: Math.min(rule.maxStacks, 1 + (before?.stacks ?? 0)),
  };
  emit(draft, {
    eventType: "EffetStatutApplique",
    payload: {
      ...after,
      participantId: cible,
      typeEffet: effet.typeEffet,
      source,
      modificateurs: rule.modifiers(after.puissance * after.stacks),
      estDebuff: rule.debuff,
      peutEtreDissipe: effet.peutEtreDissipe,
    },
  });
}

function expire(draft: Draft, participantId: string, effect: Effet, raison: "DUREE" | "DISSIPE"): void {
  const { effetId, typeEffet: type } = effect;
  emit(draft, { eventType: "EffetStatutExpire", payload: { effetId, participantId, typeEffet: type, raison } });
}

/** Effects of a participant in the order of the list of types, which no snapshot can change. */
function effectsOf(draft: Draft, id: string): Effet[] {
  const bearer = participantOf(draft, id);
  if (bearer === undefined) return [];
  if (Object.keys(bearer.effets).length === 0) return [];
  return typeEffet.options.flatMap((type) => effectOf(bearer, type) ?? []);
}

/** [EFF-14]: takes away up to `count` debuffs, or buffs, that allow it. */
export function dispel(draft: Draft, id: string, debuffs: boolean, count: number): void {
  const open = effectsOf(draft, id).filter((one) => one.peutEtreDissipe && one.estDebuff === debuffs);
  for (const effect of open.slice(0, count)) expire(draft, id, effect, "DISSIPE");
}

const TICK_ELEMENT: Partial<Record<TypeEffet, Element>> = { POISON: "POISON", BRULURE: "FEU" };

/** [EFF-1], [EFF-2], [EFF-3]: what happens to the bearer as its turn starts. Damage first, so that a cure can come too late. */
export function tick(draft: Draft, id: string): void {
  for (const effect of effectsOf(draft, id)) {
    const bearer = participantOf(draft, id);
    if (!isActive(bearer)) return;
    const { effetId, sourceId, typeEffet: type } = effect;
    const source = { participantId: sourceId, effetId, typeEffet: type };
    const power = effect.puissance * effect.stacks;
    if (type === "REGEN") restore(draft, source, id, "HP", power);
    const element = TICK_ELEMENT[type];
    if (element === undefined || power === 0) continue;
    const net = resisted(power, bearer.resistances[element] ?? 0);
    inflict(draft, source, id, { element, bruts: power, net, critique: false });
  }
}

/** [EFF-15]: as a turn ends, the bearer loses what has run out. */
export function expireSpent(draft: Draft, id: string): void {
  for (const effect of effectsOf(draft, id)) if (effect.dureeTours === 0) expire(draft, id, effect, "DUREE");
}
