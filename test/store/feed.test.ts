import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { expect, test } from "vitest";
import type { EventStore } from "../../store/event-store.ts";
import { createFeed } from "../../store/feed.ts";
import { createRegistry } from "../../store/registry.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { appendRaw } from "../support/raw-append.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, gains, joueur } from "./fixtures.ts";
import { startWriters } from "./writers.ts";

const database = useDatabase();
const release = useReleasers();

function open(): EventStore {
  const store = openStore({ url: database.url, poolSize: 1 }, createRegistry(definitions), { lanes: 1 });
  release(() => store.close());
  return store;
}

/** What a reader is given that follows the log; once more after the writers are done. */
async function follow(
  running: () => boolean,
  mark: (store: EventStore) => Promise<number>,
  pauseMs: number,
): Promise<number[]> {
  const store = open();
  const delivered: number[] = [];
  let position = 0;
  for (let last = false; !last; ) {
    last = !running();
    const upTo = await mark(store);
    for (let more = true; more; ) {
      const events = await store.readAll(position, upTo, { limit: 100 });
      delivered.push(...events.map(({ sequence }) => sequence));
      position = events.at(-1)?.sequence ?? position;
      more = events.length === 100;
    }
    await sleep(pauseMs);
  }
  return delivered;
}

/** On a machine that stalls, an append may hold up a mark for too long: then it is asked for again, as the feed does. */
async function markOf(store: EventStore): Promise<number> {
  for (;;) {
    try {
      return await store.highWaterMark();
    } catch (error) {
      expect(error).toMatchObject({ code: "55P03" });
    }
  }
}

/** The same by the feed, which several of its readers share. */
async function followByFeed(running: () => boolean, onMark: () => void): Promise<number[]> {
  const store = open();
  const feed = createFeed(store, { pollMs: 20, onMark });
  const delivered: number[] = [];
  let position = 0;
  let ended = Number.POSITIVE_INFINITY;
  while (running() || position < ended) {
    if (!running()) ended = await lastWritten(store);
    const page = await feed.read(position, 100);
    delivered.push(...page.events.map(({ sequence }) => sequence));
    position = page.position;
    if (page.events.length === 0) await sleep(1);
  }
  await feed.close();
  return delivered;
}

/** What a reader without a mark goes by. */
const lastWritten = (store: EventStore) => store.lastSequence(Number.MAX_SAFE_INTEGER);

test("[FEED-1] a follower is given every event once and in order, while sixteen write, some slowly, some in vain", async () => {
  const writers = startWriters(database.url);
  let reading = true;
  // Taking the mark makes the slow writers wait for each other; without a pause, the other reader would have little to lose.
  const readers = Promise.all([follow(() => reading, markOf, 20), follow(() => reading, lastWritten, 1)]);
  await sleep(3_000);
  await writers.end();
  reading = false;
  const [delivered, naive] = await readers;

  const rows = await rowsOf<{ n: number }>(database.url, "SELECT event_sequence::int AS n FROM evenements ORDER BY 1");
  const lost = (given: readonly number[]) => {
    const seen = new Set(given);
    return rows.filter(({ n }) => !seen.has(n)).length;
  };
  console.log(`${rows.length} events; lost with the mark ${lost(delivered)}, without it ${lost(naive)}`);
  expect(lost(delivered)).toBe(0);
  expect(delivered).toEqual(rows.map(({ n }) => n));
  expect(lost(naive), "the same reader without the mark must lose events, or this test proves nothing").toBeGreaterThan(
    0,
  );
});

test("[FEED-1] so is a reader of the feed, which takes a barrier only now and then", async () => {
  const writers = startWriters(database.url);
  let reading = true;
  let marks = 0;
  const reader = followByFeed(
    () => reading,
    () => {
      marks += 1;
    },
  );
  await sleep(2_000);
  await writers.end();
  reading = false;
  const fed = await reader;
  const rows = await rowsOf<{ n: number }>(database.url, "SELECT event_sequence::int AS n FROM evenements ORDER BY 1");
  console.log(`${rows.length} events by the feed, with ${marks} barriers`);
  expect(fed).toEqual(rows.map(({ n }) => n));
  expect(marks).toBeLessThan(rows.length / 10);
});

test.each(["COMMIT", "ROLLBACK"])("[FEED-2] no mark is given past an unfinished append: %s", async (end) => {
  const store = open();
  await withClient(database.url, async (client) => {
    const before = await store.highWaterMark();
    await client.query("BEGIN");
    await appendRaw(client, v7(), 0);
    const later = await append(store, joueur(v7(), 0, gains(1)));
    expect(later, "appends do not wait for each other").toEqual({ ok: true, sequences: [before + 2] });
    await expect(store.highWaterMark()).rejects.toMatchObject({ code: "55P03" });
    expect(await append(store, joueur(v7(), 0, gains(1))), "nor for a reader that gave up").toMatchObject({ ok: true });
    await client.query(end);
    expect(await store.highWaterMark()).toBe(before + 3);
  });
});

test("[FEED-3] a version conflict takes no sequence number", async () => {
  const store = open();
  const id = v7();
  await append(store, joueur(id, 0, gains(1)));
  const before = await store.highWaterMark();
  for (let i = 0; i < 5; i += 1) await append(store, joueur(id, 0, gains(3)));
  expect(await store.highWaterMark()).toBe(before);
});
