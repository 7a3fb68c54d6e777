import type { StoredEvent } from "../../../domain/envelope.ts";
import { PART_TYPES } from "../../../domain/player/state.ts";
import { bookId, partId } from "../../../store/uuid.ts";
import type { Subject } from "../journal.ts";

/** The whole log, in its order, and ways into it. */
export interface LogIndex {
  readonly events: readonly StoredEvent[];
  readonly bySequence: ReadonlyMap<number, StoredEvent>;
  readonly byStream: ReadonlyMap<string, readonly StoredEvent[]>;
  byCommand(commandId: string): readonly StoredEvent[];
  /** The events of a subject, all its streams together, in the log's order. */
  of(subject: Subject): readonly StoredEvent[];
}

/** The ids of a subject's streams, the main one first. */
export function streamsOf({ type, id }: Subject): readonly string[] {
  switch (type) {
    case "Combat":
      return [id];
    case "Economy":
      return [bookId(id)];
    case "Joueur":
      return PART_TYPES.map((part, i) => (i === 0 ? id : partId(id, part)));
  }
}

export function indexLog(events: readonly StoredEvent[]): LogIndex {
  const byStream = Map.groupBy(events, ({ aggregateId }) => aggregateId);
  const byCommand = Map.groupBy(events, ({ metadata }) => metadata.commandId);
  return {
    events,
    bySequence: new Map(events.map((event) => [event.sequence, event])),
    byStream,
    byCommand: (commandId) => byCommand.get(commandId) ?? [],
    of: (subject) =>
      streamsOf(subject)
        .flatMap((id) => byStream.get(id) ?? [])
        .sort((one, other) => one.sequence - other.sequence),
  };
}
