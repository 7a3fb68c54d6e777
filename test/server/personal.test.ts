import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { allEvents } from "../../domain/all-events.ts";
import type { EventDefinitions } from "../../domain/decider.ts";
import type { NewEvent, StoredEvent } from "../../domain/envelope.ts";
import { erasedName, mapPersonal, type PersonalField, personalData } from "../../domain/personal.ts";
import { streamsOf } from "../../rooms/streams.ts";
import { AGGREGATES, type AggregateName } from "../../server/aggregates.ts";
import { createBanBook } from "../../server/ban-book.ts";
import { createAudit } from "../../store/audit.ts";
import { createPool } from "../../store/database.ts";
import type { EventStore, Snapshot, StreamAppend } from "../../store/event-store.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { createSeal, SealError } from "../../store/seal.ts";
import { createOpen, createSealedStore, unchecked } from "../../store/sealed-store.ts";
import type { SubjectKeys } from "../../store/subject-keys.ts";
import { grandTour } from "../domain/tour/story.ts";
import { inItsStream } from "../projections/player-logs.ts";
import { useDatabase } from "../support/postgres.ts";
import { openKeys } from "../support/sealed-store.ts";
import { sql } from "../support/sql.ts";
import { openStore, useReleasers } from "../support/store.ts";

const database = useDatabase();
const release = useReleasers();
const MARK = "Xylo";
const registry = createRegistry(...allEvents);
const keys = openKeys(database.url);
const seal = createSeal(personalData, keys);
const inner = openStore({ url: database.url }, unchecked(registry));
const store = createSealedStore(inner, registry, seal);
const pool = createPool({ url: database.url, poolSize: 1 });
release(() => keys.close());
release(() => pool.end());
release(() => store.close());

/** The tour's events, of players whose names begin with the mark, with the address that each player came from. */
let log: readonly StoredEvent[] = [];
/** Every state that the game was in, as snapshots of their aggregates. */
const states: Snapshot[] = [];
const definitions: EventDefinitions = Object.assign({}, ...allEvents);

beforeAll(async () => {
  const now = new Date().toISOString();
  const versions = new Map<string, number>();
  const folded = new Map<string, { state: unknown; version: number }>();
  const aggregateOf = ({ aggregateType, aggregateId }: StoredEvent): AggregateName =>
    aggregateId in players ? "Joueur" : (aggregateType as AggregateName);
  const tour = grandTour(MARK).log;
  const players = Object.fromEntries(
    tour.filter(({ eventType }) => eventType === "JoueurCree").map(({ aggregateId }) => [aggregateId, true]),
  );
  log = tour.map((told, i) => {
    const name = aggregateOf(told);
    const aggregate = AGGREGATES[name];
    const before = folded.get(`${name} ${told.aggregateId}`) ?? { state: aggregate.initial, version: 0 };
    const state = aggregate.evolve(before.state, told);
    const version = before.version + 1;
    folded.set(`${name} ${told.aggregateId}`, { state, version });
    const own = inItsStream(told);
    const { aggregateId } = name === "Economy" ? own : told;
    states.push({ aggregateId, aggregateType: name, version, state, stateVersion: 1, recentCommands: [] });
    const at = (versions.get(own.aggregateId) ?? 0) + 1;
    versions.set(own.aggregateId, at);
    const metadata = {
      ...own.metadata,
      schemaVersion: definitions[own.eventType]?.schemaVersion ?? 1,
      ...(name === "Joueur" && { userId: aggregateId, ipAddress: `${MARK}::${i}` }),
    };
    return { ...own, timestamp: now, version: at, metadata };
  });
  const requests = log.map(({ aggregateId, aggregateType, version, sequence: _, ...event }) => {
    const streams: StreamAppend[] = [{ aggregateId, aggregateType, expectedVersion: version - 1, events: [event] }];
    // One actor's, so that they stand in the log in the story's order.
    return store.append({ actorId: log[0]?.aggregateId ?? "", streams });
  });
  for (const [i, result] of (await Promise.all(requests)).entries()) {
    if (!result.ok) throw new Error(`${log[i]?.eventType}: ${JSON.stringify(result)}`);
    log = log.with(i, { ...(log[i] as StoredEvent), sequence: result.sequences[0] ?? 0 });
  }
  // What no command of the story leads to.
  const { joueurId: userId } = person();
  const by = { bannedBy: userId, correlationId: randomUUID() };
  await createBanBook({ pool, registry, seal, tenantId: "default" }).add({ userId, reason: MARK, until: null, ...by });
});

