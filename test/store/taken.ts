import type pg from "pg";
import { expect } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { Sink } from "../../store/sink.ts";
import { rowsOf, withClient } from "../support/client.ts";

/** What a sink did with the events that it was given. It has no key: what is taken twice stands there twice. */
export async function createTaken(url: string): Promise<void> {
  await withClient(url, (client) =>
    client.query(`CREATE TABLE taken (n bigserial, consumer text, sequence bigint, aggregate uuid, node text);
                  GRANT SELECT, INSERT ON taken TO aether_app; GRANT USAGE ON taken_n_seq TO aether_app`),
  );
}

export async function write(
  transaction: pg.ClientBase,
  consumer: string,
  events: readonly StoredEvent[],
  node = "",
): Promise<void> {
  await transaction.query(
    "INSERT INTO taken (consumer, sequence, aggregate, node) SELECT $1, e.s, e.a, $4 FROM unnest($2::bigint[], $3::uuid[]) AS e (s, a)",
    [consumer, events.map(({ sequence }) => sequence), events.map(({ aggregateId }) => aggregateId), node],
  );
}

/** Writes a row for each event; `before` may object. */
export function takingSink(consumer: string, before: (event: StoredEvent) => unknown = () => undefined): Sink {
  return {
    async apply(events, transaction) {
      for (const event of events) await before(event);
      await write(transaction, consumer, events);
      return undefined;
    },
  };
}

export interface Taken {
  readonly sequence: number;
  readonly aggregate: string;
  readonly node: string;
}

/** In the order in which they were taken. */
export function taken(url: string, consumer: string): Promise<readonly Taken[]> {
  return rowsOf<Taken & pg.QueryResultRow>(
    url,
    "SELECT sequence::int, aggregate, node FROM taken WHERE consumer = $1 ORDER BY n",
    [consumer],
  );
}

export async function sequencesTaken(url: string, consumer: string): Promise<number[]> {
  return (await taken(url, consumer)).map(({ sequence }) => sequence);
}

export async function sequencesWritten(url: string, where = "true"): Promise<number[]> {
  const rows = await rowsOf<{ n: number }>(
    url,
    `SELECT event_sequence::int AS n FROM evenements WHERE ${where} ORDER BY 1`,
  );
  return rows.map(({ n }) => n);
}

/** `expect.poll`, more often. */
export function eventually<T>(read: () => T, options: { readonly interval?: number } = {}) {
  return expect.poll(read, { interval: 20, ...options });
}

/** Each event of the log once, and in order. */
export async function expectAllTaken(url: string, consumer: string): Promise<void> {
  const written = await sequencesWritten(url);
  await eventually(async () => (await sequencesTaken(url, consumer)).length).toBeGreaterThanOrEqual(written.length);
  expect(await sequencesTaken(url, consumer)).toEqual(written);
}
