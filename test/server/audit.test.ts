import Fastify from "fastify";
import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { allEvents } from "../../domain/all-events.ts";
import type { EventDefinitions } from "../../domain/decider.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { streamsOf, versionsOf } from "../../rooms/streams.ts";
import { AGGREGATE_NAMES, AGGREGATES, type AggregateName } from "../../server/aggregates.ts";
import { createDoor } from "../../server/http.ts";
import { createMetrics } from "../../server/metrics.ts";
import { auditRoutes } from "../../server/routes/audit.ts";
import { createTimeTravel } from "../../server/time-travel.ts";
import { createAudit } from "../../store/audit.ts";
import { createPool } from "../../store/database.ts";
import { createRegistry } from "../../store/registry.ts";
import { grandTour } from "../domain/tour/story.ts";
import { inItsStream } from "../projections/player-logs.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";

const database = useDatabase();
const release = useReleasers();
const registry = createRegistry(...allEvents);
const store = openStore({ url: database.url }, registry);
const pool = createPool({ url: database.url, poolSize: 2 });
const telemetry = { refused: () => undefined, fault: (_: string, error: unknown) => Promise.reject(error) };
const audit = createAudit(pool, registry);
const api = Fastify();
const admin = { role: "admin", userId: "u", tenantId: "t" } as const;
auditRoutes(
  api,
  createDoor(async () => admin, createMetrics()),
  {
    audit,
    store,
    timeTravel: createTimeTravel(audit, store, telemetry as never),
  },
);
release(() => pool.end());
release(() => store.close());
release(() => api.close());

/** The tour's events in today's month, for which there are partitions. */
const log: StoredEvent[] = [];
const definitions: EventDefinitions = Object.assign({}, ...allEvents);
/** By name, the ids of those that the tour knows, each with its streams' events in order. */
const lives = new Map<AggregateName, Map<string, StoredEvent[]>>();

beforeAll(async () => {
  const tour = grandTour().log;
  const span = Date.parse(tour.at(-1)?.timestamp ?? "") - Date.parse(tour[0]?.timestamp ?? "");
  const month = new Date().toISOString().slice(0, 8);
  const begin = Date.parse(`${month}01T00:00:00.000Z`);
  const heads = new Map<string, number>();
  for (const [n, told] of tour.map(inItsStream).entries()) {
    const passed = Date.parse(told.timestamp) - Date.parse(tour[0]?.timestamp ?? "");
    const timestamp = new Date(begin + Math.floor((passed / (span + 1)) * 20 * 86_400_000)).toISOString();
    const { eventId, eventType, payload, aggregateId, aggregateType } = told;
    const expectedVersion = heads.get(aggregateId) ?? 0;
    heads.set(aggregateId, expectedVersion + 1);
    // Trees of seven events, each of which leads to two.
    const place = n % 7;
    const [root, cause] = [log[n - place], log[n - place + Math.floor((place - 1) / 2)]];
    const metadata = {
      correlationId: root?.metadata.correlationId ?? uuidv7(),
      ...(place > 0 && { causationId: cause?.eventId }),
      tenantId: "default",
      schemaVersion: definitions[eventType]?.schemaVersion ?? 1,
    };
    const event = { eventId, eventType, payload, metadata, timestamp };
    const stream = { aggregateId, aggregateType, expectedVersion, events: [event] };
    const result = await store.append({ actorId: aggregateId, streams: [stream] });
    if (!result.ok) throw new Error(`${eventType}: ${JSON.stringify(result)}`);
    log.push({
      ...event,
      aggregateId,
      aggregateType,
      version: expectedVersion + 1,
      sequence: result.sequences[0] ?? 0,
    });
  }
  for (const name of AGGREGATE_NAMES) {
    const aggregate = AGGREGATES[name];
    const begun = log.filter(
      (one) => one.version === 1 && one.aggregateType === name && one.eventType in aggregate.events,
    );
    lives.set(
      name,
      new Map(
        begun.map(({ aggregateId }) => {
          const own = new Set(streamsOf(aggregate, aggregateId).map((stream) => stream.aggregateId));
          return [aggregateId, log.filter((event) => own.has(event.aggregateId))];
        }),
      ),
    );
  }
});

async function get(url: string) {
  const answer = await api.inject({ url, headers: { authorization: "Bearer x" } });
  return { status: answer.statusCode, body: answer.json() };
}

