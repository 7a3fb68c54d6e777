import type { StoredEvent } from "../domain/envelope.ts";
import type { EventStore } from "../store/event-store.ts";
import { FollowError, type LiveEvents } from "../store/live-events.ts";

/** Events of one stream that are in memory ahead of who watches them, at most. */
const PAGE = 100;

/**
 * A stream from a version on, by pages, and at its end as it grows; an empty page says that the end is reached. Of a page that is
 * asked for no more is read: who watches slowly holds a page in memory, and catches up from the log.
 */
export async function* readOn(
  combatId: string,
  after: number,
  store: Pick<EventStore, "readStream">,
  live: LiveEvents,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEvent[], void, void> {
  let version = after;
  while (!signal.aborted) {
    // What is written from here on comes after it in the log: between the page and the following nothing is lost.
    const settled = live.settled();
    const page: StoredEvent[] = [];
    for await (const event of store.readStream(combatId, version + 1, version + PAGE)) page.push(event);
    version += page.length;
    yield page;
    if (page.length > 0) continue;
    try {
      for await (const event of live.follow({ aggregateIds: [combatId] }, { after: settled, signal })) {
        if (event.version <= version) continue;
        if (event.version > version + 1) throw new Error(`stream ${combatId}: event ${event.version} after ${version}`);
        version = event.version;
        yield [event];
      }
      return;
    } catch (error) {
      // Too slow, or too far back: the stream itself has it all.
      if (!(error instanceof FollowError)) throw error;
    }
  }
}
