import type { EventStore, Snapshot } from "../store/event-store.ts";
import type { Telemetry } from "./telemetry.ts";

/** Aggregates waiting for their snapshot at most. More is a sign of a slow database, which snapshots must not slow further. */
const WAITING_LIMIT = 1_000;
const BATCH = 50;

export interface SnapshotWriter {
  offer(snapshot: Snapshot): void;
  /** Resolves when all that was offered is written or given up. */
  close(): Promise<void>;
}

/** Writes snapshots off the way of commands, one batch at a time; of one aggregate only the newest offered. A lost one is no loss. */
export function createSnapshotWriter(store: Pick<EventStore, "saveSnapshots">, telemetry: Telemetry): SnapshotWriter {
  const waiting = new Map<string, Snapshot>();
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting.values()].slice(0, BATCH);
      for (const { aggregateId } of batch) waiting.delete(aggregateId);
      try {
        await store.saveSnapshots(batch);
      } catch (error) {
        telemetry.fault("save snapshots", error);
      }
    }
    working = undefined;
  }

  return {
    offer(snapshot) {
      if (waiting.size >= WAITING_LIMIT && !waiting.has(snapshot.aggregateId)) return;
      waiting.delete(snapshot.aggregateId);
      waiting.set(snapshot.aggregateId, snapshot);
      working ??= Promise.resolve().then(work);
    },
    close: async () => working,
  };
}
