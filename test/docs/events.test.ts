import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { schemasFile } from "../../docs/generate/event-schemas.ts";
import { eventsPage } from "../../docs/generate/events-page.ts";
import { decidedIn } from "../../docs/generate/sources.ts";
import { allEvents, eventTypes } from "../../domain/all-events.ts";
import { AGGREGATE_TYPES } from "../../domain/envelope.ts";
import { CONTRACT_EVENTS } from "../../domain/event-catalogue.ts";

function written(file: string): string {
  return readFileSync(new URL(`../../docs/${file}`, import.meta.url), "utf8");
}

test("[EVENT-7] the page and the schemas are what the code makes of its events; `npm run docs` writes them anew", () => {
  expect(written("events.md")).toBe(eventsPage());
  expect(written("event-schemas.json")).toBe(schemasFile());
});

test("[EVENT-7] every type is there once, and the contract's are in the contract's streams", () => {
  const types = eventTypes.map((one) => one.eventType);
  expect(types).toHaveLength(new Set(types).size);
  expect(types.toSorted()).toEqual(allEvents.flatMap((group) => Object.keys(group)).toSorted());
  const streams = new Map(eventTypes.map((one) => [one.eventType, one.aggregateType]));
  for (const aggregateType of AGGREGATE_TYPES)
    for (const eventType of CONTRACT_EVENTS[aggregateType]) expect(streams.get(eventType)).toBe(aggregateType);
});

test("[EVENT-7] every type is emitted somewhere in the deciders", () => {
  const decided = decidedIn();
  expect(eventTypes.map((one) => one.eventType).filter((type) => !decided.has(type))).toEqual([]);
});