const fold = (name: AggregateName, events: readonly StoredEvent[]): unknown =>
  JSON.parse(
    JSON.stringify(
      events.reduce<unknown>((state, event) => AGGREGATES[name].evolve(state, event), AGGREGATES[name].initial),
    ),
  );

test.each(AGGREGATE_NAMES)("[AUDIT-1] %s: as it was after each so many of its events, and now", async (name) => {
  const all = [...(lives.get(name) ?? [])];
  expect(all.length).toBeGreaterThan(0);
  for (const [id, events] of all.slice(0, 6)) {
    const versions = new Set([1, 2, events.length, Math.ceil(events.length / 2), Math.ceil(events.length / 3)]);
    for (const version of [...versions].filter((one) => one <= events.length)) {
      const { status, body } = await get(`/aggregates/${name}/${id}?at=${version}`);
      expect(status).toBe(200);
      expect(body).toEqual({ type: name, id, version, state: fold(name, events.slice(0, version)) });
    }
    expect((await get(`/aggregates/${name}/${id}`)).body.version).toBe(events.length);
    expect((await get(`/aggregates/${name}/${id}?at=${events.length + 1}`)).status).toBe(404);
  }
});

test("[AUDIT-1] snapshots change nothing of it, whichever versions they are of", async () => {
  for (const [name, all] of lives) {
    const aggregate = AGGREGATES[name];
    for (const [id, events] of [...all].slice(0, 4)) {
      const at = Math.ceil(events.length / 2);
      const state = fold(name, events.slice(0, at));
      expect(versionsOf(aggregate, state, at).reduce((sum, one) => sum + one, 0)).toBe(at);
      const snapshot = { aggregateId: id, aggregateType: aggregate.type, version: at, state, recentCommands: [] };
      await store.saveSnapshots([{ ...snapshot, stateVersion: aggregate.snapshot.version }]);
      for (const version of [at, at + 1, Math.max(1, at - 1), events.length].filter((one) => one <= events.length)) {
        const { body } = await get(`/aggregates/${name}/${id}?at=${version}`);
        expect(body.state).toEqual(fold(name, events.slice(0, version)));
      }
    }
  }
});

/** Of each of its streams, what came before the first event that is later. */
function until(events: readonly StoredEvent[], time: string): StoredEvent[] {
  const ended = new Set<string>();
  return events.filter(({ aggregateId, timestamp }) => {
    if (timestamp > time) ended.add(aggregateId);
    return !ended.has(aggregateId);
  });
}

test("[AUDIT-2] at a time, an aggregate holds what had happened by then; and so do all of a type, by pages", async () => {
  const times = [0.1, 0.5, 0.9].map((share) => log[Math.floor(log.length * share)]?.timestamp ?? "");
  for (const time of times) {
    for (const [name, all] of lives) {
      const expected = [...all]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .flatMap(([id, events]) => {
          const by = until(events, time);
          return by.length === 0 ? [] : [{ type: name, id, version: by.length, state: fold(name, by) }];
        });
      const found: unknown[] = [];
      for (let after = ""; ; ) {
        const { status, body } = await get(`/aggregates/${name}?at=${encodeURIComponent(time)}&limit=7${after}`);
        expect(status).toBe(200);
        found.push(...body.items);
        if (body.next === undefined) break;
        after = `&after=${body.next}`;
      }
      expect(found).toEqual(expected);
    }
  }
  const [id, events = []] = [...(lives.get("Joueur") ?? [])][0] ?? [];
  const before = new Date(Date.parse(events[0]?.timestamp ?? "") - 1).toISOString();
  expect((await get(`/aggregates/Joueur/${id}?at=${before}`)).status).toBe(404);
});

