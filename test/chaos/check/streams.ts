import type { LogIndex } from "./log-index.ts";

/** Versions without a gap, sequences that only grow, no event twice, and no command whose events lie in two places of a stream. */
export function checkStreams(log: LogIndex): readonly string[] {
  const problems: string[] = [];
  const ids = new Set<string>();
  let last = 0;
  for (const { sequence, eventId } of log.events) {
    if (sequence <= last) problems.push(`sequence ${sequence} comes after ${last}`);
    if (ids.has(eventId)) problems.push(`event ${eventId} is in the log twice`);
    ids.add(eventId);
    last = sequence;
  }
  for (const [id, events] of log.byStream) {
    const ends = new Map<string, number>();
    for (const [i, { version, eventType, metadata, aggregateType }] of events.entries()) {
      if (version !== i + 1)
        problems.push(`${aggregateType} ${id}: version ${version} of ${eventType} in place ${i + 1}`);
      const { commandId } = metadata;
      if (commandId === undefined) continue;
      const before = ends.get(commandId);
      if (before !== undefined && before !== i - 1)
        problems.push(`command ${commandId} was done twice to ${aggregateType} ${id}: at ${before + 1} and ${i + 1}`);
      ends.set(commandId, i);
    }
  }
  return problems;
}
