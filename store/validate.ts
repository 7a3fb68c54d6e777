import type { AppendRequest } from "./event-store.ts";
import type { EventRegistry } from "./registry.ts";

/** What is wrong with a request, whoever stores it, or undefined. Every event is held against its schema before it is queued. */
export function checkRequest(request: AppendRequest, registry: EventRegistry): string | undefined {
  const ids = new Set<string>();
  for (const stream of request.streams) {
    if (ids.has(stream.aggregateId)) return `stream ${stream.aggregateId} stands twice in one request`;
    ids.add(stream.aggregateId);
    if (!Number.isSafeInteger(stream.expectedVersion) || stream.expectedVersion < 0)
      return `expected version ${stream.expectedVersion}`;
    for (const event of stream.events) {
      const problem = registry.check(event);
      if (problem !== undefined) return problem;
      if (event.metadata.schemaVersion !== registry.schemaVersion(event.eventType)) {
        return `${event.eventType}: schemaVersion ${event.metadata.schemaVersion} is not the current one`;
      }
    }
  }
  return undefined;
}
