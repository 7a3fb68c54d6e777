import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent, EventMetadata, NewEvent } from "../domain/envelope.ts";
import { uuidv7 } from "../store/uuid.ts";
import type { Envelope } from "./actor.ts";

/** Puts facts into envelopes. All of one decision share their time, and carry the id of the command that led to them. */
export function envelop<S, C, E extends DomainEvent>(
  aggregate: Aggregate<S, C, E>,
  events: readonly E[],
  { commandId, userId, sessionId, correlationId = commandId, causationId = commandId }: Envelope<C>,
  tenantId: string,
  now: number,
): NewEvent[] {
  const timestamp = new Date(now).toISOString();
  // Events of one schema version share one object: the store serialises it once.
  const byVersion = new Map<number, EventMetadata>();
  return events.map(({ eventType, payload }) => {
    const schemaVersion = aggregate.events[eventType]?.schemaVersion ?? 1;
    const metadata = byVersion.get(schemaVersion) ?? {
      userId,
      sessionId,
      correlationId,
      causationId,
      commandId,
      tenantId,
      schemaVersion,
    };
    byVersion.set(schemaVersion, metadata);
    return { eventType, payload, eventId: uuidv7(now), timestamp, metadata };
  });
}
