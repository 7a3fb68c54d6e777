import type pg from "pg";
import { bigintArray, intArray, jsonbArray, textArray, timestampArray, uuidArray } from "./binary-arrays.ts";
import type { AppendRequest, AppendResult } from "./event-store.ts";
import { type Unit, type UnitStream, unitOf, type WriteBatch } from "./group-commit.ts";
import { ensurePartitions } from "./migrate.ts";
import { classifyFailure, isSpent } from "./pg-errors.ts";

const APPEND =
  "SELECT sequences::text, conflicts FROM append_events($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)";
const APPEND_MATCHES =
  "SELECT sequences::text, conflicts, refused::text FROM append_matches($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21)";
const NO_PARTITION = "23514";
const RETRIES = 3;

interface Appended {
  readonly sequences: string | null;
  readonly conflicts: Conflict[] | null;
  /** Units whose match is not to be begun, as an array literal: nothing was written, of any unit. */
  readonly refused?: string | null;
}

interface Conflict {
  readonly stream: number;
  readonly version: number;
}

/** Writes batches of units through `append_events`, each in one statement and one round trip. */
export function createBatchWriter(pool: pg.Pool): WriteBatch {
  async function attempt(units: readonly Unit[]): Promise<readonly AppendResult[] | Failed | Refused> {
    const matches = matchesOf(units);
    const parameters = encode(units);
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      return new Failed(error, false);
    }
    try {
      const { rows } = await client.query<Appended>(
        matches.units.length === 0
          ? { name: "append_events", text: APPEND, values: parameters }
          : {
              name: "append_matches",
              text: APPEND_MATCHES,
              values: [intArray(matches.units), uuidArray(matches.ids), ...parameters],
            },
      );
      client.release();
      const refused = numbersIn(rows[0]?.refused ?? null);
      if (refused.length > 0) return new Refused(refused);
      return results(units, rows[0]?.sequences ?? null, rows[0]?.conflicts ?? null);
    } catch (error) {
      // After a lost answer the connection may still be busy with the statement: it must never serve another.
      client.release(isSpent(error));
      return new Failed(error, true);
    }
  }

  async function write(units: readonly Unit[], retriesLeft: number): Promise<readonly AppendResult[]> {
    const outcome = await attempt(units);
    if (outcome instanceof Refused) return writeOthers(units, outcome, retriesLeft);
    if (!(outcome instanceof Failed)) return outcome;
    switch (outcome.kind) {
      case "retry":
        if (retriesLeft === 0) return units.map(() => ({ ok: false, reason: "UNAVAILABLE", message: outcome.message }));
        await new Promise((resolve) => setTimeout(resolve, 2 ** (RETRIES - retriesLeft) * 10 * (1 + Math.random())));
        return write(units, retriesLeft - 1);
      case "unavailable":
        return units.map(() => ({ ok: false, reason: "UNAVAILABLE", message: outcome.message }));
      case "unknown":
        return units.map(() => ({ ok: false, reason: "UNKNOWN", message: outcome.message }));
      case "invalid":
        if (outcome.code === NO_PARTITION && outcome.message.includes("no partition") && retriesLeft > 0) {
          try {
            await ensurePartitions(pool);
          } catch (error) {
            // Never thrown on: other units of the batch may have been written by now.
            const message = new Failed(error, false).message;
            return units.map(() => ({ ok: false, reason: "UNAVAILABLE", message }));
          }
          return write(units, 0);
        }
        if (units.length === 1) return [{ ok: false, reason: "INVALID", message: outcome.message }];
        return [
          ...(await write(units.slice(0, units.length >> 1), retriesLeft)),
          ...(await write(units.slice(units.length >> 1), retriesLeft)),
        ];
    }
  }

  /** Matches that are not to be begun fail their own units; the others are written without them. */
  async function writeOthers(
    units: readonly Unit[],
    { refused }: Refused,
    retriesLeft: number,
  ): Promise<readonly AppendResult[]> {
    const others = units.filter((_, u) => !refused.includes(u));
    const written = others.length === 0 ? [] : await write(others, retriesLeft);
    return units.map((unit) => {
      const u = others.indexOf(unit);
      return u === -1 ? noLongerToBegin(unit) : (written[u] ?? NO_RESULT);
    });
  }

  return async (units) => {
    try {
      return await write(units, RETRIES);
    } catch (error) {
      // encode() refuses ids and times that are none; with several units, find the one at fault.
      const message = error instanceof Error ? error.message : String(error);
      if (units.length === 1) return [{ ok: false, reason: "INVALID", message }];
      const each: AppendResult[] = [];
      for (const unit of units) {
        each.push(
          ...(await write([unit], RETRIES).catch((cause: unknown): AppendResult[] => [
            { ok: false, reason: "INVALID", message: cause instanceof Error ? cause.message : String(cause) },
          ])),
        );
      }
      return each;
    }
  };
}

/**
 * Writes a request in the transaction that the connection has open, for what is to be in the log together with rows of its own. To be the
 * last statement of it: readers of the log wait until it ends.
 */
export async function appendWithin(
  client: Pick<pg.ClientBase, "query">,
  request: Omit<AppendRequest, "match">,
): Promise<AppendResult> {
  const units = [unitOf(request)];
  const { rows } = await client.query<Appended>({ name: "append_events", text: APPEND, values: encode(units) });
  return results(units, rows[0]?.sequences ?? null, rows[0]?.conflicts ?? null)[0] ?? NO_RESULT;
}

