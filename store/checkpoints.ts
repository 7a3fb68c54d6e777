import type pg from "pg";
import { isPassing, isServerError, isSpent } from "./pg-errors.ts";
import { SinkFailure } from "./sink.ts";

export interface Checkpoint {
  readonly position: number;
  /** The node that moved it last. */
  readonly owner: string | null;
}

/** A transaction in which this node, and no other, works for the consumer. */
export interface Turn {
  readonly client: pg.PoolClient;
  readonly position: number;
  moveTo(position: number): Promise<void>;
  /** Says that rows have changed that do not hang on the position alone. */
  rewrite(): Promise<void>;
}

export interface Checkpoints {
  /** Makes the consumer's row if there is none. */
  register(): Promise<void>;
  look(): Promise<Checkpoint>;
  /**
   * Does the work in a transaction that holds the consumer's row, and commits. Answers undefined when another node has the row,
   * unless told to wait for it. Rejects with what the work or the database failed with; after a lost COMMIT `look` tells.
   */
  take<T>(work: (turn: Turn) => Promise<T>, wait?: "wait"): Promise<T | undefined>;
  /** Ends the transaction under way with its connection, and so all that it wrote. */
  abandon(): void;
}

const IN_FAILED_TRANSACTION = "25P02";
const LOCK = "SELECT position FROM consumer_checkpoints WHERE name = $1 FOR UPDATE";

export function createCheckpoints(pool: pg.Pool, name: string, nodeId: string, idleTimeoutMs?: number): Checkpoints {
  const open = new Map<pg.PoolClient, () => void>();

  /** The row's lock is the fence: it ends with the session, and what the session wrote with it. */
  async function turnOn(client: pg.PoolClient, wait: boolean): Promise<Turn | undefined> {
    await client.query("BEGIN");
    if (idleTimeoutMs !== undefined)
      await client.query(`SET LOCAL idle_in_transaction_session_timeout = ${Math.round(idleTimeoutMs)}`);
    const { rows } = await client.query<{ position: number }>(
      wait
        ? { name: "consumer_lock", text: LOCK, values: [name] }
        : { name: "consumer_try_lock", text: `${LOCK} SKIP LOCKED`, values: [name] },
    );
    const position = rows[0]?.position;
    if (position === undefined) return undefined;
    return {
      client,
      position,
      async moveTo(next) {
        const { rowCount } = await client.query({
          name: "consumer_move",
          text: `UPDATE consumer_checkpoints SET position = $2, owner_node = $3, updated_at = clock_timestamp()
                 WHERE name = $1 AND position <= $2`,
          values: [name, next, nodeId],
        });
        if (rowCount !== 1) throw new Error(`consumer ${name}: no way from ${position} to ${next}`);
      },
      async rewrite() {
        await client.query("UPDATE consumer_checkpoints SET rewrites = rewrites + 1 WHERE name = $1", [name]);
      },
    };
  }

  return {
    async register() {
      await pool.query("INSERT INTO consumer_checkpoints (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", [name]);
    },

    async look() {
      const { rows } = await pool.query<Checkpoint>({
        name: "consumer_look",
        text: "SELECT position, owner_node AS owner FROM consumer_checkpoints WHERE name = $1",
        values: [name],
      });
      if (rows[0] === undefined) throw new Error(`consumer ${name} has no checkpoint`);
      return rows[0];
    },

    async take(work, wait) {
      const client = await pool.connect();
      let usable = true;
      let released = false;
      const release = (): void => {
        if (!released) client.release(!usable);
        released = true;
      };
      open.set(client, () => {
        usable = false;
        release();
      });
      try {
        const turn = await turnOn(client, wait === "wait");
        if (turn === undefined) {
          await client.query("ROLLBACK");
          return undefined;
        }
        const result = await work(turn);
        await commit(client);
        return result;
      } catch (error) {
        usable &&= !isSpent(error);
        if (usable) {
          await client.query("ROLLBACK").catch(() => {
            usable = false;
          });
        }
        // The sink kept an error of PostgreSQL's to itself.
        throw isServerError(error) && error.code === IN_FAILED_TRANSACTION ? new SinkFailure(error) : error;
      } finally {
        open.delete(client);
        release();
      }
    },

    abandon() {
      for (const end of open.values()) end();
    },
  };
}

/** Constraints that were deferred speak up only now. */
async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await client.query("COMMIT");
  } catch (error) {
    throw isPassing(error) ? error : new SinkFailure(error);
  }
}
