import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { eventTypes } from "../../domain/all-events.ts";
import type { AggregateType, DomainEvent, StoredEvent } from "../../domain/envelope.ts";
import type { Projector } from "../../projections/projector.ts";
import { createPool } from "../../store/database.ts";
import { derivedUuid } from "../../store/uuid.ts";
import type { TestDatabase } from "../support/postgres.ts";
import { take } from "./take.ts";

/** An event as the log holds it; `sequence` tells the rest apart. */
export function stored(
  event: DomainEvent,
  sequence: number,
  now: number,
  aggregateType: AggregateType = "Economy",
): StoredEvent {
  const eventId = `e0000000-0000-4000-8000-${String(sequence).padStart(12, "0")}`;
  const metadata = { correlationId: eventId, tenantId: "test", schemaVersion: 1 };
  const payload: unknown = JSON.parse(JSON.stringify(event.payload));
  const timestamp = new Date(now).toISOString();
  const { eventType } = event;
  return {
    eventType,
    payload,
    eventId,
    timestamp,
    metadata,
    aggregateId: eventId,
    aggregateType,
    version: 1,
    sequence,
  };
}

const schemaVersions = new Map(eventTypes.map(({ eventType, definition }) => [eventType, definition.schemaVersion]));

/**
 * Gives a log that numbers its events through the streams that a store knows: one id each, and versions without gaps. Its time
 * begins now, where there are partitions.
 */
export function inStreams(log: readonly StoredEvent[]): readonly StoredEvent[] {
  const versions = new Map<string, number>();
  const later = Date.now() - Date.parse(log[0]?.timestamp ?? "");
  return log.map((event) => {
    const aggregateId = derivedUuid(event.aggregateType, event.aggregateId);
    const version = (versions.get(aggregateId) ?? 0) + 1;
    versions.set(aggregateId, version);
    const timestamp = new Date(Date.parse(event.timestamp) + later).toISOString();
    const schemaVersion = schemaVersions.get(event.eventType) ?? 1;
    return { ...event, aggregateId, version, timestamp, metadata: { ...event.metadata, schemaVersion } };
  });
}

/** Where a log is cut, as a share of its length. Not a `double`: nearly all of those are next to 0. */
export const share = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);

/** The application's pool on a database of the test's own. */
export function usePool(database: TestDatabase): () => pg.Pool {
  let pool: pg.Pool | undefined;
  beforeAll(() => {
    pool = createPool({ url: database.url });
  });
  afterAll(() => pool?.end());
  return () => {
    if (pool === undefined) throw new Error("no pool before the tests run");
    return pool;
  };
}

/** The events that a projector is given of a log, in batches of these sizes, over and over. */
export async function project(
  pool: pg.Pool,
  projector: Projector,
  log: readonly StoredEvent[],
  sizes: readonly number[],
): Promise<void> {
  const fitting = log.filter(({ eventType }) => projector.eventTypes.includes(eventType));
  for (let at = 0, n = 0; at < fitting.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    await take(pool, projector, fitting.slice(at, at + size));
    at += size;
  }
}

export async function clear(pool: pg.Pool, projector: Projector): Promise<void> {
  for (const table of projector.tables.toReversed()) await pool.query(`DELETE FROM ${table}`);
}

export type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** All rows of a projector's tables, in an order that is always the same. */
export async function allRows(pool: pg.Pool, projector: Projector): Promise<Rows> {
  const entries: [string, Rows[string]][] = [];
  for (const table of projector.tables)
    entries.push([table, (await pool.query(`SELECT * FROM ${table} ORDER BY 1`)).rows]);
  return Object.fromEntries(entries);
}
