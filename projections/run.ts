import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import { type Consumer, createConsumer } from "../store/consumer.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Feed } from "../store/feed.ts";
import { type Projector, projectorSink } from "./projector.ts";

export interface ProjectionServices {
  readonly nodeId: string;
  /** One connection for each projector, and a few for questions. */
  readonly pool: pg.Pool;
  readonly store: Pick<EventStore, "readSequences">;
  readonly feed: Feed;
  readonly telemetry: { fault(where: string, error: unknown): void };
  /** Whether this node may be the one that keeps them; default true. */
  readonly runs?: boolean;
  readonly onBatch?: (name: string, events: number, seconds: number) => void;
  /** A read model has moved, and this is what it has taken on the way, perhaps nothing; committed. Must not throw, nor wait. */
  readonly onTaken?: (name: string, events: readonly StoredEvent[], from: number, to: number) => void;
  readonly onTakeOver?: (name: string) => void;
}

export interface Projections {
  /** By the projectors' names. */
  readonly consumers: ReadonlyMap<string, Consumer>;
  close(): Promise<void>;
}

/** Keeps every read model up to date, on whichever node gets to it first. */
export function createProjections(projectors: readonly Projector[], services: ProjectionServices): Projections {
  const { nodeId, pool, store, feed, telemetry } = services;
  const consumers = new Map(
    projectors.map((projector) => [
      projector.name,
      createConsumer({
        name: projector.name,
        nodeId,
        pool,
        store,
        feed,
        sink: projectorSink(projector),
        filter: { eventTypes: projector.eventTypes },
        batchSize: BATCH_SIZE,
        runs: services.runs ?? true,
        onFault: (error) => telemetry.fault(`projector ${projector.name}`, error),
        onTaken: (...move) => services.onTaken?.(projector.name, ...move),
        onBatch: (events, seconds) => services.onBatch?.(projector.name, events, seconds),
        onTakeOver: () => services.onTakeOver?.(projector.name),
      }),
    ]),
  );
  if (consumers.size < projectors.length) throw new Error("two projectors of one name");
  return {
    consumers,
    async close() {
      await Promise.all([...consumers.values()].map((consumer) => consumer.close()));
    },
  };
}

/** Events in one transaction at most. */
export const BATCH_SIZE = 1_000;
