import type { Answer, AnsweredEvent } from "../domain/codes.ts";
import type { AcceptedCommand, EventStore, StreamAppend } from "../store/event-store.ts";
import type { OwnedStream } from "./streams.ts";

export function acceptance(version: number, events: readonly AnsweredEvent[]): Answer & { ok: true } {
  return { ok: true, version, sequence: events.at(-1)?.sequence ?? 0, events };
}

/** Events as answers tell them, once they have their sequences: those of the appends, in their order. */
export function answered(appends: readonly StreamAppend[], sequences: readonly number[]): AnsweredEvent[] {
  return appends
    .flatMap(({ events, expectedVersion }) =>
      events.map(({ eventType, payload }, i) => ({ eventType, version: expectedVersion + 1 + i, payload })),
    )
    .map((event, i) => ({ ...event, sequence: sequences[i] ?? 0 }));
}

/** What there is to remember of a command by whose appends the aggregate came to `version`. */
export function acceptedBy(
  commandId: string,
  version: number,
  streams: readonly OwnedStream[],
  appends: readonly StreamAppend[],
): AcceptedCommand {
  const ranges = appends.flatMap(({ aggregateId, expectedVersion, events }) => {
    const stream = streams.findIndex((one) => one.aggregateId === aggregateId);
    return events.length === 0 ? [] : [[stream, expectedVersion + 1, expectedVersion + events.length] as const];
  });
  return { commandId, version, ranges };
}

/** The answer that an accepted command had, from the events that it left. Rejects when the store cannot be read. */
export async function readAnswer(
  store: Pick<EventStore, "readStream">,
  streams: readonly OwnedStream[],
  { version, ranges }: Pick<AcceptedCommand, "version" | "ranges">,
): Promise<Answer> {
  const events: AnsweredEvent[] = [];
  for (const [stream, from, to] of ranges) {
    const { aggregateId } = streams[stream] ?? {};
    if (aggregateId === undefined) continue;
    for await (const event of store.readStream(aggregateId, from, to)) {
      const { eventType, version: own, sequence, payload } = event;
      events.push({ eventType, version: own, sequence, payload });
    }
  }
  return acceptance(version, events);
}

/** What is kept of a lasting command that left events: where they are. */
export interface LastingAcceptance {
  readonly accepted: Pick<AcceptedCommand, "version" | "ranges">;
}

export function isLastingAcceptance(outcome: unknown): outcome is LastingAcceptance {
  return typeof outcome === "object" && outcome !== null && "accepted" in outcome;
}
