/** A player who comes to the queue. */
export interface Arrival {
  readonly at: number;
  readonly joueurId: string;
  readonly cote: number;
}

/** The same numbers at every run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Players with normally distributed ratings (Box and Muller), evenly over `ms` but for chance. */
export function tickets(count: number, ms: number): readonly Arrival[] {
  const random = createRandom(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, (_, i) => ({
    at: Math.floor(random() * ms),
    joueurId: `be9c4000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    cote: Math.max(0, Math.min(3_000, Math.round(1_500 + 350 * normal()))),
  })).sort((a, b) => a.at - b.at);
}

/** Calls with each arrival in its time. */
export async function stream(arrivals: readonly Arrival[], come: (one: Arrival) => void): Promise<void> {
  const begun = performance.now();
  for (const one of arrivals) {
    const early = one.at - (performance.now() - begun);
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
    come(one);
  }
}
