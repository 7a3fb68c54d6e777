import type { Aggregate } from "../domain/decider.ts";
import type { AggregateType, DomainEvent, NewEvent } from "../domain/envelope.ts";
import type { StreamAppend } from "../store/event-store.ts";
import { partId } from "../store/uuid.ts";

type AnyAggregate<S> = Pick<Aggregate<S, never, DomainEvent>, "type" | "parts">;

/** One of the streams that an aggregate owns. */
export interface OwnedStream {
  readonly aggregateId: string;
  readonly aggregateType: AggregateType;
}

/** The streams of an aggregate, the main one first. */
export function streamsOf<S>(aggregate: AnyAggregate<S>, id: string): readonly OwnedStream[] {
  const types = aggregate.parts?.types ?? [aggregate.type];
  return types.map((type, i) => ({ aggregateId: i === 0 ? id : partId(id, type), aggregateType: type }));
}

/** The version of each stream, as `streamsOf` orders them, in a state that holds `version` events in all. */
export function versionsOf<S>(aggregate: AnyAggregate<S>, state: S, version: number): readonly number[] {
  if (aggregate.parts === undefined) return [version];
  const versions = aggregate.parts.versionsOf(state);
  return aggregate.parts.types.map((type) => versions[type] ?? 0);
}

/** Where in `streamsOf` an event of this type belongs. */
export function streamOf<S>(aggregate: AnyAggregate<S>, eventType: string): number {
  return aggregate.parts === undefined ? 0 : aggregate.parts.types.indexOf(aggregate.parts.typeOf(eventType));
}

/**
 * What an append of `events` demands and adds, stream by stream. Every stream is there, also one that gets no event: the decision
 * may rest on any of them, and whatever changes one in the meantime, an append of ours that failed or somebody who does not
 * own the aggregate, makes it void. The main one's epoch shuts out earlier owners.
 */
export function appendsTo<S>(
  aggregate: AnyAggregate<S>,
  streams: readonly OwnedStream[],
  events: readonly NewEvent[],
  versions: readonly number[],
  epoch?: number,
): StreamAppend[] {
  const byStream: NewEvent[][] = streams.map(() => []);
  for (const event of events) byStream[streamOf(aggregate, event.eventType)]?.push(event);
  return streams.map(({ aggregateId, aggregateType }, i) => ({
    aggregateId,
    aggregateType,
    expectedVersion: versions[i] ?? 0,
    events: byStream[i] ?? [],
    ...(i === 0 ? { epoch } : {}),
  }));
}
