import type pg from "pg";
import type { AggregateType, NewEvent, StoredEvent } from "../domain/envelope.ts";
import { createBatchWriter } from "./append-batch.ts";
import { bigintArray, intArray, jsonbArray, textArray, uuidArray } from "./binary-arrays.ts";
import { EVENT_COLUMNS, type EventRow, eventOf } from "./event-row.ts";
import type { AcceptedCommand, AppendResult, CommandOutcome, EventStore, Head, Run, Snapshot } from "./event-store.ts";
import { createGroupCommit, type GroupCommitOptions, type Unit } from "./group-commit.ts";
import type { EventRegistry } from "./registry.ts";
import { checkRequest } from "./validate.ts";

const STREAM_PAGE = 2_000;
const HEAD_COLUMNS = `aggregate_type AS "aggregateType", version, epoch, owner_node AS "owner"`;
/** Of an aggregate, the newest. */
export const SNAPSHOTS_KEPT = 3;

export interface PostgresStoreOptions extends GroupCommitOptions {
  /** After each commit, before its answers: readers may look. Once a batch; must not throw. */
  readonly onAppended?: () => void;
  /** What was written, after each commit and before its answers; must not throw, nor wait. */
  readonly onEvents?: (events: readonly AppendedEvent[]) => void;
  /** Of each snapshot that is written, the size of its state in bytes of JSON. */
  readonly onSnapshot?: (aggregateType: AggregateType, bytes: number) => void;
}

export interface AppendedEvent extends NewEvent {
  readonly aggregateId: string;
  readonly version: number;
  readonly sequence: number;
}

/** A unit's events with their places in the log. */
function appendedIn({ requests }: Unit, sequences: readonly number[]): AppendedEvent[] {
  return requests
    .flatMap(({ request }) => request.streams)
    .flatMap(({ aggregateId, expectedVersion, events }) =>
      events.map((event, i) => ({ ...event, aggregateId, version: expectedVersion + i + 1 })),
    )
    .map((event, i) => ({ ...event, sequence: sequences[i] ?? 0 }));
}

/**
 * The log on PostgreSQL.
 * @param writePool connections for appends; at least as many as lanes
 * @param readPool everything else, so that readers never keep a commit waiting
 */
