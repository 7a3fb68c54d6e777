import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import type { Compensated, FaultText } from "./sink.ts";

/**
 * - `FAILED`: could not be taken, the first of its aggregate; `PARKED`: waits behind such a one.
 * - `COMPENSATED`: was undone elsewhere; nothing to do.
 * - `DONE`, `DISCARDED`: was FAILED or PARKED; taken since, or dropped by an operator.
 */
export const DEAD_LETTER_STATES = ["FAILED", "PARKED", "COMPENSATED", "DISCARDED", "DONE"] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

export interface DeadLetter {
  readonly consumer: string;
  readonly sequence: number;
  readonly eventId: string;
  readonly aggregateId: string;
  readonly eventType: string;
  readonly state: DeadLetterState;
  readonly code: string | null;
  readonly error: string | null;
  readonly attempts: number;
  /** ISO 8601. */
  readonly firstAt: string;
  readonly lastAt: string;
}

const COLUMNS = `consumer, event_sequence AS sequence, event_id AS "eventId", aggregate_id AS "aggregateId", event_type AS "eventType",
  state, code, error, attempts, first_at AS "firstAt", last_at AS "lastAt"`;

type Queryable = Pick<pg.ClientBase, "query">;

/** A letter's place in the order of the log: an event may have one of each consumer. */
export type LetterKey = readonly [sequence: number, consumer: string];

export interface LetterFilter {
  readonly consumer?: string | undefined;
  readonly state?: DeadLetterState | undefined;
  readonly aggregateId?: string | undefined;
  readonly after?: LetterKey | undefined;
  /** Default 100. */
  readonly limit?: number;
}

/** A page of letters in the order of the log. */
export async function listDeadLetters(
  pool: Queryable,
  { consumer, state, aggregateId, after = [0, ""], limit = 100 }: LetterFilter = {},
): Promise<readonly DeadLetter[]> {
  const { rows } = await pool.query<DeadLetter>(
    `SELECT ${COLUMNS} FROM dead_letters
     WHERE ($1::text IS NULL OR consumer = $1) AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR aggregate_id = $3)
       AND (event_sequence, consumer) > ($4::bigint, $5::text)
     ORDER BY event_sequence, consumer LIMIT $6`,
    [consumer ?? null, state ?? null, aggregateId ?? null, ...after, limit],
  );
  return rows;
}

/** The statements of one consumer, inside its transaction. */
export function deadLettersOf(consumer: string, client: Queryable) {
  return {
    /** Which of these aggregates have an event that could not be taken. */
    async blocked(aggregateIds: readonly string[]): Promise<ReadonlySet<string>> {
      const { rows } = await client.query<{ id: string }>({
        name: "dead_letters_blocked",
        text: `SELECT DISTINCT aggregate_id AS id FROM dead_letters
               WHERE consumer = $1 AND aggregate_id = ANY ($2::uuid[]) AND state IN ('FAILED', 'PARKED')`,
        values: [consumer, aggregateIds],
      });
      return new Set(rows.map(({ id }) => id));
    },

    /** An event that has its letter already, as when the log is taken again from its beginning, keeps it. */
    async park(events: readonly StoredEvent[]): Promise<void> {
      if (events.length === 0) return;
      await client.query(
        `INSERT INTO dead_letters (consumer, event_sequence, event_id, aggregate_id, event_type, state)
         SELECT $1, e.*, 'PARKED' FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::text[]) AS e
         ON CONFLICT (consumer, event_sequence) DO NOTHING`,
        [
          consumer,
          events.map(({ sequence }) => sequence),
          events.map(({ eventId }) => eventId),
          events.map(({ aggregateId }) => aggregateId),
          events.map(({ eventType }) => eventType),
        ],
      );
    },

    async record(event: StoredEvent, state: "FAILED" | "COMPENSATED", fault: FaultText, attempts: number) {
      await client.query(
        `INSERT INTO dead_letters (consumer, event_sequence, event_id, aggregate_id, event_type, state, code, error, attempts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (consumer, event_sequence) DO UPDATE SET state = excluded.state, code = excluded.code, error = excluded.error`,
        [
          consumer,
          event.sequence,
          event.eventId,
          event.aggregateId,
          event.eventType,
          state,
          ...shortened(fault),
          attempts,
        ],
      );
    },

    /** One that was failed or parked: it now holds up those behind it. */
    async failAgain(sequence: number, fault: FaultText): Promise<void> {
      await client.query(
        `UPDATE dead_letters SET state = 'FAILED', code = $3, error = $4, attempts = attempts + 1, last_at = clock_timestamp()
         WHERE consumer = $1 AND event_sequence = $2 AND state IN ('FAILED', 'PARKED')`,
        [consumer, sequence, ...shortened(fault)],
      );
    },

    async recordCompensated(events: readonly StoredEvent[], compensated: readonly Compensated[]): Promise<void> {
      for (const { sequence, deadLetter } of compensated) {
        const event = events.find((one) => one.sequence === sequence);
        if (event === undefined) throw new Error(`compensated ${sequence}, which is not of the batch`);
        await this.record(event, deadLetter.state, deadLetter, 1);
      }
    },

    async settle(sequences: readonly number[], state: "DONE" | "DISCARDED"): Promise<void> {
      await client.query(
        `UPDATE dead_letters SET state = $3, attempts = attempts + CASE $3 WHEN 'DONE' THEN 1 ELSE 0 END, last_at = clock_timestamp()
         WHERE consumer = $1 AND event_sequence = ANY ($2::bigint[])`,
        [consumer, sequences, state],
      );
    },

    async find(sequence: number): Promise<DeadLetter | undefined> {
      const { rows } = await client.query<DeadLetter>(
        `SELECT ${COLUMNS} FROM dead_letters WHERE consumer = $1 AND event_sequence = $2`,
        [consumer, sequence],
      );
      return rows[0];
    },

    /** The letters next in line of an aggregate that nothing holds up any more. */
    async released(aggregateId: string, limit: number): Promise<readonly number[]> {
      const { rows } = await client.query<{ sequence: number }>(
        `SELECT event_sequence AS sequence FROM dead_letters d
         WHERE consumer = $1 AND aggregate_id = $2 AND state = 'PARKED' AND NOT EXISTS (
           SELECT FROM dead_letters WHERE consumer = $1 AND aggregate_id = $2 AND state = 'FAILED')
         ORDER BY event_sequence LIMIT $3`,
        [consumer, aggregateId, limit],
      );
      return rows.map(({ sequence }) => sequence);
    },

    /** Aggregates whose letters wait for nothing: whoever was to deliver them died on the way. */
    async forgotten(): Promise<readonly string[]> {
      const { rows } = await client.query<{ id: string }>(
        `SELECT DISTINCT aggregate_id AS id FROM dead_letters d WHERE consumer = $1 AND state = 'PARKED' AND NOT EXISTS (
           SELECT FROM dead_letters WHERE consumer = $1 AND aggregate_id = d.aggregate_id AND state = 'FAILED')`,
        [consumer],
      );
      return rows.map(({ id }) => id);
    },
  };
}

function shortened({ code, message }: FaultText): [string, string] {
  return [code.slice(0, 200), message.slice(0, 2_000)];
}
