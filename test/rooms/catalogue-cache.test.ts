import { v7 } from "uuid";
import { expect, test } from "vitest";
import { catalogueEvents } from "../../domain/catalogue/catalogue.ts";
import { demoWorld } from "../../domain/catalogue/demo/demo-world.ts";
import { openCatalogue } from "../../rooms/catalogue-cache.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createFeed } from "../../store/feed.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { append, definitions, event, gains, joueur } from "../store/fixtures.ts";
import { eventually } from "../store/taken.ts";

const [known, late] = Object.entries(demoWorld.items);

function define(store: EventStore, [itemId, definition]: readonly [string, object]) {
  const created = { ...event("ItemAjoute", { ...definition, itemId }), eventType: "ItemCree" };
  return append(store, { aggregateId: itemId, aggregateType: "Item", expectedVersion: 0, events: [created] });
}

test("[CATALOG-10] each look at the log begins where the one before ended, however long ago a definition changed", async () => {
  if (known === undefined || late === undefined) throw new Error("the demo world has no items");
  const store = createMemoryStore(createRegistry({ ...definitions, ...catalogueEvents }));
  const wakeUps = createLocalWakeUps();
  const spans: number[] = [];
  const counting: EventStore = {
    ...store,
    readAll(after, mark, options) {
      spans.push(mark - after);
      return store.readAll(after, mark, options);
    },
  };
  const faults: unknown[] = [];
  await define(store, known);
  const feed = createFeed(store, { process: wakeUps });
  const telemetry = { refused: () => undefined, fault: (_: string, error: unknown) => void faults.push(error) };
  const catalogue = await openCatalogue(counting, feed, telemetry);
  expect([...catalogue.current.items.keys()]).toEqual([known[0]]);
  const id = v7();
  for (let i = 0; i < 60; i += 1) {
    await append(store, joueur(id, i, gains(1)));
    wakeUps.notify();
    await eventually(() => feed.settled(), { interval: 2 }).toBe(i + 2);
  }
  await define(store, late);
  wakeUps.notify();
  await eventually(() => catalogue.current.items.size, { interval: 2 }).toBe(2);
  expect(spans.length).toBeGreaterThan(20);
  expect(spans.reduce((sum, span) => sum + span)).toBeLessThan(150);
  await catalogue.close();
  await feed.close();
  expect(faults).toEqual([]);
});
