import { v7 } from "uuid";
import { z } from "zod";
import type { EventDefinitions } from "../../domain/decider.ts";
import type { NewEvent, StoredEvent } from "../../domain/envelope.ts";
import type { AppendResult, EventStore, StreamAppend } from "../../store/event-store.ts";

/** A few event types, enough to try the store: it knows envelopes, not the game. */
export const definitions = {
  ExperienceGagnee: { schemaVersion: 1, schema: z.strictObject({ montant: z.int() }) },
  ItemAjoute: { schemaVersion: 1, schema: z.strictObject({ nom: z.string() }) },
  DegatsInfliges: { schemaVersion: 2, schema: z.strictObject({ degats: z.int(), critique: z.boolean() }) },
} satisfies EventDefinitions;

const schemaVersions: Readonly<Record<string, number>> = { DegatsInfliges: 2 };

export function event(eventType: keyof typeof definitions, payload: unknown, more: Partial<NewEvent> = {}): NewEvent {
  const metadata = { correlationId: v7(), tenantId: "default", schemaVersion: schemaVersions[eventType] ?? 1 };
  return { eventId: v7(), eventType, timestamp: new Date().toISOString(), payload, metadata, ...more };
}

/** `n` events that tell themselves apart by `montant`: first, first + 1, ... */
export function gains(n: number, first = 1): NewEvent[] {
  return Array.from({ length: n }, (_, i) => event("ExperienceGagnee", { montant: first + i }));
}

export function joueur(aggregateId: string, expectedVersion: number, events: readonly NewEvent[]): StreamAppend {
  return { aggregateId, aggregateType: "Joueur", expectedVersion, events };
}

export function inventaire(aggregateId: string, expectedVersion: number, events: readonly NewEvent[]): StreamAppend {
  return { aggregateId, aggregateType: "Inventaire", expectedVersion, events };
}

/** Appends to one stream as its own actor. */
export function append(store: EventStore, stream: StreamAppend): Promise<AppendResult> {
  return store.append({ actorId: stream.aggregateId, streams: [stream] });
}

export async function readStream(store: EventStore, id: string, from?: number, to?: number): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of store.readStream(id, from, to)) events.push(event);
  return events;
}

export function versions(events: readonly StoredEvent[]): number[] {
  return events.map(({ version }) => version);
}

export function ids(events: readonly { eventId: string }[]): string[] {
  return events.map(({ eventId }) => eventId);
}
