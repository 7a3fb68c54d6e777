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
 * What an append of `events` demands and adds, stream by stream. An owner's is fenced by the epoch of the main stream, which is
 * always there; beside it and the streams that change, it demands those that are not known to be durable yet (`settled`
 * is what is): what was decided upon an append that fails must fail as well, whichever streams the two write. Who does not
 * own the aggregate demands all streams as they were read.
 */
export function appendsTo<S>(
  aggregate: AnyAggregate<S>,
  streams: readonly OwnedStream[],
  events: readonly NewEvent[],
  versions: readonly number[],
  owner?: { readonly settled: readonly number[]; readonly epoch: number },
): StreamAppend[] {
  const byStream: NewEvent[][] = streams.map(() => []);
  for (const event of events) byStream[streamOf(aggregate, event.eventType)]?.push(event);
  return streams.flatMap(({ aggregateId, aggregateType }, i): StreamAppend[] => {
    const own = byStream[i] ?? [];
    const expectedVersion = versions[i] ?? 0;
    if (i > 0 && own.length === 0 && owner?.settled[i] === expectedVersion) return [];
    const epoch = i === 0 && owner !== undefined ? { epoch: owner.epoch } : {};
    return [{ aggregateId, aggregateType, expectedVersion, events: own, ...epoch }];
  });
}
