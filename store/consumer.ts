import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { type ConsumerStatus, readLag } from "./consumer-status.ts";
import { deadLettersOf } from "./dead-letters.ts";
import type { EventStore } from "./event-store.ts";
import type { Feed, FeedFilter, FeedPage } from "./feed.ts";
import { backOff, createPause } from "./pause.ts";
import { createRedelivery, type Redelivery } from "./redelivery.ts";
import { UnreadableEventError } from "./registry.ts";
import { applyTo, describeFault, type FaultText, passes, type Sink, SinkFailure } from "./sink.ts";

export interface ConsumerOptions {
  /** Its own among the tenant's consumers; the same on every node. */
  readonly name: string;
  readonly nodeId: string;
  /** One connection for a batch, and one for `status`. Its sessions have the application's role. */
  readonly pool: pg.Pool;
  readonly store: Pick<EventStore, "readSequences">;
  readonly feed: Feed;
  readonly sink: Sink;
  /** Which events it takes; default all. */
  readonly filter?: FeedFilter;
  /** Events in one transaction at most; default 500. */
  readonly batchSize?: number;
  /** How often one event is tried before it goes to the dead letters; default 3. */
  readonly tries?: number;
  /** ms between looks of a node that stands by; default 250. */
  readonly pollMs?: number;
  /** ms for which a sink may leave its transaction idle; default the pool's. */
  readonly idleTransactionMs?: number;
  /** ms that `close` waits for the batch under way; default 5,000. */
  readonly closeMs?: number;
  readonly onBatch?: (events: number, seconds: number) => void;
  /** The position has moved, and this is what was taken on the way, perhaps nothing; committed. Must not throw, nor wait. */
  readonly onTaken?: (events: readonly StoredEvent[], from: number, to: number) => void;
  /** Whether this node may be the one that works; default true. `false`: it only tells, and takes dead letters. */
  readonly runs?: boolean;
  /** This node goes on with what another one did before. */
  readonly onTakeOver?: () => void;
  /** Every failure, with all that its error says: not for storing. */
  readonly onFault?: (error: unknown) => void;
}

export interface Consumer {
  /** @throws when the database cannot be reached */
  status(): Promise<ConsumerStatus>;
  /** A sequence up to which everything was taken, or was not for it, as far as this node knows. */
  reached(): number;
  /** Takes a failed event again, and then those that were parked behind it. Safe while any node works for the consumer. */
  retryDeadLetter(sequence: number): Promise<Redelivery>;
  /** Drops a failed event, and takes those that were parked behind it. */
  discardDeadLetter(sequence: number): Promise<Redelivery>;
  /** Finishes the batch under way, or abandons it after a while; nothing is written after that. */
  close(): Promise<void>;
}

/** ms after which a position is written down though no event was taken: what a restart reads again at most. */
const IDLE_MOVE_MS = 1_000;
/** ms for which a node that stands by leaves new work to the one that did the last. */
const GRACE_MS = 50;
/** ms between looks for dead letters that wait for nothing. */
const RESUME_MS = 30_000;

/**
 * Takes the log's events to a sink, each once and in order, whichever node does it. Any number of nodes run the same consumer:
 * the one that has the checkpoint row's lock takes a batch, and the row moves in the transaction of the batch's effects. A node
 * that finds the row locked or moved stands by, looks again each poll, and takes over when the row is free and there is work.
 */
