import { v7 as uuidv7 } from "uuid";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent, NewEvent } from "../domain/envelope.ts";
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
  return events.map(({ eventType, payload }) => ({
    eventType,
    payload,
    eventId: uuidv7(),
    timestamp,
    metadata: {
      userId,
      sessionId,
      correlationId,
      causationId,
      commandId,
      tenantId,
      schemaVersion: aggregate.events[eventType]?.schemaVersion ?? 1,
    },
  }));
}
