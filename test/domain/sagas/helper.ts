import { combatEvents } from "../../../domain/combat/events.ts";
import type { EventDefinition } from "../../../domain/decider.ts";
import type { AggregateType, StoredEvent } from "../../../domain/envelope.ts";
import { marketEvents } from "../../../domain/market/events.ts";
import { playerEvents } from "../../../domain/player/state.ts";
import type { Saga, Step } from "../../../domain/sagas/saga.ts";
import { worldEvents } from "../../../domain/world/events.ts";

const DEFINITIONS: Readonly<Record<string, EventDefinition>> = {
  ...combatEvents,
  ...playerEvents,
  ...marketEvents,
  ...worldEvents,
};

export function uuid(kind: string, n: number): string {
  return `${kind.padEnd(8, "0")}-0000-4000-8000-${String(n).padStart(12, "0")}`;
}
/** Player, item, order and combat number n. */
export const jid = (n: number): string => uuid("e1", n);
export const iid = (n: number): string => uuid("17", n);
export const oid = (n: number): string => uuid("0d", n);
export const pid = (n: number): string => uuid("9a", n);
export const bid = (n: number): string => uuid("b0", n);
export const COMBAT = uuid("0c", 1);
export const ZONE = uuid("20e", 1);
export const EVENT = uuid("ee", 1);
export const NOW = "2026-11-20T10:00:00.000Z";

/** An event of the log. Its payload is held against its schema: a saga is never asked about anything else. */
export function event(eventType: string, payload: object, aggregateType: AggregateType = "Combat"): StoredEvent {
  const schema = DEFINITIONS[eventType]?.schema;
  if (schema === undefined) throw new Error(`no event ${eventType}`);
  const metadata = { correlationId: uuid("c0", 1), tenantId: "default", schemaVersion: 1 };
  return {
    ...{ eventId: EVENT, eventType, timestamp: NOW, aggregateId: COMBAT, aggregateType, version: 1, sequence: 1 },
    payload: schema.parse(payload),
    metadata,
  };
}

export function stepsOf(saga: Saga, given: StoredEvent): readonly Step[] {
  if (!saga.eventTypes.includes(given.eventType)) throw new Error(`${saga.name} does not take ${given.eventType}`);
  return saga.react(given);
}

/** What is sent to whom, without the names of steps. */
export function sent(steps: readonly Step[]): readonly (readonly [string, string, object])[] {
  return steps.map(({ to, id, command }) => [to, id, command]);
}
