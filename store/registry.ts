import { z } from "zod";
import type { EventDefinition, EventDefinitions } from "../domain/decider.ts";
import type { DomainEvent } from "../domain/envelope.ts";

/** The log holds an event that this code cannot read. Its reader stops: skipping it would make a state that never was. */
export class UnreadableEventError extends Error {
  readonly eventType: string;
  constructor(eventType: string, message: string) {
    super(`${eventType}: ${message}`);
    this.name = "UnreadableEventError";
    this.eventType = eventType;
  }
}

export interface EventRegistry {
  schemaVersion(eventType: string): number;
  /** What is wrong with a new event, or undefined. */
  check(event: DomainEvent): string | undefined;
  /**
   * A payload as the current code knows it: known version, then upcast, then a validated shape.
   * @throws UnreadableEventError for an unknown type, a newer version, a missing upcaster or a wrong shape
   */
  read(eventType: string, schemaVersion: number, payload: unknown): unknown;
  /** JSON Schema (draft 2020-12) of every type. */
  jsonSchemas(): Readonly<Record<string, unknown>>;
}

export function createRegistry(...definitions: readonly EventDefinitions[]): EventRegistry {
  const types = new Map<string, EventDefinition>();
  for (const group of definitions) {
    for (const [eventType, definition] of Object.entries(group)) {
      if (types.has(eventType)) throw new Error(`event type defined twice: ${eventType}`);
      types.set(eventType, definition);
    }
  }

  function known(eventType: string): EventDefinition {
    const definition = types.get(eventType);
    if (definition === undefined) throw new UnreadableEventError(eventType, "unknown event type");
    return definition;
  }

  return {
    schemaVersion: (eventType) => known(eventType).schemaVersion,

    check(event) {
      const definition = types.get(event.eventType);
      if (definition === undefined) return `unknown event type ${event.eventType}`;
      const result = definition.schema.safeParse(event.payload);
      return result.success ? undefined : `${event.eventType}: ${z.prettifyError(result.error)}`;
    },

    read(eventType, schemaVersion, stored) {
      const definition = known(eventType);
      if (schemaVersion > definition.schemaVersion) {
        throw new UnreadableEventError(
          eventType,
          `version ${schemaVersion} is newer than ${definition.schemaVersion}, the newest known`,
        );
      }
      let payload = stored;
      for (let version = schemaVersion; version < definition.schemaVersion; version += 1) {
        const upcast = definition.upcasters?.[version];
        if (upcast === undefined) throw new UnreadableEventError(eventType, `no upcaster from version ${version}`);
        payload = upcast(payload);
      }
      const result = definition.schema.safeParse(payload);
      if (!result.success) throw new UnreadableEventError(eventType, z.prettifyError(result.error));
      return result.data;
    },

    jsonSchemas: () => Object.fromEntries([...types].map(([type, { schema }]) => [type, z.toJSONSchema(schema)])),
  };
}
