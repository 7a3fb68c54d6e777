/** One slice of load: how many events were committed in how long, and how long each command took. */
export interface Slice {
  readonly events: number;
  readonly seconds: number;
  /** ms per command, sorted. */
  readonly latencies: readonly number[];
}

export interface Summary {
  readonly eventsPerSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Closed loop: each actor sends its next command when the last one is answered, until `ms` have passed. */
export async function closedLoop<Actor>(
  actors: readonly Actor[],
  ms: number,
  command: (actor: Actor) => Promise<void>,
): Promise<Slice> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + ms;
  await Promise.all(
    actors.map(async (actor) => {
      for (let begun = performance.now(); begun < end; ) {
        await command(actor);
        const now = performance.now();
        latencies.push(now - begun);
        begun = now;
      }
    }),
  );
  return {
    events: latencies.length,
    seconds: (performance.now() - start) / 1_000,
    latencies: latencies.sort((a, b) => a - b),
  };
}

export function summarise({ events, seconds, latencies }: Slice): Summary {
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { eventsPerSecond: events / seconds, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The median of each figure over the rounds: one checkpoint or one noisy neighbour spoils a mean. */
export function medianOf(rounds: readonly Summary[]): Summary {
  const of = (pick: (summary: Summary) => number) => median(rounds.map(pick));
  return {
    eventsPerSecond: of((s) => s.eventsPerSecond),
    p50: of((s) => s.p50),
    p95: of((s) => s.p95),
    p99: of((s) => s.p99),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