/** A player of the story, and its names. */
const person = (n = 0) => {
  const created = log.filter(({ eventType }) => eventType === "JoueurCree")[n];
  if (created === undefined) throw new Error("there are not so many");
  const { joueurId, pseudo } = created.payload as { joueurId: string; pseudo: string };
  return { joueurId, pseudo, created };
};

async function whole(from: EventStore): Promise<readonly StoredEvent[]> {
  return from.readAll(0, await from.highWaterMark(), { limit: 100_000 });
}

/** Every way to a personal field there is. */
function waysIn(fields: readonly { readonly within: readonly string[]; readonly field: string }[] = []): string[] {
  return fields.map(({ within, field }) => [...within, field].join("."));
}

test("[PRIVACY-1] through the whole story of the game no row of the log holds a name or an address of a player's", async () => {
  for (const table of ["evenements", "command_outcomes", "stream_heads"]) {
    const rows = await sql<{ row: string }>(database, `SELECT to_jsonb(t)::text AS row FROM ${table} t`);
    expect(rows.filter(({ row }) => row.includes(MARK))).toEqual([]);
  }
  const rows = await sql<{ type: string; payload: unknown }>(
    database,
    "SELECT event_type AS type, payload FROM evenements",
  );
  const met = new Map<string, Set<string>>();
  for (const { type, payload } of rows)
    mapPersonal(payload, personalData.events[type] ?? [], (text, _, path) => {
      expect(text).toMatch(/^sealed:1:/);
      met.set(type, (met.get(type) ?? new Set()).add(path));
      return text;
    });
  for (const [type, fields] of Object.entries(personalData.events))
    expect([type, [...(met.get(type) ?? [])].sort()]).toEqual([type, [...new Set(waysIn(fields))].sort()]);
});

test("[PRIVACY-1] … nor does any state that the game was ever in, as a snapshot holds it", async () => {
  const sealed = await seal.snapshots(states);
  const met = new Map<string, Set<string>>();
  for (const [i, one] of sealed.entries()) {
    if (JSON.stringify(one).includes(MARK)) throw new Error(`${one.aggregateType}: ${JSON.stringify(one)}`);
    mapPersonal(one.state, personalData.states[one.aggregateType] ?? [], (text, _, path) => {
      met.set(one.aggregateType, (met.get(one.aggregateType) ?? new Set()).add(path));
      return text;
    });
    if (i % 10 === 0) expect(await seal.openSnapshot(one)).toEqual(states[i]);
  }
  for (const [type, fields] of Object.entries(personalData.states))
    expect([type, [...(met.get(type) ?? [])].sort()]).toEqual([type, waysIn(fields).sort()]);
  const last = new Map(states.map((one) => [one.aggregateId, one]));
  await store.saveSnapshots([...last.values()]);
  const rows = await sql<{ row: string }>(database, "SELECT to_jsonb(t)::text AS row FROM snapshots t");
  expect(rows).toHaveLength(last.size);
  expect(rows.filter(({ row }) => row.includes(MARK))).toEqual([]);
  for (const { aggregateId, state } of last.values())
    expect((await store.latestSnapshot(aggregateId, 1))?.state).toEqual(state);
});

test("[PRIVACY-1] whoever reads through the store sees all of it, by whatever way", async () => {
  const ban = { eventType: "JoueurBanni", payload: expect.objectContaining({ raison: MARK }) };
  expect(await whole(store)).toEqual([...log, expect.objectContaining(ban)]);
  const { joueurId, created } = person();
  const own = log.filter(({ aggregateId }) => aggregateId === joueurId);
  const read: StoredEvent[] = [];
  for await (const event of store.readStream(joueurId)) read.push(event);
  expect(read).toEqual(own);
  const sequence = created.sequence;
  const upTo = await store.highWaterMark();
  for (const found of [
    await store.readSequences([sequence]),
    await store.readTopic({ aggregateIds: [joueurId] }, sequence - 1, upTo, { limit: 1 }),
    (await store.readBetween(created.timestamp, created.timestamp, 100_000)).filter((one) => one.sequence === sequence),
    (await store.readEffects(created.eventId)).slice(0, 1),
    (await store.readCauses(created.eventId)).slice(0, 1),
  ])
    expect(found).toEqual([created]);
});

