import type { TypeEffet } from "./values.ts";

interface EffectRule {
  readonly debuff: boolean;
  readonly maxStacks: number;
  /** While it lasts another of its type changes nothing, so that it can be neither piled up nor prolonged. */
  readonly exclusive?: true;
  /** What the bearer feels of `power` = strength times stacks. */
  modifiers(power: number): Readonly<Record<string, number>>;
}

/** [EFF-1] to [EFF-10] of docs/combat-rules.md. `0 - power`, because `-power` of nothing is -0, which JSON does not give back. */
export const EFFECT_RULES: Readonly<Record<TypeEffet, EffectRule>> = {
  POISON: { debuff: true, maxStacks: 5, modifiers: (power) => ({ degatsParTour: power }) },
  BRULURE: { debuff: true, maxStacks: 1, modifiers: (power) => ({ degatsParTour: power }) },
  REGEN: { debuff: false, maxStacks: 3, modifiers: (power) => ({ soinParTour: power }) },
  BOUCLIER: { debuff: false, maxStacks: 1, modifiers: (power) => ({ absorption: power }) },
  STUN: { debuff: true, maxStacks: 1, exclusive: true, modifiers: () => ({ actions: -1 }) },
  SILENCE: { debuff: true, maxStacks: 1, modifiers: () => ({ competences: -1 }) },
  RALENTI: { debuff: true, maxStacks: 1, modifiers: (power) => ({ initiative: 0 - power, deplacement: -1 }) },
  HATE: { debuff: false, maxStacks: 1, modifiers: (power) => ({ initiative: power, deplacement: 1 }) },
  FORCE: { debuff: false, maxStacks: 3, modifiers: (power) => ({ degatsPourcent: power }) },
  FAIBLESSE: { debuff: true, maxStacks: 3, modifiers: (power) => ({ degatsPourcent: 0 - power }) },
};
