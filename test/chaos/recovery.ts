import type { Asked } from "./check/commands.ts";
import type { LogIndex } from "./check/log-index.ts";
import type { Injected } from "./faults.ts";

/** How long it took from a kill until what the killed node ran took commands again. */
export interface Recovery {
  readonly injected: Injected;
  /** ms to the first command that was accepted by anything of it; undefined: none was. */
  readonly firstMs: number | undefined;
  /** ms for each aggregate of it to which commands came. */
  readonly eachMs: readonly number[];
  /** Whether something else was wrong meanwhile. */
  readonly alone: boolean;
}

/**
 * Measured where players are: from the signal to the answer that a client has. Only commands count that were decided after the
 * process was gone, by the time in their events: an answer of the dead node's may still arrive.
 */
export function recoveries(
  injected: readonly Injected[],
  commands: readonly Asked[],
  log: LogIndex,
): readonly Recovery[] {
  const accepted = commands.flatMap(({ answers }) => {
    const [first] = answers;
    if (first === undefined || !first.answer.ok) return [];
    const stored = log.bySequence.get(first.answer.sequence);
    if (stored === undefined) return [];
    const streams = first.answer.events.flatMap(({ sequence }) => log.bySequence.get(sequence)?.aggregateId ?? []);
    return [{ at: first.at, decidedAt: Date.parse(stored.timestamp), streams }];
  });
  accepted.sort((one, other) => one.at - other.at);
  return injected.flatMap((one): Recovery[] => {
    const { fault, at, goneAt, owned } = one;
    if (fault.kind !== "kill" || fault.role !== "game" || owned === undefined || goneAt === undefined) return [];
    const next = injected.find(
      (other) => other.fault.kind === "kill" && other.fault.target === fault.target && other.at > at,
    );
    const mine = new Set(owned);
    const first = new Map<string, number>();
    for (const { at: answeredAt, decidedAt, streams } of accepted) {
      if (decidedAt <= goneAt || answeredAt > (next?.at ?? Number.POSITIVE_INFINITY)) continue;
      for (const id of streams) if (mine.has(id) && !first.has(id)) first.set(id, answeredAt - at);
    }
    const eachMs = [...first.values()].sort((a, b) => a - b);
    const until = at + (eachMs.at(-1) ?? 0);
    const alone = !injected.some(
      (other) => other !== one && other.at < until && (other.healedAt ?? other.at) > at - 1_000,
    );
    return [{ injected: one, firstMs: eachMs[0], eachMs, alone }];
  });
}

/** Of numbers in order, by the nearest rank. */
export function percentile(sorted: readonly number[], p: number): number | undefined {
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
}