const NO_RESULT: AppendResult = { ok: false, reason: "UNKNOWN", message: "the batch gave no result" };

function noLongerToBegin({ requests }: Unit): AppendResult {
  const match = requests.find(({ request }) => request.match !== undefined)?.request.match ?? "";
  return { ok: false, reason: "CONFLICT", aggregateId: match, expected: 0, actual: 0 };
}

function matchesOf(units: readonly Unit[]): { units: number[]; ids: string[] } {
  const found = units.flatMap(({ requests }, u) =>
    requests.flatMap(({ request: { match } }) => (match === undefined ? [] : [{ u, match }])),
  );
  return { units: found.map(({ u }) => u), ids: found.map(({ match }) => match) };
}

/** Of an array literal, "{7,8,9}". */
function numbersIn(literal: string | null): number[] {
  return literal === null || literal === "{}" ? [] : literal.slice(1, -1).split(",").map(Number);
}

/** Nothing was written: the matches of these units are not to be begun. */
class Refused {
  readonly refused: readonly number[];
  constructor(refused: readonly number[]) {
    this.refused = refused;
  }
}

class Failed {
  readonly kind: ReturnType<typeof classifyFailure>;
  readonly message: string;
  readonly code: string | undefined;
  constructor(error: unknown, connected: boolean) {
    this.kind = classifyFailure(error, connected);
    this.message = error instanceof Error ? error.message || error.name : String(error);
    this.code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  }
}

/** Heads are locked in this order by everybody: two batches that share streams wait for each other, never in a circle. */
function inOrder(units: readonly Unit[]): { u: number; id: string; stream: UnitStream }[] {
  return units
    .flatMap((unit, u) => [...unit.streams].map(([id, stream]) => ({ u, id, stream })))
    .sort((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : one.u - other.u));
}

function encode(units: readonly Unit[]): Buffer[] {
  const streams = {
    unit: [] as number[],
    id: [] as string[],
    type: [] as string[],
    expected: [] as number[],
    count: [] as number[],
    epoch: [] as (number | null)[],
  };
  const events = {
    unit: [] as number[],
    id: [] as string[],
    type: [] as string[],
    at: [] as string[],
    aggregate: [] as string[],
    aggregateType: [] as string[],
    version: [] as number[],
    payload: [] as string[],
    metadata: [] as string[],
  };
  const outcomes = { unit: [] as number[], stream: [] as string[], command: [] as string[], outcome: [] as string[] };
  for (const { u, id, stream } of inOrder(units)) {
    streams.unit.push(u);
    streams.id.push(id);
    streams.type.push(stream.aggregateType);
    streams.expected.push(stream.expectedVersion);
    streams.count.push(stream.events);
    streams.epoch.push(stream.epoch ?? null);
  }
  for (const [u, unit] of units.entries()) {
    // The events of one command share their metadata.
    let shared: unknown;
    let metadata = "";
    for (const stream of unit.requests.flatMap(({ request }) => request.streams)) {
      for (const [i, event] of stream.events.entries()) {
        events.unit.push(u);
        events.id.push(event.eventId);
        events.type.push(event.eventType);
        events.at.push(event.timestamp);
        events.aggregate.push(stream.aggregateId);
        events.aggregateType.push(stream.aggregateType);
        events.version.push(stream.expectedVersion + i + 1);
        events.payload.push(JSON.stringify(event.payload));
        if (event.metadata !== shared) metadata = JSON.stringify(event.metadata);
        shared = event.metadata;
        events.metadata.push(metadata);
      }
    }
    for (const { aggregateId, commandId, outcome, lasting = false } of unit.outcomes) {
      outcomes.unit.push(u);
      outcomes.stream.push(aggregateId);
      outcomes.command.push(commandId);
      outcomes.outcome.push(JSON.stringify({ outcome, lasting }));
    }
  }
  return [
    intArray(streams.unit),
    uuidArray(streams.id),
    textArray(streams.type),
    intArray(streams.expected),
    intArray(streams.count),
    bigintArray(streams.epoch),
    intArray(events.unit),
    uuidArray(events.id),
    textArray(events.type),
    timestampArray(events.at),
    uuidArray(events.aggregate),
    textArray(events.aggregateType),
    intArray(events.version),
    jsonbArray(events.payload),
    jsonbArray(events.metadata),
    intArray(outcomes.unit),
    uuidArray(outcomes.stream),
    uuidArray(outcomes.command),
    jsonbArray(outcomes.outcome),
  ];
}

/** `sequences` is an array literal ("{7,8,9}") of the events written, in the order in which they were sent. */
function results(
  units: readonly Unit[],
  sequences: string | null,
  conflicts: readonly Conflict[] | null,
): readonly AppendResult[] {
  const numbers = numbersIn(sequences);
  const failed = new Map<number, AppendResult>();
  if (conflicts !== null) {
    const streams = inOrder(units);
    for (const conflict of conflicts) {
      const stream = streams[conflict.stream - 1];
      if (stream === undefined || failed.has(stream.u)) continue;
      failed.set(stream.u, {
        ok: false,
        reason: "CONFLICT",
        aggregateId: stream.id,
        expected: stream.stream.expectedVersion,
        actual: conflict.version,
      });
    }
  }
  let at = 0;
  return units.map((unit, u) => {
    const conflict = failed.get(u);
    if (conflict !== undefined) return conflict;
    at += unit.events;
    return { ok: true, sequences: numbers.slice(at - unit.events, at) };
  });
}
