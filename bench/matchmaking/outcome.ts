import type { Arrival } from "./arrivals.ts";

/** Who came when, and the matches that were made; times by `performance.now()`. */
export interface Played {
  readonly came: ReadonlyMap<string, number>;
  readonly matches: readonly { readonly players: readonly string[]; readonly at: number }[];
}

export interface Outcome {
  readonly matched: number;
  /** From the first player to when 95 % of the matches were there. */
  readonly matchesPerSecond: number;
  /** ms. */
  readonly waitP50: number;
  readonly waitP95: number;
  readonly waitMax: number;
  /** Points. */
  readonly spreadP50: number;
  readonly spreadP95: number;
  readonly spreadMean: number;
}

/** Of the matches: the last players of a stream have nobody near them, and wait for their windows alone. */
const MOST = 0.95;

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function summariseMatches(arrivals: readonly Arrival[], { came, matches }: Played): Outcome {
  const ratings = new Map(arrivals.map(({ joueurId, cote }) => [joueurId, cote]));
  const ascending = (all: readonly number[]) => all.toSorted((a, b) => a - b);
  const waits = ascending(matches.flatMap(({ players, at }) => players.map((id) => at - (came.get(id) ?? at))));
  const spreads = ascending(
    matches.map(({ players }) => {
      const own = players.map((id) => ratings.get(id) ?? 0);
      return Math.max(...own) - Math.min(...own);
    }),
  );
  const first = Math.min(...came.values());
  const made = ascending(matches.map(({ at }) => at));
  const most = Math.floor(made.length * MOST);
  return {
    matched: waits.length,
    matchesPerSecond: most / (((made[most - 1] ?? Number.NaN) - first) / 1_000),
    waitP50: quantile(waits, 0.5),
    waitP95: quantile(waits, 0.95),
    waitMax: waits.at(-1) ?? Number.NaN,
    spreadP50: quantile(spreads, 0.5),
    spreadP95: quantile(spreads, 0.95),
    spreadMean: spreads.reduce((sum, one) => sum + one, 0) / spreads.length,
  };
}
