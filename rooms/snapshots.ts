import type { EventStore, Snapshot } from "../store/event-store.ts";
import type { Telemetry } from "./telemetry.ts";

/** Aggregates waiting for their snapshot at most. More is a sign of a slow database, which snapshots must not slow further. */
const WAITING_LIMIT = 1_000;

export interface SnapshotWriter {
  offer(snapshot: Snapshot): void;
  /** Resolves when all that was offered is written or given up. */
  close(): Promise<void>;
}

/** Writes snapshots one at a time, off the way of commands; of one aggregate only the newest offered. A lost one is no loss. */
export function createSnapshotWriter(store: Pick<EventStore, "saveSnapshot">, telemetry: Telemetry): SnapshotWriter {
  const waiting = new Map<string, Snapshot>();
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    for (const [id, snapshot] of waiting) {
      waiting.delete(id);
      try {
        await store.saveSnapshot(snapshot);
      } catch (error) {
        telemetry.fault("save snapshot", error);
      }
    }
    working = undefined;
  }

  return {
    offer(snapshot) {
      if (waiting.size >= WAITING_LIMIT) return;
      waiting.delete(snapshot.aggregateId);
      waiting.set(snapshot.aggregateId, snapshot);
      working ??= Promise.resolve().then(work);
    },
    close: async () => working,
  };
}
