import type { CombatEvent } from "../domain/combat/events.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import type { EventStore } from "../store/event-store.ts";

/** Where a turn begins: its number, the version of its first event, and the youngest moment up to there (ms since the epoch). */
interface Mark {
  readonly turn: number;
  readonly version: number;
  readonly moment: number;
}

/** Finds places in one combat's stream: what has been read once to find one is not read again for the next. */
export interface Places {
  /** The version with which a turn begins; undefined if it has not come. */
  ofTurn(turn: number): Promise<number | undefined>;
  /** The last version that had happened by then (ms since the epoch), but at least the first. */
  ofMoment(moment: number): Promise<number>;
}

const PAGE = 250;

export function createPlaces(combatId: string, store: Pick<EventStore, "readStream">): Places {
  const marks: Mark[] = [{ turn: Number.NEGATIVE_INFINITY, version: 1, moment: Number.NEGATIVE_INFINITY }];
  let read = 0;
  let newest = Number.NEGATIVE_INFINITY;

  /** Answers whether there was something. */
  async function readPage(): Promise<boolean> {
    const before = read;
    for await (const event of store.readStream(combatId, read + 1, read + PAGE)) {
      read = event.version;
      newest = Math.max(newest, momentOf(event));
      const turn = turnBegunBy(event);
      if (turn !== undefined) marks.push({ turn, version: read, moment: newest });
    }
    return read > before;
  }

  return {
    async ofTurn(turn) {
      const known = (): Mark | undefined => marks.find((mark) => mark.turn >= turn);
      while (known() === undefined && (await readPage()));
      return known()?.version;
    },
    async ofMoment(moment) {
      while (newest <= moment && (await readPage()));
      const mark = marks.findLast((one) => one.moment <= moment);
      let version = mark?.version ?? 1;
      for await (const event of store.readStream(combatId, version + 1, read)) {
        if (momentOf(event) > moment) break;
        version = event.version;
      }
      return version;
    },
  };
}

export function momentOf({ timestamp }: StoredEvent): number {
  return Date.parse(timestamp);
}

function turnBegunBy(event: StoredEvent): number | undefined {
  const { eventType, payload } = event as unknown as CombatEvent;
  return eventType === "TourDebute" ? payload.numeroTour : undefined;
}
