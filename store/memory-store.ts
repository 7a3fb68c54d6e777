import type { AggregateType, StoredEvent } from "../domain/envelope.ts";
import type { AppendRequest, AppendResult, CommandOutcome, EventStore, Snapshot } from "./event-store.ts";
import type { EventRegistry } from "./registry.ts";
import { checkRequest } from "./validate.ts";

const SNAPSHOTS_KEPT = 3;
const OUTCOMES_TOLD = 256;

interface Stream {
  readonly aggregateType: AggregateType;
  epoch: number;
  owner: string | null;
  readonly events: StoredEvent[];
}

/**
 * The log in memory: what simulations run on, and what benchmarks compare with. It keeps nothing and is no product.
 * Payloads pass through JSON as they would through the database, so that nothing unserialisable slips by.
 */
export function createMemoryStore(registry: EventRegistry): EventStore {
  const streams = new Map<string, Stream>();
  const log: StoredEvent[] = [];
  const snapshots = new Map<string, Snapshot[]>();
  const outcomes = new Map<string, Map<string, CommandOutcome>>();
  let closed = false;

  function conflict(request: AppendRequest): AppendResult | undefined {
    for (const { aggregateId, aggregateType, expectedVersion, epoch } of request.streams) {
      const stream = streams.get(aggregateId);
      const actual = stream?.events.length ?? 0;
      const fits =
        actual === expectedVersion &&
        (stream === undefined || stream.aggregateType === aggregateType) &&
        (epoch === undefined || epoch === (stream?.epoch ?? 1));
      if (!fits) return { ok: false, reason: "CONFLICT", aggregateId, expected: expectedVersion, actual };
    }
    return undefined;
  }

  function write(request: AppendRequest): AppendResult {
    if (request.match !== undefined) return { ok: false, reason: "INVALID", message: "there are no matches in memory" };
    const refused = conflict(request);
    if (refused !== undefined) return refused;
    const sequences: number[] = [];
    for (const { aggregateId, aggregateType, events } of request.streams) {
      const stream = streams.get(aggregateId) ?? { aggregateType, epoch: 1, owner: null, events: [] };
      streams.set(aggregateId, stream);
      for (const event of events) {
        const stored: StoredEvent = {
          ...event,
          payload: JSON.parse(JSON.stringify(event.payload)),
          aggregateId,
          aggregateType,
          version: stream.events.length + 1,
          sequence: log.length + 1,
        };
        stream.events.push(stored);
        log.push(stored);
        sequences.push(stored.sequence);
      }
    }
    for (const outcome of request.outcomes ?? []) {
      const kept = outcomes.get(outcome.aggregateId) ?? new Map<string, CommandOutcome>();
      outcomes.set(outcome.aggregateId, kept);
      if (!kept.has(outcome.commandId)) kept.set(outcome.commandId, outcome);
    }
    return { ok: true, sequences };
  }

  function read(event: StoredEvent): StoredEvent {
    return { ...event, payload: registry.read(event.eventType, event.metadata.schemaVersion, event.payload) };
  }

  function head(aggregateId: string) {
    const stream = streams.get(aggregateId);
    if (stream === undefined) return undefined;
    const { aggregateType, epoch, owner } = stream;
    return { aggregateType, version: stream.events.length, epoch, owner };
  }

  return {
    append: async (request) => {
      if (closed) return { ok: false, reason: "UNAVAILABLE", message: "the store is closed" };
      const problem = checkRequest(request, registry);
      return problem === undefined ? write(request) : { ok: false, reason: "INVALID", message: problem };
    },
    activate: async (aggregateId, nodeId) => {
      const stream = streams.get(aggregateId);
      if (stream !== undefined) {
        stream.epoch += 1;
        stream.owner = nodeId;
      }
      return head(aggregateId);
    },
    rest: async () => undefined,
    release: async (owned, nodeId, to) => {
      for (const { aggregateId, epoch } of owned) {
        const stream = streams.get(aggregateId);
        if (stream?.epoch === epoch && stream.owner === nodeId) stream.owner = to;
      }
    },
    head: async (aggregateId) => head(aggregateId),
    heads: async (aggregateIds) =>
      new Map(
        aggregateIds.flatMap((id) => {
          const found = head(id);
          return found === undefined ? [] : [[id, found] as const];
        }),
      ),
    async *readStream(aggregateId, from = 1, to = Number.MAX_SAFE_INTEGER) {
      for (const event of streams.get(aggregateId)?.events.slice(from - 1, to) ?? []) yield read(event);
    },
    highWaterMark: async () => log.length,
    runAfter: async () => ({ upTo: log.length, last: log.length }),
    lastSequence: async (upTo) => Math.min(upTo, log.length),
    readSequences: async (sequences) => log.filter((event) => sequences.includes(event.sequence)).map(read),
    readAll: async (after, upTo, { limit = 1_000, eventTypes, aggregateTypes } = {}) =>
      log
        .slice(after, upTo)
        .filter((event) => eventTypes?.includes(event.eventType) ?? true)
        .filter((event) => aggregateTypes?.includes(event.aggregateType) ?? true)
        .slice(0, limit)
        .map(read),
    readTopic: async (topic, after, upTo, { limit, skip = 0 }) =>
      log
        .slice(after, upTo)
        .filter((event) =>
          "aggregateIds" in topic
            ? topic.aggregateIds.includes(event.aggregateId)
            : topic.eventTypes.includes(event.eventType),
        )
        .slice(skip, skip + limit)
        .map(read),
    readBetween: async (from, to, limit = 1_000) =>
      log
        .filter((event) => event.timestamp >= from && event.timestamp <= to)
        .sort((a, b) => a.timestamp.localeCompare(b.timestamp) || a.sequence - b.sequence)
        .slice(0, limit)
        .map(read),
    readEffects: async (eventId, limit = 1_000) => {
      const ids = new Set([eventId]);
      return log
        .filter((event) => {
          const follows =
            ids.has(event.eventId) || (event.metadata.causationId !== undefined && ids.has(event.metadata.causationId));
          if (follows) ids.add(event.eventId);
          return follows;
        })
        .slice(0, limit)
        .map(read);
    },
    readCauses: async (eventId, limit = 1_000) => {
      const causes: StoredEvent[] = [];
      for (let event = log.find((e) => e.eventId === eventId); event !== undefined; ) {
        causes.push(read(event));
        const { causationId } = event.metadata;
        event = log.find((e) => e.eventId === causationId);
      }
      return causes.slice(0, limit);
    },
    latestSnapshot: async (aggregateId, stateVersion, atMost = Number.POSITIVE_INFINITY) =>
      snapshots
        .get(aggregateId)
        ?.filter((snapshot) => snapshot.stateVersion === stateVersion && snapshot.version <= atMost)
        .at(-1),
    saveSnapshots: async (offered) => {
      for (const snapshot of offered) {
        const kept = snapshots.get(snapshot.aggregateId) ?? [];
        if (kept.some((k) => k.version === snapshot.version && k.stateVersion === snapshot.stateVersion)) continue;
        const copy: Snapshot = JSON.parse(JSON.stringify(snapshot));
        snapshots.set(
          snapshot.aggregateId,
          [...kept, copy].sort((a, b) => a.version - b.version).slice(-SNAPSHOTS_KEPT),
        );
      }
    },
    outcomes: async (aggregateId) => [...(outcomes.get(aggregateId)?.values() ?? [])].slice(-OUTCOMES_TOLD),
    outcome: async (aggregateId, commandId) => outcomes.get(aggregateId)?.get(commandId)?.outcome,
    close: async () => {
      closed = true;
    },
  };
}
