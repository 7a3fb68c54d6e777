import { type Classe, STATS, type Stat, type Stats } from "../values.ts";

type Row = readonly [number, number, number, number, number, number, number, number, number, number, number, number];

function stats(row: Row): Stats {
  return Object.fromEntries(STATS.map((name, n) => [name, row[n] ?? 0])) as Record<Stat, number>;
}

/** [CLASS-1]: at level 1, and what each further level adds. Columns in the order of STATS. */
//                hp  mp  st  at  ma  de  dm  pr  es  bl  cr  in
const START: Readonly<Record<Classe, Stats>> = {
  GUERRIER: stats([140, 30, 110, 14, 4, 12, 6, 90, 5, 15, 5, 10]),
  MAGE: stats([80, 120, 80, 5, 16, 5, 12, 92, 6, 0, 6, 12]),
  ARCHER: stats([100, 50, 100, 13, 6, 7, 7, 96, 9, 0, 10, 16]),
  VOLEUR: stats([95, 45, 120, 12, 5, 7, 6, 94, 14, 3, 12, 18]),
  CLERC: stats([110, 100, 90, 8, 12, 9, 11, 90, 5, 8, 5, 9]),
};
const GROWTH: Readonly<Record<Classe, Stats>> = {
  GUERRIER: stats([14, 2, 3, 3, 1, 3, 1, 0, 0, 0, 0, 1]),
  MAGE: stats([7, 9, 1, 1, 4, 1, 3, 0, 0, 0, 0, 1]),
  ARCHER: stats([9, 4, 2, 3, 1, 2, 1, 0, 0, 0, 0, 2]),
  VOLEUR: stats([9, 3, 3, 3, 1, 2, 1, 0, 0, 0, 0, 2]),
  CLERC: stats([10, 8, 2, 1, 3, 2, 3, 0, 0, 0, 0, 1]),
};

/** [CLASS-2]: what one point adds to a stat. */
export const PER_POINT: Stats = stats([10, 5, 5, 2, 2, 2, 2, 1, 1, 1, 1, 1]);

/** [CLASS-3]: as far as points raise a stat. */
export const BOUGHT: Stats = stats([
  1_000_000, 100_000, 100_000, 10_000, 10_000, 10_000, 10_000, 100, 40, 40, 50, 1_000,
]);

/** [STAT-4]: stats never leave these bounds, which are those of a combat's participants. */
export const HIGHEST: Stats = stats([
  1_000_000, 100_000, 100_000, 10_000, 10_000, 10_000, 10_000, 100, 100, 100, 100, 1_000,
]);
export const LOWEST: Stats = stats([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1_000]);

/** What a level adds to a class, by stat; stats that do not grow are left out. */
export function growthOf(classe: Classe): Partial<Record<Stat, number>> {
  return Object.fromEntries(Object.entries(GROWTH[classe]).filter(([, value]) => value > 0));
}

/** [CLASS-1] */
export function baseStats(classe: Classe, niveau: number): Stats {
  const [start, growth] = [START[classe], GROWTH[classe]];
  return Object.fromEntries(STATS.map((name) => [name, start[name] + growth[name] * (niveau - 1)])) as Record<
    Stat,
    number
  >;
}
