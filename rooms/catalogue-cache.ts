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
  let reading: Promise<void> | undefined;
  let again = false;
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

  /** One reader at a time; what is asked for meanwhile is read once more after it. */
  async function follow(): Promise<void> {
    if (reading !== undefined) {
      again = true;
      return reading;
    }
    reading = (async () => {
      do {
        again = false;
        await readTo(feed.settled());
      } while (again && !closed);
    })().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  const end = feed.subscribe(() => {
    if (!closed) follow().catch((error: unknown) => telemetry.fault("catalogue", error));
  });
  await readTo(await store.highWaterMark());

  return {
    current,
    async refresh() {
      await reading;
      await readTo(await store.highWaterMark());
    },
    async close() {
      closed = true;
      end();
      // Its failure has been told where it was started.
      await reading?.catch(() => undefined);
    },
  };
}
