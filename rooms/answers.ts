import type { Answer, AnsweredEvent } from "../domain/codes.ts";
import type { AcceptedCommand, EventStore } from "../store/event-store.ts";

export function acceptance(version: number, events: readonly AnsweredEvent[]): Answer & { ok: true } {
  return { ok: true, version, sequence: events.at(-1)?.sequence ?? 0, events };
}

/** The answer that an accepted command had, from the events that it left. Rejects when the store cannot be read. */
export async function readAnswer(
  store: Pick<EventStore, "readStream">,
  aggregateId: string,
  { fromVersion, toVersion }: AcceptedCommand,
): Promise<Answer> {
  const events: AnsweredEvent[] = [];
  for await (const event of store.readStream(aggregateId, fromVersion, toVersion)) {
    const { eventType, version, sequence, payload } = event;
    events.push({ eventType, version, sequence, payload });
  }
  return acceptance(toVersion, events);
}
