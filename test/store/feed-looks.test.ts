import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { expect, test } from "vitest";
import type { EventStore, Run } from "../../store/event-store.ts";
import { createFeed, type Feed } from "../../store/feed.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { appendRaw } from "../support/raw-append.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, event, gains, inventaire, joueur } from "./fixtures.ts";
import { eventually } from "./taken.ts";

const database = useDatabase();
const release = useReleasers();
const registry = createRegistry(definitions);

/** A store that counts what it is asked. */
function counting(store: EventStore, run?: () => Run) {
  const asked = { runs: 0, marks: 0, reads: 0 };
  const counted: EventStore = {
    ...store,
    runAfter(after) {
      asked.runs += 1;
      return run === undefined ? store.runAfter(after) : Promise.resolve(run());
    },
    highWaterMark() {
      asked.marks += 1;
      return store.highWaterMark();
    },
    readAll(...args) {
      asked.reads += 1;
      return store.readAll(...args);
    },
  };
  return { store: counted, asked };
}

async function settled(feed: Feed, sequence: number): Promise<void> {
  await eventually(() => feed.settled(), { interval: 5 }).toBe(sequence);
}

test("[FEED-4] a log without gaps is followed without a barrier but the first", async () => {
  const wakeUps = createLocalWakeUps();
  const { store, asked } = counting(createMemoryStore(registry));
  const feed = createFeed(store, { process: wakeUps });
  const id = v7();
  for (let i = 0; i < 50; i += 1) {
    await append(store, joueur(id, i, gains(1)));
    wakeUps.notify();
    await settled(feed, i + 1);
  }
  expect(asked.marks).toBe(1);
  await feed.close();
});

test("[FEED-4] a gap is waited for a little, and then one barrier serves every reader", async () => {
  const { store, asked } = counting(openStore({ url: database.url }, registry));
  release(() => store.close());
  const feed = createFeed(store, { pollMs: 5 });
  await append(store, joueur(v7(), 0, gains(1)));
  await settled(feed, 1);
  const marks = asked.marks;
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await appendRaw(client, v7(), 0); // takes 2
    await append(store, joueur(v7(), 0, gains(1)));
    const readers = Array.from({ length: 5 }, () => feed.read(1, 10));
    expect((await Promise.all(readers)).map(({ events }) => events.length)).toEqual([0, 0, 0, 0, 0]);
    await client.query("ROLLBACK");
  });
  await settled(feed, 3);
  expect(asked.marks).toBe(marks + 1);
  const pages = await Promise.all(Array.from({ length: 5 }, () => feed.read(1, 10)));
  expect(pages.map(({ events, position }) => [events.map(({ sequence }) => sequence), position])).toEqual(
    Array.from({ length: 5 }, () => [[3], 3]),
  );
  await feed.close();
});

test("[FEED-5] it stands on the last event below the mark, not on the mark, also for a reader whom nothing fits", async () => {
  const store = openStore({ url: database.url }, registry);
  release(() => store.close());
  const result = await append(store, joueur(v7(), 0, gains(2)));
  const last = result.ok ? (result.sequences.at(-1) ?? 0) : 0;
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    for (let i = 0; i < 5; i += 1) await appendRaw(client, v7(), 0);
    await client.query("ROLLBACK");
  });
  expect(await store.highWaterMark()).toBe(last + 5);
  const feed = createFeed(store, { pollMs: 5 });
  await settled(feed, last);
  expect(await feed.read(0, 100, { eventTypes: ["DegatsInfliges"] })).toEqual({ events: [], position: last });
  await sleep(50);
  expect(feed.settled()).toBe(last);
  await feed.close();
});

test("[FEED-5] a filtered reader is given what fits, page by page", async () => {
  const store = createMemoryStore(registry);
  const feed = createFeed(store, { pollMs: 5 });
  const id = v7();
  for (let i = 0; i < 4; i += 1) {
    await append(store, joueur(id, i * 3, gains(3)));
    await append(store, inventaire(v7(), 0, [event("ItemAjoute", { nom: "arc" })]));
  }
  await settled(feed, 16);
  const filter = { aggregateTypes: ["Inventaire"] } as const;
  const first = await feed.read(0, 3, filter);
  expect(first.events.map(({ sequence }) => sequence)).toEqual([4, 8, 12]);
  expect(first.position).toBe(12);
  const second = await feed.read(first.position, 3, filter);
  expect(second.events.map(({ sequence }) => sequence)).toEqual([16]);
  expect(await feed.read(second.position, 3, filter)).toEqual({ events: [], position: 16 });
  await feed.close();
});

test("[FEED-9] while nothing happens, a poll is one look-up", async () => {
  const { store, asked } = counting(createMemoryStore(registry));
  await append(store, joueur(v7(), 0, gains(5)));
  const feed = createFeed(store, { pollMs: 10 });
  await settled(feed, 5);
  await sleep(50);
  const before = { ...asked };
  await sleep(300);
  expect(asked.runs - before.runs).toBeGreaterThan(5);
  expect(asked.runs - before.runs).toBeLessThanOrEqual(31);
  expect({ ...asked, runs: 0 }).toEqual({ ...before, runs: 0 });
  await feed.close();
});

test("[FEED-9] that look-up reads a few pages of an index, also in a session that began while the log was empty", async () => {
  const store = openStore({ url: database.url }, registry);
  release(() => store.close());
  const id = v7();
  await withClient(database.url, async (client) => {
    await client.query("SET role = aether_app; SET plan_cache_mode = force_generic_plan");
    const look = { name: "look", text: "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM run_after($1)" };
    await client.query({ ...look, values: [0] });
    for (let version = 0; version < 20_000; version += 1_000) await append(store, joueur(id, version, gains(1_000)));
    const { rows } = await client.query({ ...look, values: [await store.highWaterMark()] });
    const plan = rows[0]["QUERY PLAN"][0].Plan;
    expect(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]).toBeLessThan(20);
  });
});

test("[FEED-1] a look that fails is told and made again", async () => {
  const faults: unknown[] = [];
  let away = true;
  const { store } = counting(createMemoryStore(registry));
  const feed = createFeed(
    {
      ...store,
      highWaterMark: () => (away ? Promise.reject(new Error("away")) : store.highWaterMark()),
    },
    { pollMs: 5, onFault: (error) => faults.push(error) },
  );
  await append(store, joueur(v7(), 0, gains(1)));
  await eventually(() => faults.length).toBeGreaterThan(1);
  expect(await feed.read(0, 10)).toEqual({ events: [], position: 0 });
  away = false;
  await settled(feed, 1);
  await feed.close();
});