test("[PRIVACY-11] operators' questions are answered opened; a filter compares what is stored, which no name is", async () => {
  const { joueurId, pseudo, created } = person();
  const audit = createAudit(pool, unchecked(registry), createOpen(seal, registry));
  expect(await audit.event(created.eventId)).toEqual(created);
  const find = (payload: Readonly<Record<string, unknown>>) =>
    audit.find({ eventTypes: ["JoueurCree"], payload }, { limit: 9 }, created.sequence);
  expect(await find({ joueurId })).toEqual([created]);
  expect(await find({ pseudo })).toEqual([]);
});

test("[PRIVACY-2] what is sealed opens in its own field of its own event alone, under its person's key", async () => {
  const [raw] = await inner.readSequences([person().created.sequence]);
  if (raw === undefined) throw new Error("it is not there");
  const payload = raw.payload as Readonly<Record<string, string>>;
  const moved: readonly (readonly [string, StoredEvent])[] = [
    ["to another event", { ...raw, eventId: randomUUID() }],
    ["to another field", { ...raw, payload: { ...payload, username: payload["pseudo"] } }],
    [
      "to another person",
      { ...raw, payload: { ...payload, pseudo: payload["pseudo"]?.replace(person().joueurId, person(1).joueurId) } },
    ],
    ["changed", { ...raw, payload: { ...payload, pseudo: `${payload["pseudo"]?.slice(0, -2)}AA` } }],
  ];
  for (const [what, event] of moved) await expect(seal.openEvents([event]), what).rejects.toThrow(SealError);
  const nobodysKey = {
    ...raw,
    payload: { ...payload, pseudo: payload["pseudo"]?.replace(person().joueurId, randomUUID()) },
  };
  await expect(seal.openEvents([nobodysKey])).rejects.toThrow("these are not the keys that belong to these events");
  const again = await seal.request(requestOf(person().created));
  expect(again.streams[0]?.events[0]?.payload).not.toEqual(payload);
});

/** Of an event that is new in a stream of its own. */
function requestOf({ eventType, payload, timestamp, metadata }: NewEvent, aggregateId: string = randomUUID()) {
  const event = { eventType, payload, timestamp, metadata, eventId: randomUUID() };
  const stream = { aggregateId, aggregateType: "Joueur", expectedVersion: 0, events: [event] } as const;
  return { actorId: aggregateId, streams: [stream] };
}

test("[PRIVACY-10] what was written before there were keys is read as it is", async () => {
  const { created } = person();
  const request = requestOf(created);
  expect(await inner.append(request)).toMatchObject({ ok: true });
  const read: StoredEvent[] = [];
  for await (const event of store.readStream(request.actorId)) read.push(event);
  expect(read[0]?.payload).toEqual(created.payload);
  // As beside somebody who was erased when it was written.
  const [raw] = await inner.readSequences([created.sequence]);
  const [opened] = await seal.openEvents([
    { ...(raw as StoredEvent), payload: { ...(raw?.payload as object), email: "plain" } },
  ]);
  expect(opened?.payload).toEqual({ ...(created.payload as object), email: "plain" });
});

test("[PRIVACY-10] what is personal and nobody's is INVALID, and is not written", async () => {
  const { created } = person();
  const { userId: _, ...metadata } = created.metadata;
  const request = requestOf({ ...created, metadata });
  expect(await store.append(request)).toMatchObject({ ok: false, reason: "INVALID" });
  expect(await store.head(request.actorId)).toBeUndefined();
});

