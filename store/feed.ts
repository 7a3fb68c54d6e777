import type { StoredEvent } from "../domain/envelope.ts";
import type { EventStore, ReadAllOptions } from "./event-store.ts";
import { backOff, createPause } from "./pause.ts";
import type { WakeUps } from "./wake-ups.ts";

/** `poll`: nothing; it looked by itself. */
export type WokenBy = "process" | "redis" | "poll";

export interface FeedOptions {
  /** This process's own commits. */
  readonly process?: WakeUps | undefined;
  /** Other processes' commits. */
  readonly redis?: WakeUps | undefined;
  /** ms between looks when nothing wakes it; default 250. */
  readonly pollMs?: number | undefined;
  /** What was first to tell of events: only wake-ups that found some. */
  readonly onWake?: ((by: WokenBy) => void) | undefined;
  /** A barrier was taken: appends stood still for its length. */
  readonly onMark?: ((seconds: number) => void) | undefined;
  /** A look that failed; the feed tries again by itself. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

export type FeedFilter = Pick<ReadAllOptions, "eventTypes" | "aggregateTypes">;

export interface FeedPage {
  readonly events: readonly StoredEvent[];
  /** From where to go on. Everything at or below it was given, is filtered out, or never was. */
  readonly position: number;
}

/** The whole log in order for the readers of one process, who share what it finds out about unfinished appends. */
export interface Feed {
  /** The last event of which is known that nothing before it is still to come. */
  settled(): number;
  /** Events after a position that fit, `limit` at most. What it cannot give yet it leaves for the next time. */
  read(after: number, limit: number, filter?: FeedFilter): Promise<FeedPage>;
  /** Called when `settled` has moved on. Answers what ends the subscription. */
  subscribe(listener: () => void): () => void;
  close(): Promise<void>;
}

const POLL_MS = 250;
/** Between two looks while there is traffic. */
const LOOK_MS = 2;
/** Between two barriers: most gaps are appends under way, which close by themselves within one. */
const MARK_MS = 20;
/** Sequence numbers that one read may span, so that a filter that fits nothing does not read the whole log in one statement. */
const SPAN = 20_000;

/**
 * Follows the end of the log. It moves over a run without gaps as it is; before a gap it stops, and only if it stays takes the
 * barrier. It never stands on the mark itself but on the last event below: the numbers of aborted appends behind the last commit
 * may be given again after a crash of PostgreSQL's. Below a committed event no number is ever given again, so a reader may stand
 * anywhere there.
 */
export function createFeed(store: EventStore, options: FeedOptions = {}): Feed {
  const pollMs = options.pollMs ?? POLL_MS;
  const listeners = new Set<() => void>();
  const pause = createPause();
  const rest = createPause();
  let settled: number | undefined;
  let by: WokenBy = "poll";
  let lookBy: WokenBy = "poll";
  let markedAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  function wakeBy(source: WokenBy): () => void {
    return () => {
      // The first one names the wake-up: a commit of our own comes back over Redis a little later.
      if (by === "poll") by = source;
      pause.wake();
    };
  }

  function moveTo(sequence: number): void {
    if (settled !== undefined && sequence <= settled) return;
    settled = sequence;
    options.onWake?.(lookBy);
    for (const listener of listeners) listener();
  }

  async function takeMark(): Promise<void> {
    const start = performance.now();
    markedAt = start;
    const mark = await store.highWaterMark();
    options.onMark?.((performance.now() - start) / 1_000);
    moveTo(await store.lastSequence(mark));
  }

  /** Answers after how many ms to look again, unless woken before. */
  async function look(): Promise<number> {
    pause.clear();
    lookBy = by;
    by = "poll";
    if (settled === undefined) {
      await takeMark();
      return 0;
    }
    const { upTo, last } = await store.runAfter(settled);
    const moved = upTo > settled;
    moveTo(upTo);
    if (last === upTo) return moved ? 0 : pollMs;
    const early = markedAt + MARK_MS - performance.now();
    if (early > 0) return early;
    await takeMark();
    return 0;
  }

  async function follow(): Promise<void> {
    let failures = 0;
    while (!closed) {
      try {
        const again = await look();
        failures = 0;
        if (again > 0) await pause.wait(again);
        if (again < pollMs) await rest.wait(LOOK_MS);
      } catch (error) {
        failures += 1;
        options.onFault?.(error);
        // Not woken by hints: a barrier that an append holds up holds up all the others in its turn.
        await rest.wait(backOff(failures));
      }
    }
  }

  const subscriptions = [options.process?.subscribe(wakeBy("process")), options.redis?.subscribe(wakeBy("redis"))];
  const following = follow();

  return {
    settled: () => settled ?? 0,

    async read(after, limit, filter = {}) {
      const upTo = Math.min(settled ?? 0, after + SPAN);
      if (upTo <= after) return { events: [], position: after };
      const events = await store.readAll(after, upTo, { ...filter, limit });
      const last = events.at(-1);
      return { events, position: last !== undefined && events.length === limit ? last.sequence : upTo };
    },

    subscribe(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },

    async close() {
      closed = true;
      for (const end of subscriptions) end?.();
      pause.wake();
      rest.wake();
      await following;
    },
  };
}
