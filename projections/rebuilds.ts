import type { DatabaseConfig } from "../store/database.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Projector } from "./projector.ts";
import { type RebuildProgress, type RebuildResult, rebuildProjection } from "./rebuild.ts";
import { RebuildError } from "./rebuild-error.ts";

export interface RebuildServices {
  readonly nodeId: string;
  readonly database: DatabaseConfig;
  readonly store: Pick<EventStore, "readAll">;
  readonly telemetry: { fault(where: string, error: unknown): void };
  readonly onDone?: (name: string, result: RebuildResult) => void;
}

/** The rebuilds that this node works at. */
export interface Rebuilds {
  /**
   * Answers once it is under way; what becomes of it stands in the table of rebuilds.
   * @throws RebuildError, what keeps it from beginning
   */
  start(name: string, options?: { readonly fresh?: boolean }): Promise<void>;
  /** Stops it after the batch under way; it can be taken up again. False: none is under way here. */
  stop(name: string): Promise<boolean>;
  /** Stops them all. */
  close(): Promise<void>;
}

export function createRebuilds(projectors: readonly Projector[], services: RebuildServices): Rebuilds {
  const running = new Map<string, { readonly aborter: AbortController; readonly ended: Promise<void> }>();
  let closed = false;

  async function stop(name: string): Promise<boolean> {
    const one = running.get(name);
    one?.aborter.abort();
    await one?.ended;
    return one !== undefined;
  }

  return {
    async start(name, { fresh = false } = {}) {
      const projector = projectors.find((one) => one.name === name);
      if (projector === undefined) throw new RebuildError("NO_PROJECTOR", `${name} is not a read model`);
      if (closed || running.has(name)) throw new RebuildError("RUNNING", `${name} is being rebuilt already`);
      const aborter = new AbortController();
      const begun = Promise.withResolvers<void>();
      const { nodeId, database, store, telemetry, onDone } = services;
      const rebuilt = rebuildProjection({
        projector,
        nodeId,
        database,
        store,
        fresh,
        signal: aborter.signal,
        onBegun: begun.resolve,
      });
      const ended = rebuilt
        .then((result) => onDone?.(name, result))
        .catch((error: unknown) => {
          if (!aborter.signal.aborted) telemetry.fault(`rebuild ${name}`, error);
          begun.reject(error);
        })
        .finally(() => running.delete(name));
      running.set(name, { aborter, ended });
      await begun.promise;
    },
    stop,
    async close() {
      closed = true;
      await Promise.all([...running.keys()].map(stop));
    },
  };
}

/** How much of the way is done, 0 to 1. */
export function shareDone({ position, target }: Pick<RebuildProgress, "position" | "target">): number {
  return target === 0 ? 1 : Math.min(1, position / target);
}