test("[PRIVACY-9] while keys cannot be had, nothing personal is written and nothing that is sealed is read; the rest goes on", async () => {
  const away = async () => Promise.reject(new Error("no keys today"));
  const none: SubjectKeys = { ...keys, ensure: away, find: away };
  const apart = createSealedStore(inner, registry, createSeal(personalData, none));
  const { created } = person();
  const request = requestOf(created);
  const other = log.find(({ eventType }) => eventType === "OrModifie") as StoredEvent;
  const next = {
    ...requestOf({ ...other, metadata: { ...other.metadata, ipAddress: undefined } }),
    actorId: request.actorId,
  };
  const alone = requestOf({ ...other, metadata: { ...other.metadata, ipAddress: undefined } });
  const unavailable = { ok: false, reason: "UNAVAILABLE", message: "no keys today" };
  // The second is asked for before the first has failed, and was decided upon it.
  const results = await Promise.all([apart.append(request), apart.append(next), apart.append(alone)]);
  expect(results).toEqual([unavailable, unavailable, { ok: true, sequences: [expect.any(Number)] }]);
  expect(await apart.head(request.actorId)).toBeUndefined();
  await expect(apart.readSequences([created.sequence])).rejects.toThrow("no keys today");
  expect(await apart.readSequences([results[2]?.ok === true ? (results[2].sequences[0] ?? 0) : 0])).toHaveLength(1);
});

test("[PRIVACY-9] an actor's appends keep their order, whether there is something to seal in them or not", async () => {
  const slow: SubjectKeys = {
    ...keys,
    async ensure(subjects) {
      await new Promise((resolve) => setImmediate(resolve));
      return keys.ensure(subjects);
    },
  };
  const memory = createMemoryStore(unchecked(registry));
  const ordered = createSealedStore(memory, registry, createSeal(personalData, slow));
  const { joueurId } = person();
  const own = log.filter(({ aggregateId }) => aggregateId === joueurId).slice(0, 20);
  const results = own.map(({ aggregateId, aggregateType, version, sequence: _, ...event }, i) => {
    const plain = { ...event, metadata: { ...event.metadata, ipAddress: i % 3 === 0 ? "::1" : undefined } };
    const streams = [{ aggregateId, aggregateType, expectedVersion: version - 1, events: [plain] }];
    return ordered.append({ actorId: aggregateId, streams });
  });
  expect((await Promise.all(results)).filter(({ ok }) => !ok)).toEqual([]);
});

test("[PRIVACY-3] once somebody is erased nobody reads its names, everything else is as it was, and every aggregate comes back from the log", async () => {
  const [gone, left] = [person(0), person(1)];
  await keys.erase(gone.joueurId);
  const name = erasedName(gone.joueurId);
  const without = <T>(root: T, fields: readonly PersonalField[] = []): T =>
    mapPersonal(root, fields, (text, subject) => (subject === gone.joueurId ? name : text)) as T;
  const known = new Set(log.map(({ sequence }) => sequence));
  const read = (await whole(store)).filter(({ sequence }) => known.has(sequence));
  expect(read).toEqual(
    log.map((event) => ({
      ...event,
      payload: without(event.payload, personalData.events[event.eventType]),
      metadata: without(event.metadata, personalData.metadata),
    })),
  );
  const text = JSON.stringify(read);
  expect([text.includes(gone.pseudo), text.includes(left.pseudo)]).toEqual([false, true]);
  const last = new Map(states.map((one) => [one.aggregateId, one]));
  for (const { aggregateId, aggregateType, state } of last.values()) {
    const { aggregate, streams } = partsOf(aggregateType as AggregateName, aggregateId);
    const events = read.filter((event) => streams.has(event.aggregateId));
    const folded = events.reduce<unknown>((before, event) => aggregate.evolve(before, event), aggregate.initial);
    expect(folded).toEqual(without(state, personalData.states[aggregateType]));
    const snapshot = await store.latestSnapshot(aggregateId, 1);
    expect(snapshot?.state).toEqual(folded);
    // What has been in memory since before is told like that too.
    expect(await seal.current(aggregateType, state)).toEqual(folded);
  }
});

function partsOf(name: AggregateName, id: string) {
  const aggregate = AGGREGATES[name];
  return { aggregate, streams: new Set(streamsOf(aggregate, id).map(({ aggregateId }) => aggregateId)) };
}

test("[PRIVACY-3] what is written of somebody who is erased names nobody, and makes no key", async () => {
  const gone = person(0);
  await keys.erase(gone.joueurId);
  const request = requestOf(gone.created);
  expect(await store.append(request)).toMatchObject({ ok: true });
  const [row] = await sql<{ payload: object }>(
    database,
    `SELECT payload FROM evenements WHERE aggregate_id = '${request.actorId}'`,
  );
  expect(row?.payload).toMatchObject({ pseudo: erasedName(gone.joueurId) });
  expect(JSON.stringify(row)).not.toContain(MARK);
});