test("[AUDIT-3] the log by any of its filters, by pages, either way", async () => {
  const event = log.find(
    ({ eventType, metadata }) => eventType === "DegatsInfliges" && metadata.correlationId !== undefined,
  );
  if (event === undefined) throw new Error("nothing was hit");
  const { aggregateId, aggregateType, metadata, eventType } = event;
  const from = log[Math.floor(log.length / 3)]?.timestamp ?? "";
  const to = log[Math.floor(log.length / 2)]?.timestamp ?? "";
  const [key, value] = Object.entries(event.payload as object).find(([, one]) => typeof one === "string") ?? [];
  const payload = encodeURIComponent(JSON.stringify({ [key ?? ""]: value }));
  const has = (one: StoredEvent) => (one.payload as Record<string, unknown>)[key ?? ""] === value;
  const cases: [string, (one: StoredEvent) => boolean][] = [
    ["", () => true],
    [`aggregateId=${aggregateId}`, (one) => one.aggregateId === aggregateId],
    [`aggregateType=${aggregateType}`, (one) => one.aggregateType === aggregateType],
    [`type=${eventType}`, (one) => one.eventType === eventType],
    [`type=${eventType},TourDebute`, (one) => ["TourDebute", eventType].includes(one.eventType)],
    [`correlationId=${metadata.correlationId}`, (one) => one.metadata.correlationId === metadata.correlationId],
    [`from=${from}&to=${to}`, (one) => one.timestamp >= from && one.timestamp < to],
    [`type=${eventType}&payload=${payload}`, (one) => one.eventType === eventType && has(one)],
    [
      `aggregateId=${aggregateId}&type=${eventType}&from=${from}`,
      (one) => one.aggregateId === aggregateId && one.eventType === eventType && one.timestamp >= from,
    ],
  ];
  for (const [query, fits] of cases) {
    const expected = log.filter(fits).map((one) => one.eventId);
    const forth: string[] = [];
    for (let after = "0"; ; ) {
      const { status, body } = await get(`/events?${query}&limit=97&after=${after}`);
      expect(status).toBe(200);
      forth.push(...body.items.map((one: StoredEvent) => one.eventId));
      if (body.next === undefined) break;
      after = body.next;
    }
    expect(forth).toEqual(expected);
    const { body } = await get(`/events?${query}&limit=5&before=${Number.MAX_SAFE_INTEGER}`);
    expect(body.items.map((one: StoredEvent) => one.eventId)).toEqual(expected.toReversed().slice(0, 5));
  }
  const read = await get(`/events/${event.eventId}`);
  expect(read.body).toEqual({ ...event, sequence: event.sequence });
  expect((await get(`/events/${uuidv7()}`)).status).toBe(404);
});

test("[AUDIT-4] causes and effects of an event are those that its events name", async () => {
  const roots = log.filter(({ metadata }) => metadata.causationId === undefined);
  for (const root of roots.slice(0, 5)) {
    const ids = new Set([root.eventId]);
    for (const one of log)
      if (ids.has(one.metadata.causationId ?? "") && one.metadata.correlationId === root.metadata.correlationId)
        ids.add(one.eventId);
    const { body } = await get(`/events/${root.eventId}/effects`);
    expect(body.items.map((one: StoredEvent) => one.eventId)).toEqual(
      log.filter((one) => ids.has(one.eventId)).map((one) => one.eventId),
    );
    const last = body.items.at(-1);
    const causes = (await get(`/events/${last.eventId}/causes`)).body.items.map((one: StoredEvent) => one.eventId);
    expect([causes[0], causes.at(-1)]).toEqual([last.eventId, root.eventId]);
  }
  expect((await get(`/events/${uuidv7()}/effects`)).status).toBe(404);
});

test.each([
  "/events?payload=%7B%7D",
  `/events?payload=${encodeURIComponent('{"a":1}')}&from=2020-01-01T00:00:00Z`,
  "/events?userId=x",
  "/events?type=x&payload=nonsense",
  "/events?type=x&payload=%5B%5D",
  `/events?type=x&payload=${encodeURIComponent('{"a":"\\u0000"}')}`,
  "/events?after=1&before=2",
  "/events?limit=1001",
  "/events?from=yesterday",
  "/aggregates/Joueur?at=5",
  "/aggregates/Combat/00000000-0000-4000-8000-000000000000?at=0",
])("[AUDIT-5] %s is refused", async (url) => {
  expect(await get(url)).toMatchObject({ status: 400, body: { code: "BAD_REQUEST" } });
});

test("[AUDIT-6] every event type is told with the form of its payload", async () => {
  const { body } = await get("/admin/event-types");
  expect(new Set(body.items.map((one: { eventType: string }) => one.eventType))).toEqual(
    new Set(allEvents.flatMap((definitions) => Object.keys(definitions))),
  );
  expect(body.items.every((one: { schema: { type: string } }) => one.schema.type !== "")).toBe(true);
});
