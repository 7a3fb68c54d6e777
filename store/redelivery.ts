import type { Checkpoints, Turn } from "./checkpoints.ts";
import { deadLettersOf } from "./dead-letters.ts";
import type { EventStore } from "./event-store.ts";
import { backOff } from "./pause.ts";
import { classifyFailure } from "./pg-errors.ts";
import { applyTo, describeFault, EventFault, passes, type Sink, SinkFailure } from "./sink.ts";

/** `delivered`: events taken, the parked ones included. */
export type Redelivery =
  | { readonly ok: true; readonly delivered: number }
  | { readonly ok: false; readonly code: "NOT_FOUND" | "NOT_FAILED" }
  /** `sequence` is the one that now holds up its aggregate: the same as before, or one that was parked behind it. */
  | { readonly ok: false; readonly code: "FAILED_AGAIN"; readonly sequence: number; readonly delivered: number };

interface RedeliveryOptions {
  readonly name: string;
  readonly checkpoints: Checkpoints;
  readonly store: Pick<EventStore, "readSequences">;
  readonly sink: Sink;
  readonly batchSize: number;
  readonly signal: AbortSignal;
}

const LOCK_TRIES = 10;

/**
 * Runs dead letters again. Each step holds the consumer's row, so that no node works for the consumer meanwhile; between two
 * steps the aggregate's later events are still parked behind what is left. A step that fails for a passing reason rejects; what
 * went before stands, and the rest is taken by whichever node next begins to work for the consumer.
 */
export function createRedelivery({ name, checkpoints, store, sink, batchSize, signal }: RedeliveryOptions) {
  const letters = (turn: Turn) => deadLettersOf(name, turn.client);

  async function locked<T>(work: (turn: Turn) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        const result = await checkpoints.take(work, "wait");
        if (result === undefined) throw new Error(`consumer ${name} has no checkpoint`);
        return result;
      } catch (error) {
        if (tries === LOCK_TRIES || classifyFailure(error, true) !== "retry") throw error;
        await new Promise((resolve) => setTimeout(resolve, backOff(tries)));
      }
    }
  }

  async function deliver(turn: Turn, sequences: readonly number[]): Promise<void> {
    const events = await store.readSequences(sequences);
    if (events.length < sequences.length) throw new SinkFailure(new EventFault("GONE", "not in the log any more"));
    const compensated = await applyTo(sink, events, turn.client, signal);
    await letters(turn).settle(sequences, "DONE");
    await turn.rewrite();
    await letters(turn).recordCompensated(events, compensated);
  }

  /** Answers whether it was taken; if not, it stands as failed. */
  async function tryDeliver(
    pick: (turn: Turn) => Promise<readonly number[]>,
  ): Promise<readonly number[] | SinkFailure> {
    try {
      return await locked(async (turn) => {
        const sequences = await pick(turn);
        if (sequences.length > 0) await deliver(turn, sequences);
        return sequences;
      });
    } catch (error) {
      if (!(error instanceof SinkFailure) || passes(error.cause)) throw error;
      return error;
    }
  }

  async function fail(sequence: number, failure: SinkFailure): Promise<void> {
    await locked((turn) =>
      letters(turn)
        .failAgain(sequence, describeFault(failure.cause))
        .then(() => true),
    );
  }

  async function deliverParked(aggregateId: string, before: number): Promise<Redelivery> {
    let delivered = before;
    for (let limit = batchSize; ; ) {
      let picked: readonly number[] = [];
      const outcome = await tryDeliver(async (turn) => {
        picked = await letters(turn).released(aggregateId, limit);
        return picked;
      });
      if (!(outcome instanceof SinkFailure)) {
        if (outcome.length === 0) return { ok: true, delivered };
        delivered += outcome.length;
        limit = Math.min(batchSize, limit * 2);
      } else if (picked.length > 1) {
        limit = picked.length >> 1;
      } else {
        const sequence = picked[0] ?? 0;
        await fail(sequence, outcome);
        return { ok: false, code: "FAILED_AGAIN", sequence, delivered };
      }
    }
  }

  return {
    async retry(sequence: number): Promise<Redelivery> {
      const letter = await locked(async (turn) => (await letters(turn).find(sequence)) ?? "NOT_FOUND");
      if (letter === "NOT_FOUND") return { ok: false, code: letter };
      const outcome = await tryDeliver(async (turn) =>
        (await letters(turn).find(sequence))?.state === "FAILED" ? [sequence] : [],
      );
      if (outcome instanceof SinkFailure) {
        await fail(sequence, outcome);
        return { ok: false, code: "FAILED_AGAIN", sequence, delivered: 0 };
      }
      if (outcome.length === 0) return { ok: false, code: "NOT_FAILED" };
      return deliverParked(letter.aggregateId, 1);
    },

    async discard(sequence: number): Promise<Redelivery> {
      const letter = await locked(async (turn) => {
        const found = await letters(turn).find(sequence);
        if (found?.state === "FAILED") await letters(turn).settle([sequence], "DISCARDED");
        return found ?? "NOT_FOUND";
      });
      if (letter === "NOT_FOUND") return { ok: false, code: letter };
      if (letter.state !== "FAILED") return { ok: false, code: "NOT_FAILED" };
      return deliverParked(letter.aggregateId, 0);
    },

    /** Takes up what another left half done. */
    async resume(): Promise<void> {
      const aggregateIds = await locked((turn) => letters(turn).forgotten());
      for (const aggregateId of aggregateIds) await deliverParked(aggregateId, 0);
    },
  };
}
