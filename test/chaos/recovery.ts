import type { Asked } from "./check/commands.ts";
import { type LogIndex, streamsOf } from "./check/log-index.ts";
import type { Injected } from "./faults.ts";

/** ms after which what was wrong before counts for nothing any more. */
const AFTERMATH_MS = 1_000;

/** How long it took from a kill until what the killed node ran took commands again. */
export interface Recovery {
  readonly injected: Injected;
  /** ms from the signal to the first command that was accepted by anything of it; undefined: none was. */
  readonly firstMs: number | undefined;
  /** ms for each aggregate of it to which commands came, since the signal, or since the first of them was sent after that. */
  readonly eachMs: readonly number[];
  /** Whether nothing else was wrong meanwhile. */
  readonly alone: boolean;
}

/**
 * Measured where players are: to the answer that a client has. Only commands count that were decided after the process was gone,
 * by the time in their events: an answer of the dead node's may still arrive.
 */
export function recoveries(
  injected: readonly Injected[],
  commands: readonly Asked[],
  log: LogIndex,
): readonly Recovery[] {
  const answered = commands.flatMap(({ answers, sentAt, subject }) => {
    const [first] = answers;
    const [stream] = streamsOf(subject);
    if (first === undefined || stream === undefined) return [];
    const stored = first.answer.ok ? log.bySequence.get(first.answer.sequence) : undefined;
    return [{ stream, sentAt, at: first.at, decidedAt: stored === undefined ? 0 : Date.parse(stored.timestamp) }];
  });
  answered.sort((one, other) => one.at - other.at);
  return injected.flatMap((one): Recovery[] => {
    const { fault, at, goneAt, owned } = one;
    if (fault.kind !== "kill" || fault.role !== "game" || owned === undefined || goneAt === undefined) return [];
    const mine = new Set(owned);
    const since = new Map<string, number>();
    const accepted = new Map<string, number>();
    for (const command of answered) {
      const { stream } = command;
      if (command.at <= goneAt || !mine.has(stream) || accepted.has(stream)) continue;
      since.set(stream, Math.max(at, Math.min(command.sentAt, since.get(stream) ?? Number.POSITIVE_INFINITY)));
      if (command.decidedAt > goneAt) accepted.set(stream, command.at);
    }
    const ends = [...accepted.values()].sort((a, b) => a - b);
    const eachMs = [...accepted].map(([id, end]) => end - (since.get(id) ?? at)).sort((a, b) => a - b);
    const [end = at] = ends;
    const until = Math.max(end, at + (eachMs.at(-1) ?? 0));
    const alone = !injected.some(
      (other) => other !== one && other.at < until && (other.healedAt ?? other.at) > at - AFTERMATH_MS,
    );
    return [{ injected: one, firstMs: ends.length === 0 ? undefined : end - at, eachMs, alone }];
  });
}

/** Of numbers in order, by the nearest rank. */
export function percentile(sorted: readonly number[], p: number): number | undefined {
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
}
