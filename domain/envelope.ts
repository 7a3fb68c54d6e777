/** The aggregate types of the contract; the database checks the same list. */
export const AGGREGATE_TYPES = [
  "Joueur",
  "Combat",
  "Inventaire",
  "Item",
  "Equipement",
  "Quete",
  "Competence",
  "PNJ",
  "Economy",
  "WorldState",
] as const;
export type AggregateType = (typeof AGGREGATE_TYPES)[number];

/**
 * What is known of an event beside its payload (event catalogue, "Envelope").
 * `correlationId` is one per thing that a person set off; `causationId` is the eventId or commandId that led to this event.
 */
export interface EventMetadata {
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  readonly commandId?: string | undefined;
  readonly tenantId: string;
  readonly schemaVersion: number;
  readonly ipAddress?: string | undefined;
}

/** What a decider emits: a fact without its envelope. */
export interface DomainEvent<Type extends string = string, Payload = unknown> {
  readonly eventType: Type;
  readonly payload: Payload;
}

/** An event on its way to the store. `timestamp` is ISO 8601 in UTC; `eventId` a UUIDv7. */
export interface NewEvent extends DomainEvent {
  readonly eventId: string;
  readonly timestamp: string;
  readonly metadata: EventMetadata;
}

/** An event of the log, in the standard format of the event catalogue, with its place in the total order. */
export interface StoredEvent extends NewEvent {
  readonly aggregateId: string;
  readonly aggregateType: AggregateType;
  /** 1 for the first event of its aggregate, without gaps. */
  readonly version: number;
  /** Unique and increasing over the whole log; not gapless. */
  readonly sequence: number;
}
