import {
  applyToCatalogue,
  CATALOGUE_EVENT_TYPES,
  type Catalogue,
  emptyCatalogue,
} from "../domain/catalogue/catalogue.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Feed } from "../store/feed.ts";
import type { Telemetry } from "./telemetry.ts";

const PAGE = 1_000;

/** The catalogue as the log tells it, in memory on each node, some milliseconds behind. */
export interface CatalogueCache {
  readonly current: Catalogue;
  /** Reads what is new up to now: who has just changed a definition sees it. @throws when the log cannot be read */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Reads all definitions, and follows them from then on. @throws when the log cannot be read */
export async function openCatalogue(
  store: Pick<EventStore, "highWaterMark" | "readAll">,
  feed: Pick<Feed, "subscribe" | "settled">,
  telemetry: Telemetry,
): Promise<CatalogueCache> {
  const current = emptyCatalogue();
  let position = 0;
  let line: Promise<void> = Promise.resolve();
  let waiting = false;
  let closed = false;

  async function readTo(mark: number): Promise<void> {
    for (;;) {
      const page = await store.readAll(position, mark, { eventTypes: CATALOGUE_EVENT_TYPES, limit: PAGE });
      for (const event of page) applyToCatalogue(current, event);
      const last = page.at(-1);
      if (last !== undefined) position = last.sequence;
      if (page.length < PAGE) return;
    }
  }

  /** One reader at a time, or an event would be folded twice. */
  function inLine(read: () => Promise<void>): Promise<void> {
    const turn = line.then(async () => {
      waiting = false;
      if (!closed) await read();
    });
    line = turn.catch(() => undefined);
    return turn;
  }

  async function readOn(): Promise<void> {
    const settled = feed.settled();
    await readTo(settled);
    // Catalogues change seldom: who went on from the last change would read all that has happened since, again and again.
    position = Math.max(position, settled);
  }

  /** Not a place to stand on: numbers at a mark may be given again. */
  const readToMark = async (): Promise<void> => readTo(await store.highWaterMark());

  const end = feed.subscribe(() => {
    if (waiting) return;
    waiting = true;
    inLine(readOn).catch((error: unknown) => telemetry.fault("catalogue", error));
  });
  await inLine(readToMark);

  return {
    current,
    refresh: () => inLine(readToMark),
    close() {
      closed = true;
      end();
      return line;
    },
  };
}
