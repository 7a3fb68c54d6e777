import type pg from "pg";
import type { AggregateType, StoredEvent } from "../domain/envelope.ts";
import { EVENT_COLUMNS, type EventRow, eventOf } from "./event-row.ts";
import type { EventRegistry } from "./registry.ts";

/** Which events are asked for: those to which all that is given applies. */
export interface EventFilter {
  readonly aggregateId?: string | undefined;
  readonly aggregateType?: string | undefined;
  readonly eventTypes?: readonly string[] | undefined;
  readonly correlationId?: string | undefined;
  readonly userId?: string | undefined;
  /** ISO 8601, of the event's own time; `to` is not in it. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** What the payload contains, in the sense of PostgreSQL's `@>`. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
}

/** Events after a sequence, oldest first, or before one, newest first. */
export interface EventPlace {
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Questions about the log that no part of the game asks; for operators. Each is one statement, which the pool's time-out ends. */
export interface Audit {
  /** @param upTo a high-water mark: what is still to come is on no page, so that none is left out */
  find(filter: EventFilter, place: EventPlace, upTo: number): Promise<readonly StoredEvent[]>;
  event(eventId: string): Promise<StoredEvent | undefined>;
  /**
   * How many events each of these streams had before the first that came later than this (ISO 8601), by the events' own times. A
   * stream without any is left out.
   */
  versionsAt(aggregateIds: readonly string[], time: string): Promise<ReadonlyMap<string, number>>;
  /** How many events each of these streams had when they had so many together, in the order of the log. */
  versionsAfter(aggregateIds: readonly string[], events: number): Promise<ReadonlyMap<string, number>>;
  /** The type of a stream's first event. */
  begins(aggregateId: string): Promise<string | undefined>;
  /** Ids, after one if there is one, of streams of a type whose first event is of one of these types. */
  streams(
    type: AggregateType,
    firstTypes: readonly string[],
    after: string | undefined,
    limit: number,
  ): Promise<readonly string[]>;
}

/** @param open what was sealed of the events that `registry` has read; a filter by payload compares what is stored */
export function createAudit(
  pool: Pick<pg.Pool, "query">,
  registry: EventRegistry,
  open: (events: readonly StoredEvent[]) => Promise<readonly StoredEvent[]> = async (events) => events,
): Audit {
  async function versions(text: string, values: readonly unknown[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await pool.query<{ id: string; version: number }>(text, [...values]);
    return new Map(rows.map(({ id, version }) => [id, version]));
  }

  return {
    async find(filter, { after = 0, before, limit }, upTo) {
      const values: unknown[] = [upTo, limit];
      const value = (given: unknown): string => `$${values.push(given)}`;
      const where = ["event_sequence <= $1"];
      where.push(before === undefined ? `event_sequence > ${value(after)}` : `event_sequence < ${value(before)}`);
      if (filter.aggregateId !== undefined) where.push(`aggregate_id = ${value(filter.aggregateId)}`);
      if (filter.aggregateType !== undefined) where.push(`aggregate_type = ${value(filter.aggregateType)}`);
      if (filter.eventTypes !== undefined) where.push(`event_type = ANY (${value(filter.eventTypes)})`);
      if (filter.correlationId !== undefined) where.push(`metadata->>'correlationId' = ${value(filter.correlationId)}`);
      if (filter.userId !== undefined) where.push(`metadata->>'userId' = ${value(filter.userId)}`);
      if (filter.from !== undefined) where.push(`"timestamp" >= ${value(filter.from)}::timestamptz`);
      if (filter.to !== undefined) where.push(`"timestamp" < ${value(filter.to)}::timestamptz`);
      if (filter.payload !== undefined) where.push(`payload @> ${value(JSON.stringify(filter.payload))}::jsonb`);
      const { rows } = await pool.query<EventRow>(
        `SELECT ${EVENT_COLUMNS} FROM evenements_tous WHERE ${where.join(" AND ")}
         ORDER BY event_sequence ${before === undefined ? "" : "DESC"} LIMIT $2`,
        values,
      );
      return open(rows.map((row) => eventOf(row, registry)));
    },

    async event(eventId) {
      const { rows } = await pool.query<EventRow>(`SELECT ${EVENT_COLUMNS} FROM evenements_tous WHERE event_id = $1`, [
        eventId,
      ]);
      return (await open(rows.map((row) => eventOf(row, registry))))[0];
    },

    versionsAt: (aggregateIds, time) =>
      versions(
        `SELECT h.aggregate_id AS id, coalesce((
           SELECT e.aggregate_version - 1 FROM evenements_tous e WHERE e.aggregate_id = h.aggregate_id AND e."timestamp" > $2::timestamptz
           ORDER BY e.aggregate_version LIMIT 1), h.version) AS version
         FROM stream_heads h WHERE h.aggregate_id = ANY ($1::uuid[])`,
        [aggregateIds, time],
      ),

    versionsAfter: (aggregateIds, events) =>
      versions(
        `SELECT aggregate_id AS id, max(aggregate_version) AS version FROM (
           SELECT aggregate_id, aggregate_version FROM evenements_tous WHERE aggregate_id = ANY ($1::uuid[])
           ORDER BY event_sequence LIMIT $2) AS first GROUP BY aggregate_id`,
        [aggregateIds, events],
      ),

    async begins(aggregateId) {
      const { rows } = await pool.query<{ type: string }>(
        "SELECT event_type AS type FROM evenements_tous WHERE aggregate_id = $1 AND aggregate_version = 1",
        [aggregateId],
      );
      return rows[0]?.type;
    },

    async streams(type, firstTypes, after, limit) {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT h.aggregate_id AS id FROM stream_heads h
         WHERE h.aggregate_type = $1 AND ($2::uuid IS NULL OR h.aggregate_id > $2::uuid) AND EXISTS (
           SELECT FROM evenements_tous e WHERE e.aggregate_id = h.aggregate_id AND e.aggregate_version = 1 AND e.event_type = ANY ($3))
         ORDER BY h.aggregate_id LIMIT $4`,
        [type, after ?? null, firstTypes, limit],
      );
      return rows.map(({ id }) => id);
    },
  };
}
