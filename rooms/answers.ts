import type { Answer, AnsweredEvent } from "../domain/codes.ts";
import type { NewEvent } from "../domain/envelope.ts";
import type { AcceptedCommand, EventStore } from "../store/event-store.ts";

export function acceptance(version: number, events: readonly AnsweredEvent[]): Answer & { ok: true } {
  return { ok: true, version, sequence: events.at(-1)?.sequence ?? 0, events };
}

/** Events as answers tell them, once they have their versions, from `fromVersion` on, and their sequences. */
export function answered(
  events: readonly NewEvent[],
  fromVersion: number,
  sequences: readonly number[],
): AnsweredEvent[] {
  return events.map(({ eventType, payload }, i) => ({
    eventType,
    version: fromVersion + i,
    sequence: sequences[i] ?? 0,
    payload,
  }));
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
