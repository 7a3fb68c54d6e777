import pg from "pg";
import { intArray, jsonbArray, textArray, timestampArray, uuidArray } from "../../store/binary-arrays.ts";
import { type Combat, createCombats, nextHit } from "../combat-events.ts";
import type { Slice } from "../load.ts";
import { copyIn, copyRows } from "./copy.ts";

export interface Row {
  readonly eventId: string;
  readonly eventType: string;
  readonly timestamp: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly payload: string;
  readonly metadata: string;
}

/** One way to write rows into the events' table. `prepare` is what can be done while the statement before it runs. */
interface Candidate {
  readonly name: string;
  fits(batch: number): boolean;
  write(client: pg.Client, prepared: unknown): Promise<unknown>;
  prepare(rows: readonly Row[]): unknown;
}

const COLUMNS = `event_id, event_type, "timestamp", aggregate_id, aggregate_type, aggregate_version, payload, metadata`;

const CANDIDATES: readonly Candidate[] = [
  {
    name: "INSERT VALUES",
    fits: (batch) => batch === 1,
    prepare: ([row]) =>
      row && [row.eventId, row.eventType, row.timestamp, row.aggregateId, row.version, row.payload, row.metadata],
    write: (client, values) =>
      client.query({
        name: "ceiling_values",
        text: `INSERT INTO evenements (${COLUMNS}) VALUES ($1, $2, $3, $4, 'Combat', $5, $6, $7)`,
        values: values as unknown[],
      }),
  },
  {
    name: "INSERT unnest, binary arrays",
    fits: () => true,
    prepare: (rows) => [
      uuidArray(rows.map((row) => row.eventId)),
      textArray(rows.map((row) => row.eventType)),
      timestampArray(rows.map((row) => row.timestamp)),
      uuidArray(rows.map((row) => row.aggregateId)),
      intArray(rows.map((row) => row.version)),
      jsonbArray(rows.map((row) => row.payload)),
      jsonbArray(rows.map((row) => row.metadata)),
    ],
    write: (client, values) =>
      client.query({
        name: "ceiling_unnest",
        text: `INSERT INTO evenements (${COLUMNS})
               SELECT e.id, e.type, e.at, e.aggregate, 'Combat', e.version, e.payload, e.metadata
               FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[], $5::int[], $6::jsonb[], $7::jsonb[])
                 AS e (id, type, at, aggregate, version, payload, metadata)`,
        values: values as unknown[],
      }),
  },
  {
    name: "INSERT json_to_recordset",
    fits: (batch) => batch > 1,
    prepare: (rows) => [
      `[${rows.map((row) => `{"i":"${row.eventId}","t":"${row.eventType}","at":"${row.timestamp}","a":"${row.aggregateId}","v":${row.version},"p":${row.payload},"m":${row.metadata}}`).join()}]`,
    ],
    write: (client, values) =>
      client.query({
        name: "ceiling_json",
        text: `INSERT INTO evenements (${COLUMNS})
               SELECT e.i, e.t, e.at, e.a, 'Combat', e.v, e.p, e.m
               FROM json_to_recordset($1::json) AS e (i uuid, t text, at timestamptz, a uuid, v int, p jsonb, m jsonb)`,
        values: values as unknown[],
      }),
  },
  {
    name: "COPY, binary",
    fits: (batch) => batch > 1,
    prepare: copyRows,
    write: (client, rows) => copyIn(client, `COPY evenements (${COLUMNS}) FROM STDIN (FORMAT binary)`, rows as Buffer),
  },
];

export interface CeilingContender {
  /** Names of the candidates that can write batches of this size. */
  candidates(batch: number): readonly string[];
  /** One batch after the other on one connection; the next batch is made while the one before it is under way. */
  run(name: string, batch: number, ms: number): Promise<Slice>;
  analyze(): Promise<void>;
  close(): Promise<void>;
}

/** The cheapest statements known for the same rows in the same table: no check of versions, no numbers back, no group to wait for. */
export async function createCeilingContender(url: string): Promise<CeilingContender> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const actors = new Map<string, Combat[]>();

  return {
    candidates: (batch) => CANDIDATES.filter((candidate) => candidate.fits(batch)).map(({ name }) => name),
    async run(name, batch, ms) {
      const candidate = CANDIDATES.find((one) => one.name === name);
      if (candidate === undefined) throw new RangeError(name);
      const combats = actors.get(`${name} ${batch}`) ?? createCombats(batch);
      actors.set(`${name} ${batch}`, combats);
      const latencies: number[] = [];
      const start = performance.now();
      const end = start + ms;
      let ready: unknown;
      for (let begun = start; begun < end; ) {
        const written = candidate.write(client, ready ?? candidate.prepare(combats.map(nextRow)));
        // A lone command has nothing to prepare ahead: what comes next depends on the answer.
        if (batch > 1) ready = candidate.prepare(combats.map(nextRow));
        await written;
        const now = performance.now();
        latencies.push(now - begun);
        begun = now;
      }
      return {
        events: latencies.length * batch,
        seconds: (performance.now() - start) / 1_000,
        latencies: latencies.sort((a, b) => a - b),
      };
    },
    analyze: async () => {
      await client.query("ANALYZE");
    },
    close: () => client.end(),
  };
}

function nextRow(combat: Combat): Row {
  const { eventId, eventType, timestamp, payload, metadata } = nextHit(combat);
  combat.version += 1;
  return {
    eventId,
    eventType,
    timestamp,
    aggregateId: combat.id,
    version: combat.version,
    payload: JSON.stringify(payload),
    metadata: JSON.stringify(metadata),
  };
}
