import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { expect, test } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import { createFeed } from "../../store/feed.ts";
import { createLiveEvents, type LiveEvents } from "../../store/live-events.ts";
import { createRegistry } from "../../store/registry.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, event, gains, inventaire, joueur } from "./fixtures.ts";

const database = useDatabase();
const release = useReleasers();
const registry = createRegistry(definitions);

/** A node's store, feed and live events, with as many others as are asked for. */
function open() {
  const wakeUps = createLocalWakeUps();
  const store = openStore({ url: database.url }, registry);
  const feed = createFeed(store, { process: wakeUps, pollMs: 20 });
  const live = createLiveEvents(store, feed);
  release(async () => {
    await live.close();
    await feed.close();
    await store.close();
  });
  return { store, live, notify: () => wakeUps.notify() };
}

async function take(events: AsyncIterable<StoredEvent>, count: number): Promise<number[]> {
  const taken: number[] = [];
  for await (const { version } of events) {
    taken.push(version);
    if (taken.length === count) break;
  }
  return taken;
}

async function followed(live: LiveEvents, by: number): Promise<void> {
  while (live.followers < by) await sleep(5);
}

const upTo = (n: number, from = 1) => Array.from({ length: n }, (_, i) => from + i);

test("[LIVE-1] a follower gets what comes after it began, once and in order, while several nodes write", async () => {
  const nodes = [open(), open()] as const;
  const id = v7();
  await append(nodes[0].store, joueur(id, 0, gains(5)));
  const followers = nodes.flatMap(({ live }) => [1, 2, 3].map(() => live.follow({ aggregateIds: [id] })));
  const taken = followers.map((events) => take(events, 40));
  for (const { live } of nodes) await followed(live, 3);
  const others = upTo(40).map(() => v7());
  for (let i = 0; i < 40; i += 1) {
    await Promise.all([
      append(nodes[i % 2 === 0 ? 0 : 1].store, joueur(id, 5 + i, gains(1))),
      append(nodes[1].store, joueur(others[i] ?? "", 0, gains(1))),
    ]);
    nodes[0].notify();
  }
  for (const versions of await Promise.all(taken)) expect(versions).toEqual(upTo(40, 6));
  expect(nodes.map(({ live }) => live.followers)).toEqual([0, 0]);
});

test("[LIVE-2] who says where it was gets what it missed, then what comes, without a gap or a double", async () => {
  const { store, live, notify } = open();
  const id = v7();
  const sequences: number[] = [];
  let writing = true;
  const writer = (async () => {
    for (let i = 0; i < 300; i += 1) {
      const result = await append(store, joueur(id, i, gains(1)));
      if (result.ok) sequences.push(...result.sequences);
      notify();
    }
    writing = false;
  })();
  const joined: Promise<number[]>[] = [];
  while (writing) {
    await sleep(5);
    const from = Math.floor(sequences.length / 2);
    const after = sequences[from];
    if (after !== undefined)
      joined.push(
        take(live.follow({ aggregateIds: [id] }, { after }), 299 - from).then((versions) => {
          expect(versions).toEqual(upTo(299 - from, from + 2));
          return versions;
        }),
      );
  }
  await writer;
  expect(joined.length).toBeGreaterThan(5);
  await Promise.all(joined);
});

test("[LIVE-2] so it is with types", async () => {
  const { store, live, notify } = open();
  const id = v7();
  const before = await append(store, inventaire(id, 0, [event("ItemAjoute", { nom: "a" })]));
  const after = before.ok ? (before.sequences[0] ?? 0) : 0;
  await append(store, inventaire(id, 1, [event("ItemAjoute", { nom: "b" })]));
  const taken = take(live.follow({ eventTypes: ["ItemAjoute"] }, { after }), 2);
  await followed(live, 1);
  await append(store, joueur(v7(), 0, gains(1)));
  await append(store, inventaire(id, 2, [event("ItemAjoute", { nom: "c" })]));
  notify();
  expect(await taken).toEqual([2, 3]);
});

test("[LIVE-3] who does not take is cut off, who asks for too much of the past is refused; others are not held up", async () => {
  const { store, live, notify } = open();
  const id = v7();
  const slow = live.follow({ aggregateIds: [id] }, { waitingAtMost: 10 });
  const first = slow.next();
  const quick = take(live.follow({ aggregateIds: [id] }), 50);
  await followed(live, 2);
  await append(store, joueur(id, 0, gains(1)));
  notify();
  // Before there are more, which may come all at once.
  expect((await first).value?.version).toBe(1);
  for (let i = 1; i < 50; i += 1) {
    await append(store, joueur(id, i, gains(1)));
    notify();
  }
  expect(await quick).toEqual(upTo(50));
  await expect(take(slow, 49)).rejects.toMatchObject({ code: "TOO_SLOW" });
  const greedy = live.follow({ aggregateIds: [id] }, { after: 0, pastAtMost: 49 });
  await expect(greedy.next()).rejects.toMatchObject({ code: "TOO_FAR_BACK" });
  expect(live.followers).toBe(0);
  const patient = live.follow({ aggregateIds: [id, v7()] }, { after: 0, pastAtMost: 50 });
  expect(await take(patient, 50)).toEqual(upTo(50));
});

test("[LIVE-2] a long past comes by pages, of several streams in the order of the log", async () => {
  const { store, live, notify } = open();
  const [a, b] = [v7(), v7()];
  for (let i = 0; i < 6; i += 1) {
    await append(store, joueur(a, i * 60, gains(60)));
    await append(store, joueur(b, i * 60, gains(60)));
  }
  const events = live.follow({ aggregateIds: [a, b] }, { after: 0 });
  const taken: number[] = [];
  for await (const { sequence } of events) {
    taken.push(sequence);
    if (taken.length === 10) {
      await append(store, joueur(a, 360, gains(1)));
      notify();
    }
    if (taken.length === 721) break;
  }
  expect(taken).toEqual(taken.toSorted((one, other) => one - other));
  expect(new Set(taken).size).toBe(721);
});

test("[LIVE-4] a follower that waits ends at once: when returned from, by its signal, and with the hub", async () => {
  const { live } = open();
  const aborter = new AbortController();
  const [returned, aborted, closed] = [
    live.follow({ eventTypes: ["ItemAjoute"] }),
    live.follow({ eventTypes: ["ItemAjoute"] }, { signal: aborter.signal }),
    live.follow({ eventTypes: ["ItemAjoute"] }),
  ];
  const waiting = [returned, aborted, closed].map((one) => one.next());
  await followed(live, 3);
  expect(live.followers).toBe(3);
  await returned.return?.();
  aborter.abort();
  await Promise.all(waiting.slice(0, 2));
  expect(live.followers).toBe(1);
  await live.close();
  expect((await Promise.all(waiting)).map(({ done }) => done)).toEqual([true, true, true]);
});