export function createConsumer(options: ConsumerOptions): Consumer {
  const { name, nodeId, pool, store, feed, sink, filter, onFault } = options;
  const batchSize = options.batchSize ?? 500;
  const pollMs = options.pollMs ?? 250;
  const triesAtMost = options.tries ?? 3;
  const checkpoints = createCheckpoints(pool, name, nodeId, options.idleTransactionMs);
  const aborter = new AbortController();
  const redelivery = createRedelivery({ name, checkpoints, store, sink, batchSize, signal: aborter.signal });
  const pause = createPause();

  let registered = false;
  let standby = true;
  /** As the row said last, and how far behind it nothing fits the filter. */
  let position = 0;
  let seen = 0;
  /** Standing by, it found work that was left lying. */
  let suspicious: false | "once" | "twice" = false;
  let movedAt = performance.now();
  let resumedAt = Number.NEGATIVE_INFINITY;
  let closing = false;
  let stopped = false;
  let lastError: (FaultText & { readonly at: string }) | undefined;
  let failures = 0;

  /** Events in the next batch at most. Smaller after a failure, until what failed is found. */
  let limit = batchSize;
  /** So many of the events to come hold one that fails; 0 if none is known to. */
  let suspects = 0;
  /** What the sink was given last, of how large a page. */
  let offered: readonly StoredEvent[] = [];
  let pageSize = 0;
  let culprit: { readonly sequence: number; readonly tries: number; readonly fault: FaultText } | undefined;

  async function learn(): Promise<void> {
    if (!registered) await checkpoints.register();
    const checkpoint = await checkpoints.look();
    if (!registered && (checkpoint.owner === null || checkpoint.owner === nodeId)) standby = false;
    registered = true;
    position = checkpoint.position;
    seen = Math.max(seen, position);
  }

  async function resume(): Promise<void> {
    if (standby || performance.now() - resumedAt < RESUME_MS) return;
    if ((await deadLettersOf(name, pool).forgotten()).length > 0) await redelivery.resume();
    resumedAt = performance.now();
  }

  /** Answers after how many ms to look again; 0: at once. */
  async function step(): Promise<number> {
    if (standby) {
      const before = registered ? position : undefined;
      await learn();
      const atWork = before !== undefined && position !== before;
      // Work that has only just come is the other node's, if that one lives.
      const left = seen < feed.settled();
      suspicious = !atWork && left && (suspicious ? "twice" : "once");
      if (!left) recovered();
      if (standby && suspicious !== "twice") return suspicious === "once" ? GRACE_MS : pollMs;
      suspicious = false;
    }
    await resume();
    const page = await feed.read(seen, limit, filter);
    if (page.events.length === 0) {
      seen = page.position;
      if (seen === position || performance.now() - movedAt < IDLE_MOVE_MS) {
        recovered();
        return seen < feed.settled() ? 0 : pollMs;
      }
    }
    const start = performance.now();
    const expected = position;
    offered = [];
    const moved = await checkpoints.take(async (turn) => {
      if (turn.position !== expected) return false;
      if (page.events.length > 0) await takePage(turn.client, page);
      await turn.moveTo(page.position);
      return true;
    });
    if (moved !== true) {
      standby = true;
      return pollMs;
    }
    if (standby) {
      resumedAt = Number.NEGATIVE_INFINITY;
      options.onTakeOver?.();
    }
    standby = false;
    movedAt = performance.now();
    position = page.position;
    seen = page.position;
    grow(page.events.length);
    options.onTaken?.(page.events, expected, page.position);
    if (page.events.length > 0) options.onBatch?.(page.events.length, (movedAt - start) / 1_000);
    return 0;
  }

  async function takePage(client: pg.PoolClient, { events }: FeedPage): Promise<void> {
    const letters = deadLettersOf(name, client);
    const blocked = await letters.blocked([...new Set(events.map(({ aggregateId }) => aggregateId))]);
    const free = blocked.size === 0 ? events : events.filter(({ aggregateId }) => !blocked.has(aggregateId));
    const [only] = free;
    offered = free;
    pageSize = events.length;
    if (
      only !== undefined &&
      free.length === 1 &&
      culprit?.sequence === only.sequence &&
      culprit.tries >= triesAtMost
    ) {
      await letters.record(only, "FAILED", culprit.fault, culprit.tries);
    } else if (free.length > 0) {
      const compensated = await applyTo(sink, free, client, aborter.signal);
      await letters.recordCompensated(free, compensated);
    }
    await letters.park(events.filter(({ aggregateId }) => blocked.has(aggregateId)));
  }

  /** Nothing is left of what failed: it was taken, if need be by another node, or by a COMMIT whose answer was lost. */
  function recovered(): void {
    failures = 0;
    culprit = undefined;
  }

  function grow(taken: number): void {
    recovered();
    suspects = Math.max(0, suspects - taken);
    limit = suspects > 0 ? Math.ceil(suspects / 2) : Math.min(batchSize, limit * 2);
  }

  /** Answers after how many ms to try again. */
  function failed(error: unknown): number {
    const cause = error instanceof SinkFailure ? error.cause : error;
    onFault?.(cause);
    const unreadable = cause instanceof UnreadableEventError;
    const fault = unreadable ? { code: "UNREADABLE_EVENT", message: cause.message } : describeFault(cause);
    lastError = { ...fault, at: new Date().toISOString() };
    if (unreadable && (cause !== error || limit === 1)) {
      stopped = true;
      return 0;
    }
    if (unreadable) {
      limit = Math.ceil(limit / 2);
      return 0;
    }
    const [only, ...others] = offered;
    if (error instanceof SinkFailure && only !== undefined && !passes(cause)) {
      if (others.length > 0) {
        suspects = offered.length;
        limit = Math.ceil(suspects / 2);
        return 0;
      }
      const tries = culprit?.sequence === only.sequence ? culprit.tries + 1 : 1;
      culprit = { sequence: only.sequence, tries, fault };
      // The same page again: no other event may come to stand beside it.
      limit = pageSize;
      return tries < triesAtMost ? backOff(tries) : 0;
    }
    failures += 1;
    // It may be the size of the batch that takes too long.
    limit = Math.ceil(limit / 2);
    return backOff(failures);
  }

  async function run(): Promise<void> {
    while (!closing && !stopped) {
      let again: number;
      pause.clear();
      try {
        again = await step();
      } catch (error) {
        if (closing) return;
        again = failed(error);
      }
      if (again > 0 && !closing) await pause.wait(again);
    }
  }

  const unsubscribe = feed.subscribe(() => {
    // A hint is for the node that works; the others would only get in its way. After a failure it does not cut the wait short.
    if (!standby && failures === 0 && culprit === undefined) pause.wake();
  });
  const running = options.runs === false ? Promise.resolve() : run();

  return {
    async status() {
      const lag = await readLag(pool, name, seen);
      const troubled = failures > 0 || culprit !== undefined;
      const state = stopped
        ? "stopped"
        : troubled
          ? "failing"
          : lag.owner === nodeId || !standby
            ? "working"
            : "standby";
      const { owner: _, ...figures } = lag;
      return { name, state, ...figures, ...(lastError !== undefined && { lastError }) };
    },
    reached: () => seen,
    retryDeadLetter: (sequence) => redelivery.retry(sequence),
    discardDeadLetter: (sequence) => redelivery.discard(sequence),
    async close() {
      closing = true;
      unsubscribe();
      pause.wake();
      const abandoned = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        aborter.abort();
        checkpoints.abandon();
        abandoned.resolve();
      }, options.closeMs ?? 5_000);
      await Promise.race([running, abandoned.promise]);
      clearTimeout(timer);
    },
  };
}
