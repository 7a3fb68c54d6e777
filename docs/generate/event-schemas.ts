import { z } from "zod";
import { eventTypes } from "../../domain/all-events.ts";
import type { Schema } from "./payload-summary.ts";

/** JSON Schema (draft 2020-12) of each type's payload, as it is stored. */
export function eventSchemas(): ReadonlyMap<string, Schema> {
  return new Map(eventTypes.map(({ eventType, definition }) => [eventType, z.toJSONSchema(definition.schema)]));
}

/** `docs/event-schemas.json`: one line a type, so that a change shows as one. */
export function schemasFile(): string {
  const lines = eventTypes.map(({ eventType, aggregateType, definition }) => {
    const { schemaVersion, schema } = definition;
    const { $schema: _draft, ...payload } = z.toJSONSchema(schema);
    return `${JSON.stringify(eventType)}: ${JSON.stringify({ aggregateType, schemaVersion, payload })}`;
  });
  return `{\n${lines.join(",\n")}\n}\n`;
}
