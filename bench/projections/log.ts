import type pg from "pg";
import { allEvents } from "../../domain/all-events.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { WORLD_ID } from "../../domain/world/values.ts";
import { createRegistry } from "../../store/registry.ts";
import { partId } from "../../store/uuid.ts";
import { grandTour } from "../../test/domain/tour/story.ts";

/** Copies of one story whose events come in turn, so that a batch holds many aggregates, as a busy server's does. */
const INTERLEAVED = 20;
const ROWS = 2_000;
/** Copies at most; those after it are never in the log that `fillLog` makes. */
export const COPIES = 20_000;
const UUID = /\b([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b/g;
const NAME = /"(username|pseudo|email)":"/g;

/** Things that one player gets and never touches again: more are only there to fill a bag. */
const UNTOUCHED = 30;
const registry = createRegistry(...allEvents);

interface Slotted {
  readonly slotId?: string;
}

/** A story through the whole game, by the real deciders, without what it repeats only to reach a limit. */
function tellStory(): readonly string[] {
  const { log } = grandTour();
  const touched = new Map<string, number>();
  for (const { payload } of log) {
    const { slotId } = payload as Slotted;
    if (slotId !== undefined) touched.set(slotId, (touched.get(slotId) ?? 0) + 1);
  }
  const untouched = new Map<string, number>();
  const owners = new Map<string, string>();
  /** In memory an aggregate has one id; its further streams have their own in a store. */
  const streamOf = ({ aggregateId, aggregateType }: StoredEvent): string => {
    const owner = owners.get(aggregateId) ?? aggregateType;
    owners.set(aggregateId, owner);
    return owner === aggregateType ? aggregateId : partId(aggregateId, aggregateType);
  };
  return log
    .filter(({ eventType, aggregateId, payload }) => {
      if (eventType !== "ItemAjoute" || touched.get((payload as Slotted).slotId ?? "") !== 1)
        return eventType !== "TempsEcoule";
      untouched.set(aggregateId, (untouched.get(aggregateId) ?? 0) + 1);
      return (untouched.get(aggregateId) ?? 0) <= UNTOUCHED;
    })
    .map((event) => {
      const metadata = { ...event.metadata, schemaVersion: registry.schemaVersion(event.eventType) };
      return JSON.stringify({ ...event, aggregateId: streamOf(event), metadata });
    });
}

let told: readonly string[] | undefined;
function story(): readonly string[] {
  told ??= tellStory();
  return told;
}

/** The same events of other people, things and places, in the same world. */
function copyOf(event: string, copy: number): StoredEvent {
  const text = event
    .replace(UUID, (id, head, group, rest) =>
      id === WORLD_ID ? id : `${head}-${(Number.parseInt(group, 16) ^ copy).toString(16).padStart(4, "0")}-${rest}`,
    )
    .replace(NAME, `"$1":"x${copy.toString(36)}`);
  return JSON.parse(text) as StoredEvent;
}

/** The story once more, one stream's events after another's, for appends by the streams' own actors. */
export function* retold(
  copy: number,
): Generator<{ readonly aggregateId: string; readonly events: readonly StoredEvent[] }> {
  const streams = new Map<string, StoredEvent[]>();
  for (const text of story()) {
    const event = copyOf(text, copy);
    if (event.aggregateType === "WorldState") continue;
    const stream = streams.get(event.aggregateId) ?? [];
    stream.push(event);
    streams.set(event.aggregateId, stream);
  }
  // A few of each in turn, as they would come.
  for (let left = true; left; ) {
    left = false;
    for (const [aggregateId, stream] of streams) {
      const events = stream.splice(0, 3);
      if (events.length > 0) yield { aggregateId, events };
      left ||= stream.length > 0;
    }
  }
}

const INSERT = `
  INSERT INTO evenements (event_id, event_type, "timestamp", aggregate_id, aggregate_type, aggregate_version, payload, metadata)
  SELECT e.* FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[], $5::text[], $6::int[], $7::jsonb[], $8::jsonb[]) AS e`;

/** Fills the log; answers how many events it holds. `owner` may write past `append_events`. */
export async function fillLog(
  owner: pg.Client,
  events: number,
  { interleaved = INTERLEAVED, progress }: { readonly interleaved?: number; progress?(done: number): void } = {},
): Promise<number> {
  const original = story();
  const versions = new Map<string, number>();
  let rows: StoredEvent[] = [];
  let written = 0;

  async function flush(): Promise<void> {
    await owner.query(INSERT, [
      rows.map(({ eventId }) => eventId),
      rows.map(({ eventType }) => eventType),
      rows.map(({ timestamp }) => timestamp),
      rows.map(({ aggregateId }) => aggregateId),
      rows.map(({ aggregateType }) => aggregateType),
      rows.map(({ version }) => version),
      rows.map(({ payload }) => JSON.stringify(payload)),
      rows.map(({ metadata }) => JSON.stringify(metadata)),
    ]);
    written += rows.length;
    rows = [];
    progress?.(written);
  }

  const first = (JSON.parse(original[0] ?? "{}") as StoredEvent).timestamp;
  await owner.query(
    "SELECT ensure_partition($1::timestamptz + make_interval(months => m)) FROM generate_series(0, 1) AS m",
    [first],
  );
  for (let copy = 1; written + rows.length < events; copy += interleaved)
    for (const event of original)
      for (let i = 0; i < interleaved; i += 1) {
        const one = copyOf(event, copy + i);
        const version = (versions.get(one.aggregateId) ?? 0) + 1;
        versions.set(one.aggregateId, version);
        rows.push({ ...one, version });
        if (rows.length === ROWS) await flush();
      }
  await flush();
  await owner.query("ANALYZE");
  return written;
}