export function createPostgresStore(
  { writePool, readPool }: { readonly writePool: pg.Pool; readonly readPool: pg.Pool },
  registry: EventRegistry,
  options: PostgresStoreOptions = {},
): EventStore {
  const writeBatch = createBatchWriter(writePool);
  const commit = createGroupCommit(async (units, lane) => {
    const results = await writeBatch(units, lane);
    if (results.some(({ ok }) => ok)) options.onAppended?.();
    if (options.onEvents !== undefined) {
      const written = results.flatMap((result, i) => {
        const unit = units[i];
        return result.ok && unit !== undefined ? appendedIn(unit, result.sequences) : [];
      });
      if (written.length > 0) options.onEvents(written);
    }
    return results;
  }, options);
  let closed: Promise<void> | undefined;

  /** @param name of a statement that is planned once; without one it is planned for its values, each time */
  async function events(name: string | undefined, text: string, values: unknown[]): Promise<readonly StoredEvent[]> {
    const { rows } = await readPool.query<EventRow>({ text, values, ...(name !== undefined && { name }) });
    return rows.map((row) => eventOf(row, registry));
  }

  return {
    append(request) {
      const problem = checkRequest(request, registry);
      if (problem === undefined) return commit.append(request);
      const refused: AppendResult = { ok: false, reason: "INVALID", message: problem };
      options.onResult?.(request, refused);
      return Promise.resolve(refused);
    },

    async activate(aggregateId, nodeId) {
      const { rows } = await writePool.query<Head>({
        name: "activate",
        text: `UPDATE stream_heads SET epoch = epoch + 1, owner_node = $2, rests = false WHERE aggregate_id = $1
               RETURNING ${HEAD_COLUMNS}`,
        values: [aggregateId, nodeId],
      });
      return rows[0];
    },

    async rest(aggregateId, epoch) {
      await writePool.query({
        name: "rest",
        text: "UPDATE stream_heads SET rests = true WHERE aggregate_id = $1 AND epoch = $2",
        values: [aggregateId, epoch],
      });
    },

    async release(owned, nodeId, to) {
      await writePool.query({
        name: "release",
        text: `UPDATE stream_heads h SET owner_node = $4 FROM unnest($1::uuid[], $2::bigint[]) AS o (id, epoch)
               WHERE h.aggregate_id = o.id AND h.epoch = o.epoch AND h.owner_node = $3`,
        values: [
          uuidArray(owned.map(({ aggregateId }) => aggregateId)),
          bigintArray(owned.map(({ epoch }) => epoch)),
          nodeId,
          to,
        ],
      });
    },

    async head(aggregateId) {
      const { rows } = await readPool.query<Head>({
        name: "head",
        text: `SELECT ${HEAD_COLUMNS} FROM stream_heads WHERE aggregate_id = $1`,
        values: [aggregateId],
      });
      return rows[0];
    },

    async heads(aggregateIds) {
      const { rows } = await readPool.query<Head & { readonly id: string }>({
        name: "heads",
        text: `SELECT aggregate_id AS id, ${HEAD_COLUMNS} FROM stream_heads WHERE aggregate_id = ANY ($1)`,
        values: [uuidArray(aggregateIds)],
      });
      return new Map(rows.map(({ id, ...head }) => [id, head]));
    },

    async *readStream(aggregateId, from = 1, to = 2_147_483_647) {
      for (let next = from; next <= to; ) {
        const page = await events(
          "read_stream",
          `SELECT ${EVENT_COLUMNS} FROM evenements_tous WHERE aggregate_id = $1 AND aggregate_version BETWEEN $2 AND $3
           ORDER BY aggregate_version LIMIT ${STREAM_PAGE}`,
          [aggregateId, next, to],
        );
        yield* page;
        if (page.length < STREAM_PAGE) return;
        next += page.length;
      }
    },

    async highWaterMark() {
      const { rows } = await readPool.query<{ mark: number }>({
        name: "mark",
        text: "SELECT high_water_mark() AS mark",
      });
      return rows[0]?.mark ?? 0;
    },

    async runAfter(after) {
      const { rows } = await readPool.query<Run>({
        name: "run_after",
        text: `SELECT up_to AS "upTo", last FROM run_after($1)`,
        values: [after],
      });
      return rows[0] ?? { upTo: after, last: after };
    },

    async lastSequence(upTo) {
      const { rows } = await readPool.query<{ last: number }>({
        name: "last_sequence",
        text: "SELECT event_sequence AS last FROM evenements_tous WHERE event_sequence <= $1 ORDER BY event_sequence DESC LIMIT 1",
        values: [upTo],
      });
      return rows[0]?.last ?? 0;
    },

    readSequences: (sequences) =>
      events(
        "read_sequences",
        `SELECT ${EVENT_COLUMNS} FROM evenements_tous WHERE event_sequence = ANY ($1) ORDER BY event_sequence`,
        [bigintArray(sequences)],
      ),

    readAll: (after, upTo, { limit = 1_000, eventTypes, aggregateTypes } = {}) =>
      events(
        "read_all",
        `SELECT ${EVENT_COLUMNS} FROM evenements_tous WHERE event_sequence > $1 AND event_sequence <= $2
           AND ($3::text[] IS NULL OR event_type = ANY ($3)) AND ($4::text[] IS NULL OR aggregate_type = ANY ($4))
         ORDER BY event_sequence LIMIT $5`,
        [after, upTo, eventTypes ?? null, aggregateTypes ?? null, limit],
      ),

    // Whether the streams' index or the log's own is the shorter way depends on how far back `after` is: only the planner knows.
    readTopic: (topic, after, upTo, { limit, skip = 0 }) =>
      events(
        undefined,
        `SELECT ${EVENT_COLUMNS} FROM evenements_tous WHERE event_sequence > $1 AND event_sequence <= $2
           AND ${"aggregateIds" in topic ? "aggregate_id = ANY ($3::uuid[])" : "event_type = ANY ($3::text[])"}
         ORDER BY event_sequence LIMIT $4 OFFSET $5`,
        [after, upTo, "aggregateIds" in topic ? topic.aggregateIds : topic.eventTypes, limit, skip],
      ),

    readBetween: (from, to, limit = 1_000) =>
      events(
        "read_between",
        `SELECT ${EVENT_COLUMNS} FROM evenements_tous WHERE "timestamp" BETWEEN $1 AND $2 ORDER BY "timestamp", event_sequence LIMIT $3`,
        [from, to, limit],
      ),

    // All that follows from an event shares its correlation: the index on it serves the whole walk.
    readEffects: (eventId, limit = 1_000) =>
      events(
        "read_effects",
        `WITH RECURSIVE root AS (SELECT * FROM evenements_tous WHERE event_id = $1),
         related AS MATERIALIZED (SELECT * FROM evenements_tous WHERE metadata->>'correlationId' = (SELECT metadata->>'correlationId' FROM root)),
         chain AS (SELECT * FROM root UNION SELECT e.* FROM related e JOIN chain c ON e.metadata->>'causationId' = c.event_id::text)
         SELECT ${EVENT_COLUMNS} FROM chain ORDER BY event_sequence LIMIT $2`,
        [eventId, limit],
      ),

    readCauses: (eventId, limit = 1_000) =>
      events(
        "read_causes",
        `WITH RECURSIVE chain AS (
           SELECT * FROM evenements_tous WHERE event_id = $1
           UNION SELECT e.* FROM evenements_tous e JOIN chain c ON e.event_id::text = c.metadata->>'causationId'
             AND e.metadata->>'correlationId' = c.metadata->>'correlationId')
         SELECT ${EVENT_COLUMNS} FROM chain ORDER BY event_sequence DESC LIMIT $2`,
        [eventId, limit],
      ),

    async latestSnapshot(aggregateId, stateVersion, atMost = 2_147_483_647) {
      const { rows } = await readPool.query<Omit<Snapshot, "recentCommands"> & { readonly recentCommands: string }>({
        name: "latest_snapshot",
        text: `SELECT aggregate_id AS "aggregateId", aggregate_type AS "aggregateType", aggregate_version AS version, state,
                 state_version AS "stateVersion", recent_commands AS "recentCommands"
               FROM snapshots WHERE aggregate_id = $1 AND state_version = $2 AND aggregate_version <= $3
               ORDER BY aggregate_version DESC LIMIT 1`,
        values: [aggregateId, stateVersion, atMost],
      });
      const row = rows[0];
      return row && { ...row, recentCommands: parseCommands(row.recentCommands) };
    },

    async saveSnapshots(snapshots) {
      const states = snapshots.map(({ state }) => JSON.stringify(state));
      for (const [i, { aggregateType }] of snapshots.entries())
        options.onSnapshot?.(aggregateType, Buffer.byteLength(states[i] ?? ""));
      await readPool.query({
        name: "save_snapshots",
        // A snapshot is a shortcut: to lose the last ones in a crash costs nothing, to wait for the disk would.
        text: `WITH unhurried AS (SELECT set_config('synchronous_commit', 'off', true)),
               saved AS (
                 INSERT INTO snapshots (aggregate_id, aggregate_type, aggregate_version, state, state_version, recent_commands)
                 SELECT s.* FROM unhurried, unnest($1::uuid[], $2::text[], $3::int[], $4::jsonb[], $5::int[], $6::text[]) AS s
                 ON CONFLICT (aggregate_id, aggregate_version, state_version) DO NOTHING
                 RETURNING snapshot_id, aggregate_id, aggregate_version),
               ranked AS (
                 SELECT snapshot_id, row_number() OVER (PARTITION BY aggregate_id ORDER BY aggregate_version DESC) AS rank
                 FROM (SELECT snapshot_id, aggregate_id, aggregate_version FROM snapshots WHERE aggregate_id = ANY ($1) UNION ALL SELECT * FROM saved) AS all_of_them)
               DELETE FROM snapshots WHERE snapshot_id IN (SELECT snapshot_id FROM ranked WHERE rank > ${SNAPSHOTS_KEPT})`,
        values: [
          uuidArray(snapshots.map(({ aggregateId }) => aggregateId)),
          textArray(snapshots.map(({ aggregateType }) => aggregateType)),
          intArray(snapshots.map(({ version }) => version)),
          jsonbArray(states),
          intArray(snapshots.map(({ stateVersion }) => stateVersion)),
          textArray(snapshots.map(({ recentCommands }) => formatCommands(recentCommands))),
        ],
      });
    },

    async outcomes(aggregateId) {
      const { rows } = await readPool.query<CommandOutcome>({
        name: "outcomes",
        text: `SELECT aggregate_id AS "aggregateId", command_id AS "commandId", outcome FROM command_outcomes
               WHERE aggregate_id = $1 ORDER BY created_at DESC LIMIT 256`,
        values: [aggregateId],
      });
      return rows.reverse();
    },

    async outcome(aggregateId, commandId) {
      const { rows } = await readPool.query<Pick<CommandOutcome, "outcome">>({
        name: "outcome",
        text: "SELECT outcome FROM command_outcomes WHERE aggregate_id = $1 AND command_id = $2",
        values: [aggregateId, commandId],
      });
      return rows[0]?.outcome;
    },

    close() {
      closed ??= commit.close().then(async () => void (await Promise.all([writePool.end(), readPool.end()])));
      return closed;
    },
  };
}

/** [commandId, version, stream, from, to, stream, from, to, …] */
type CommandTuple = readonly [commandId: string, version: number, ...ranges: number[]];

function formatCommands(commands: readonly AcceptedCommand[]): string {
  const tuples: CommandTuple[] = commands.map((c) => [c.commandId, c.version, ...c.ranges.flat()]);
  return JSON.stringify(tuples);
}

function parseCommands(text: string): AcceptedCommand[] {
  return (JSON.parse(text) as CommandTuple[]).map(([commandId, version, ...flat]) => ({
    commandId,
    version,
    ranges: Array.from({ length: flat.length / 3 }, (_, i) => flat.slice(i * 3, i * 3 + 3) as [number, number, number]),
  }));
}
