/**
 * The numbers of the player, each as docs/player-rules.md states it. Integers in, integers out, always rounded down; the
 * worked examples of that page are run against these functions.
 */

/** [LEVEL-1]: the highest level. */
export const MAX_LEVEL = 100;

/** [LEVEL-1]: experience from a level to the next: 100 · n^1.5. The root of a whole number below 2^52 rounds down exactly. */
export function experienceFrom(niveau: number): number {
  return Math.floor(Math.sqrt(10_000 * niveau ** 3));
}

function totals(): number[] {
  const sums = [0];
  for (let niveau = 1; niveau < MAX_LEVEL; niveau++) sums.push((sums[niveau - 1] ?? 0) + experienceFrom(niveau));
  return sums;
}

/** By level less one. */
const TOTALS: readonly number[] = totals();

/** [LEVEL-1]: all the experience that a level takes; beyond the highest level, that of the highest. */
export function experienceAt(niveau: number): number {
  return TOTALS[Math.min(niveau, MAX_LEVEL) - 1] ?? 0;
}

/** [LEVEL-3]: points for stats that a level brings in all. */
export function statPointsAt(niveau: number): number {
  return 3 * (niveau - 1);
}

/** [VITAL-1]: what a vital has become after `elapsed` ms of rest, when `fillMs` of rest fill all of it. */
export function rested(value: number, max: number, elapsed: number, fillMs: number): number {
  const spell = Math.min(Math.max(0, elapsed), fillMs);
  return Math.min(max, value + Math.floor((max * spell) / fillMs));
}

/** [CLASS-4]: gold. */
export function classChangeCost(niveau: number): number {
  return 1_000 * niveau;
}

/** [SMITH-1]: gold for the improvement from `amelioration` to the next. */
export function improvementCost(valeurOr: number, amelioration: number): number {
  return Math.max(10, valeurOr) * (amelioration + 1);
}

/** [SMITH-2]: a stat at an improvement's level, rounded down; what a piece takes away does not grow. */
export function improved(value: number, amelioration: number): number {
  return value <= 0 ? value : Math.floor((value * (100 + 10 * amelioration)) / 100);
}

/** [SMITH-4]: gold for making good `usure` points of durability. */
export function repairCost(valeurOr: number, usure: number, durabiliteMax: number): number {
  return Math.max(1, Math.floor((valeurOr * usure) / (2 * durabiliteMax)));
}
