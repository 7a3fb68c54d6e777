import type { StoredEvent } from "../domain/envelope.ts";
import type { EventStore, Topic } from "./event-store.ts";
import type { Feed } from "./feed.ts";

export interface FollowOptions {
  /** A sequence: what came after it is given first. Default: from now on. */
  readonly after?: number | undefined;
  /** Events of the past that are given at most; default 10,000. */
  readonly pastAtMost?: number;
  /** Events that may wait for who follows; default 1,000. */
  readonly waitingAtMost?: number;
  readonly signal?: AbortSignal;
}

/** Why nothing more is given: who follows is too slow, or asked for too much of the past; who comes again may go on. */
export class FollowError extends Error {
  override readonly name = "FollowError";
  readonly code: "TOO_SLOW" | "TOO_FAR_BACK";

  constructor(code: "TOO_SLOW" | "TOO_FAR_BACK") {
    super(code === "TOO_SLOW" ? "events came faster than they were taken" : "more has happened since than is given");
    this.code = code;
  }
}

/** The log as it grows, for those who watch: any number of followers cost one reading of the log a node. */
export interface LiveEvents {
  /**
   * Each event of the topic once, in the order of the log, none left out. It begins when it is first asked, and ends, at once and
   * whatever it waits for, when it is returned from, the signal is aborted, or all is closed.
   * @throws FollowError
   */
  follow(topic: Topic, options?: FollowOptions): AsyncIterableIterator<StoredEvent, void, void>;
  /** The last sequence before which nothing is still to come. */
  settled(): number;
  /** The last sequence of the log, as far as a thousand events beyond that show: what is durable, though more may be still to come before it. */
  newest(): Promise<number>;
  /** Who follows at present. */
  readonly followers: number;
  close(): Promise<void>;
}

export interface LiveEventsOptions {
  /** A read that failed; it is tried again. */
  readonly onFault?: (error: unknown) => void;
}

interface Follower {
  readonly fits: (event: StoredEvent) => boolean;
  readonly waitingAtMost: number;
  /** Events up to here are not for it, or were given otherwise. */
  from: number;
  waiting: StoredEvent[];
  tooSlow: boolean;
  ended: boolean;
  wake: (() => void) | undefined;
}

const PAGE = 1_000;
/** Of the past, for one follower. */
const PAST_PAGE = 250;
const RETRY_MS = 250;

/** Reads the log only while somebody follows, from where it ends then. */
export function createLiveEvents(
  store: Pick<EventStore, "readTopic" | "highWaterMark" | "lastSequence" | "runAfter">,
  feed: Feed,
  { onFault }: LiveEventsOptions = {},
): LiveEvents {
  const followers = new Set<Follower>();
  let position = 0;
  let reading: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  function hand(event: StoredEvent): void {
    for (const follower of followers) {
      if (event.sequence <= follower.from || follower.tooSlow || !follower.fits(event)) continue;
      if (follower.waiting.length >= follower.waitingAtMost) {
        follower.tooSlow = true;
        follower.waiting = [];
      } else follower.waiting.push(event);
      follower.wake?.();
    }
  }

  async function readOn(): Promise<void> {
    do {
      again = false;
      while (followers.size > 0 && !closed && position < feed.settled()) {
        const page = await feed.read(position, PAGE);
        position = page.position;
        for (const event of page.events) hand(event);
      }
    } while (again && followers.size > 0 && !closed);
  }

  function look(): void {
    if (closed || followers.size === 0) return;
    if (reading !== undefined) {
      again = true;
      return;
    }
    reading = readOn()
      .catch((error: unknown) => {
        onFault?.(error);
        clearTimeout(retry);
        retry = setTimeout(look, RETRY_MS);
      })
      .finally(() => {
        reading = undefined;
      });
  }

  const unsubscribe = feed.subscribe(look);

  /** By pages, read as they are taken: however many catch up at a time, there is a page of each in memory. */
  async function* past(topic: Topic, after: number, upTo: number, atMost: number): AsyncGenerator<StoredEvent, void> {
    const [oneTooMany] = await store.readTopic(topic, after, upTo, { limit: 1, skip: atMost });
    if (oneTooMany !== undefined) throw new FollowError("TOO_FAR_BACK");
    for (let at = after; at < upTo; ) {
      const page = await store.readTopic(topic, at, upTo, { limit: PAST_PAGE });
      yield* page;
      at = page.length < PAST_PAGE ? upTo : (page.at(-1)?.sequence ?? upTo);
    }
  }

  /** Before the first follower the reading begins at the log's end, which the feed may not have found yet. */
  async function begin(): Promise<void> {
    const end = feed.settled() || (await store.lastSequence(await store.highWaterMark()));
    if (followers.size === 0 && reading === undefined) position = Math.max(position, end);
  }

  async function* events(
    topic: Topic,
    follower: Follower,
    { after, pastAtMost = 10_000 }: FollowOptions,
  ): AsyncGenerator<StoredEvent, void, void> {
    if (followers.size === 0 && reading === undefined) await begin();
    if (follower.ended || closed) return;
    const start = position;
    follower.from = Math.max(after ?? 0, start);
    followers.add(follower);
    look();
    try {
      if (after !== undefined && after < start) {
        for await (const event of past(topic, after, start, pastAtMost)) {
          if (follower.ended || closed) return;
          yield event;
        }
      }
      while (!follower.ended && !closed) {
        if (follower.tooSlow) throw new FollowError("TOO_SLOW");
        const next = follower.waiting;
        follower.waiting = [];
        for (const event of next) {
          if (follower.ended || closed) return;
          yield event;
        }
        if (next.length > 0) continue;
        const woken = Promise.withResolvers<void>();
        follower.wake = woken.resolve;
        await woken.promise;
        follower.wake = undefined;
      }
    } finally {
      followers.delete(follower);
    }
  }

  return {
    follow(topic, options = {}) {
      const ids = "aggregateIds" in topic ? new Set(topic.aggregateIds) : undefined;
      const types = "eventTypes" in topic ? new Set(topic.eventTypes) : undefined;
      const follower: Follower = {
        fits: (event) => ids?.has(event.aggregateId) ?? types?.has(event.eventType) ?? false,
        waitingAtMost: options.waitingAtMost ?? 1_000,
        from: 0,
        waiting: [],
        tooSlow: false,
        ended: options.signal?.aborted === true,
        wake: undefined,
      };
      const end = (): void => {
        follower.ended = true;
        follower.wake?.();
      };
      options.signal?.addEventListener("abort", end, { once: true });
      const generator = events(topic, follower, options);
      const forget = (): void => options.signal?.removeEventListener("abort", end);
      return {
        async next() {
          try {
            return await generator.next();
          } catch (error) {
            forget();
            throw error;
          }
        },
        // A generator that waits would be returned from only after what it waits for.
        return() {
          end();
          forget();
          return generator.return();
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
    settled: () => feed.settled(),
    newest: async () => (await store.runAfter(feed.settled())).last,
    get followers() {
      return followers.size;
    },
    async close() {
      closed = true;
      unsubscribe();
      clearTimeout(retry);
      for (const follower of followers) follower.wake?.();
      await reading;
    },
  };
}
