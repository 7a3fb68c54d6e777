import type pg from "pg";
import type { Consumer } from "../store/consumer.ts";

/** Lets readers wait for read models to come as far as an event that they know of. */
export interface Freshness {
  /** Whether all of these have come to this sequence, at once or within the time that a reader waits. */
  reached(names: readonly string[], sequence: number): Promise<boolean>;
  /** How far this one has come, as far as this node knows. */
  position(name: string): number;
  /** To be called when a read model has moved on this node. */
  moved(): void;
}

interface FreshnessOptions {
  /** By name, this node's. */
  readonly consumers: ReadonlyMap<string, Pick<Consumer, "reached">>;
  readonly pool: Pick<pg.Pool, "query">;
  /** ms that a reader waits at most; default 2,000. */
  readonly waitMs?: number;
  /** Readers that wait at most; one more is answered at once. Default 1,000. */
  readonly waitingAtMost?: number;
  readonly onFault?: (error: unknown) => void;
}

/** ms between looks at where other nodes' read models are, while somebody waits: one look for all who do. */
const LOOK_MS = 20;

export function createFreshness({
  consumers,
  pool,
  waitMs = 2_000,
  waitingAtMost = 1_000,
  onFault,
}: FreshnessOptions): Freshness {
  const positions = new Map<string, number>();
  const waiting = new Set<() => void>();
  let looking = false;

  function at(name: string): number {
    const consumer = consumers.get(name);
    if (consumer === undefined) throw new Error(`there is no consumer ${name}`);
    return Math.max(positions.get(name) ?? 0, consumer.reached());
  }

  function moved(): void {
    for (const check of waiting) check();
  }

  async function look(): Promise<void> {
    try {
      const { rows } = await pool.query<{ name: string; position: number }>({
        name: "positions",
        text: "SELECT name, position FROM consumer_checkpoints",
      });
      for (const { name, position } of rows) positions.set(name, position);
    } catch (error) {
      onFault?.(error);
    }
    // Also where nothing new was found: what this node's own have passed over without a batch, nobody else tells.
    moved();
  }

  /** Looks again and again, for as long as anybody waits. */
  async function keepLooking(): Promise<void> {
    if (looking) return;
    looking = true;
    while (waiting.size > 0) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    looking = false;
  }

  return {
    position: at,
    moved,
    reached(names, sequence) {
      const there = () => names.every((name) => at(name) >= sequence);
      if (there()) return Promise.resolve(true);
      if (waiting.size >= waitingAtMost) return Promise.resolve(false);
      return new Promise((resolve) => {
        const end = (answer: boolean): void => {
          clearTimeout(late);
          waiting.delete(check);
          resolve(answer);
        };
        const late = setTimeout(() => end(there()), waitMs);
        const check = (): void => {
          if (there()) end(true);
        };
        waiting.add(check);
        void keepLooking();
      });
    },
  };
}
