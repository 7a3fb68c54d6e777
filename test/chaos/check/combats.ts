import type { LogIndex } from "./log-index.ts";

const ENDS: readonly string[] = ["CombatTermine", "CombatAbandonne"];

/** Every combat has come to an end, to one, and nothing has happened in it after that. */
export function checkCombats(log: LogIndex): readonly string[] {
  const problems: string[] = [];
  for (const [id, events] of log.byStream) {
    if (events[0]?.aggregateType !== "Combat") continue;
    const ends = events.filter(({ eventType }) => ENDS.includes(eventType)).length;
    if (ends === 0)
      problems.push(`combat ${id} has not ended: ${events.length} events, the last at ${events.at(-1)?.timestamp}`);
    else if (ends > 1) problems.push(`combat ${id} has ended ${ends} times`);
    else if (!ENDS.includes(events.at(-1)?.eventType ?? "")) problems.push(`combat ${id} went on after its end`);
  }
  return problems;
}
