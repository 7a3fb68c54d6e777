import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import type { Projector } from "./projector.ts";
import { RebuildError } from "./rebuild-error.ts";
import type { Run } from "./rebuild-run.ts";

/** The new tables, and how far they are. */
export interface Filling {
  readonly position: number;
  readonly target: number;
  /** The new tables are in place, though the COMMIT was not heard of. */
  readonly done: boolean;
  /** Events applied since this run began. */
  readonly events: number;
  /** Asks where both stand: after a lost COMMIT, nobody else knows. */
  look(): Promise<void>;
  /** Applies events and moves the position, both or neither. */
  take(events: readonly StoredEvent[], upTo: number): Promise<void>;
}

const FENCED = "another rebuild of this projector has taken over";

/** Fills through sessions with the application's role, in which the new tables hide the live ones. */
export function createFilling(pool: pg.Pool, projector: Projector, { name, epoch }: Run): Filling {
  let position = 0;
  let target = 0;
  let applied = 0;
  let done = false;

  async function apply(client: pg.PoolClient, events: readonly StoredEvent[], upTo: number): Promise<number> {
    const { rows } = await client.query<{ sequence: number }>({
      name: "rebuild_discarded",
      text: `SELECT event_sequence AS sequence FROM dead_letters
             WHERE consumer = $1 AND event_sequence > $2 AND event_sequence <= $3 AND state = 'DISCARDED'`,
      values: [name, position, upTo],
    });
    const discarded = new Set(rows.map(({ sequence }) => sequence));
    const kept = discarded.size === 0 ? events : events.filter(({ sequence }) => !discarded.has(sequence));
    if (kept.length > 0) await projector.apply(kept, client);
    const { rowCount } = await client.query({
      name: "rebuild_move",
      text: `UPDATE projection_rebuilds SET position = $4, target = $5, events = events + $6, skipped = skipped + $7,
               updated_at = clock_timestamp()
             WHERE name = $1 AND epoch = $2 AND position = $3 AND state = 'FILLING'`,
      values: [name, epoch, position, upTo, target, kept.length, discarded.size],
    });
    if (rowCount !== 1) throw new RebuildError("FENCED", FENCED);
    return kept.length;
  }

  return {
    get position() {
      return position;
    },
    get target() {
      return target;
    },
    get done() {
      return done;
    },
    get events() {
      return applied;
    },

    async look() {
      const { rows } = await pool.query<{ position: number; target: number; state: string }>({
        name: "rebuild_look",
        text: `SELECT r.position, c.position AS target, r.state FROM projection_rebuilds r JOIN consumer_checkpoints c USING (name)
               WHERE r.name = $1 AND r.epoch = $2 AND r.state IN ('FILLING', 'DONE')`,
        values: [name, epoch],
      });
      const row = rows[0];
      if (row === undefined) throw new RebuildError("FENCED", FENCED);
      position = row.position;
      target = row.target;
      done = row.state === "DONE";
    },

    async take(events, upTo) {
      const client = await pool.connect();
      let usable = false;
      try {
        // A crash may take the last batches with it, in order and with their position: then they are applied again.
        await client.query("BEGIN; SET LOCAL synchronous_commit = off");
        const kept = await apply(client, events, upTo);
        await client.query("COMMIT");
        usable = true;
        position = upTo;
        applied += kept;
      } finally {
        // With its session ends what it wrote; failures are few.
        client.release(!usable);
      }
    },
  };
}
