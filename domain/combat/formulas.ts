/**
 * The numbers of the combat, each as docs/combat-rules.md states it. Integers in, integers out, always rounded down; the
 * worked examples of that page are run against these functions.
 */

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}

/** [DMG-1] */
export function basePower(puissance: number, attaque: number, ratioA: number, magie: number, ratioM: number): number {
  return puissance + Math.floor((attaque * ratioA) / 100) + Math.floor((magie * ratioM) / 100);
}

/** [DMG-2] */
export function empowered(base: number, force: number, faiblesse: number): number {
  return Math.floor((base * (100 + clamp(force - faiblesse, -90, 200))) / 100);
}

/** [DMG-3]: percent of the damage that a roll of 1…100 leads to. */
export function variationOf(roll: number): number {
  return 95 + (roll % 11);
}

/** [DMG-3] */
export function varied(damage: number, variation: number): number {
  return Math.floor((damage * variation) / 100);
}

/** [DMG-4] */
export function critical(damage: number, multiplier: number): number {
  return Math.floor((damage * multiplier) / 100);
}

/** [DMG-5] */
export function defended(damage: number, defense: number): number {
  return Math.floor((damage * 100) / (100 + defense));
}

/** [DMG-6], [DMG-7] */
export function halved(damage: number): number {
  return Math.floor(damage / 2);
}

/** [DMG-8], [DMG-9] */
export function resisted(damage: number, resistance: number): number {
  if (resistance >= 100) return 0;
  return Math.max(1, Math.floor((damage * (100 - resistance)) / 100));
}

/** [HIT-1] */
export function hitChance(precision: number, bonus: number): number {
  return clamp(precision + bonus, 5, 100);
}

/** [HIT-2], [HIT-3] */
export function evasionChance(chance: number): number {
  return clamp(chance, 0, 75);
}

/** [HEAL-1] */
export function healPower(puissance: number, magie: number, ratio: number): number {
  return basePower(puissance, 0, 0, magie, ratio);
}

/** [ACT-9]: own initiative against the enemies' average. */
export function fleeChance(own: number, enemies: number): number {
  return clamp(50 + own - enemies, 10, 90);
}

/** [ACT-7]: positions within reach; `haste` and `slow` are 1 while such an effect lasts. */
export function reach(deplacement: number, haste: number, slow: number): number {
  return deplacement === 0 ? 0 : Math.max(1, deplacement + haste - slow);
}

/** [ACT-7]: stamina for a move over that many positions. */
export function moveCost(positions: number): number {
  return 2 * positions;
}
