import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";

const AGAIN_MS = 100;

export interface NodeLock {
  /** Resolves when it is held for the first time. */
  held(): Promise<void>;
  /** Gives it back, and ends the pool. May be called again. */
  release(): Promise<void>;
}

/**
 * A lock of a session's own that says that this node lives: the database drops it with the connection, at once when the process
 * is killed. A connection that is lost otherwise is made anew, again and again.
 * @param pool of one connection, for nothing else
 */
export function holdNodeLock(pool: pg.Pool, nodeId: string, onFault: (error: unknown) => void): NodeLock {
  const first = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  let closed = false;

  async function hold(): Promise<void> {
    const client = await pool.connect();
    const lost = new Promise<void>((resolve) => {
      client.once("error", () => resolve());
      client.once("end", resolve);
    });
    try {
      await client.query("SELECT pg_advisory_lock(hashtext('aether.node'), hashtext($1))", [nodeId]);
      first.resolve();
      await Promise.race([lost, closing.promise]);
    } finally {
      client.release(true);
    }
  }

  const holding = (async () => {
    while (!closed) {
      await hold().catch(onFault);
      if (!closed) await sleep(AGAIN_MS);
    }
  })();

  let released: Promise<void> | undefined;

  async function end(): Promise<void> {
    closed = true;
    closing.resolve();
    await holding;
    await pool.end();
  }

  return {
    held: () => first.promise,
    release() {
      released ??= end();
      return released;
    },
  };
}
