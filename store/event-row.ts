import type { AggregateType, EventMetadata, StoredEvent } from "../domain/envelope.ts";
import type { EventRegistry } from "./registry.ts";

/** An event as its table has it. */
export interface EventRow {
  readonly event_id: string;
  readonly event_type: string;
  readonly event_sequence: number;
  readonly timestamp: string;
  readonly aggregate_id: string;
  readonly aggregate_type: AggregateType;
  readonly aggregate_version: number;
  readonly payload: unknown;
  readonly metadata: EventMetadata;
}

export const EVENT_COLUMNS = `event_id, event_type, event_sequence, "timestamp", aggregate_id, aggregate_type, aggregate_version, payload, metadata`;

/** @throws UnreadableEventError for a type or a version that this code does not know */
export function eventOf(row: EventRow, registry: EventRegistry): StoredEvent {
  return {
    eventId: row.event_id,
    eventType: row.event_type,
    timestamp: row.timestamp,
    aggregateId: row.aggregate_id,
    aggregateType: row.aggregate_type,
    version: row.aggregate_version,
    sequence: row.event_sequence,
    payload: registry.read(row.event_type, row.metadata.schemaVersion, row.payload),
    metadata: row.metadata,
  };
}
