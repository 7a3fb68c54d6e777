import { beforeAll, expect, test } from "vitest";
import { eventTypes } from "../../domain/all-events.ts";
import { AGGREGATE_TYPES } from "../../domain/envelope.ts";
import { CONTRACT_EVENTS } from "../../domain/event-catalogue.ts";
import { banEvents } from "../../domain/player/bans.ts";
import { type Game, KINDS } from "./tour/game.ts";
import { grandTour } from "./tour/story.ts";

let game: Game;
beforeAll(() => {
  game = grandTour();
});

function types(): Set<string> {
  return new Set(game.log.map((event) => event.eventType));
}

test("[EVENT-6] one story through the whole game leads to every event of the contract, in the stream that it names", () => {
  const streams = new Map(game.log.map((event) => [event.eventType, event.aggregateType]));
  for (const aggregateType of AGGREGATE_TYPES)
    for (const eventType of CONTRACT_EVENTS[aggregateType])
      expect([eventType, streams.get(eventType)]).toEqual([eventType, aggregateType]);
  expect(Object.values(CONTRACT_EVENTS).flat()).toHaveLength(52);
});

test("[EVENT-6] … and to every event of ours that a command leads to: to bans none does", () => {
  const missing = eventTypes.map((one) => one.eventType).filter((type) => !types().has(type));
  expect(missing).toEqual(Object.keys(banEvents));
});

test("[EVENT-6] every command that there is leads to something in it", () => {
  for (const { commands } of Object.values(KINDS)) {
    const all = commands.options.map(({ shape }) => (shape["type"] as { value: string }).value);
    expect(all.length).toBeGreaterThan(0);
    expect(all.filter((type) => !game.accepted.has(type))).toEqual([]);
  }
});

test("[EVENT-6] told again, it is the same to the last event", () => {
  expect(grandTour().log).toEqual(game.log);
});

test("[EVENT-6] gold comes from gifts, rewards and merchants alone: what players trade is paid by one and received by the other", () => {
  const moved = game.log.filter((event) => event.eventType === "OrModifie").map((event) => event.payload as Moved);
  const exchanged = moved.filter(({ raison }) => raison === "ECHANGE").reduce((sum, { delta }) => sum + delta, 0);
  expect(exchanged).toBe(0);
  const market = moved.filter(({ raison }) => raison === "ORDRE_RESERVE" || raison === "ORDRE_REGLE");
  const taxes = game.log
    .filter((event) => event.eventType === "TransactionExecutee")
    .reduce((sum, event) => sum + (event.payload as { taxe: number }).taxe, 0);
  expect(market.length).toBeGreaterThan(3);
  expect(market.reduce((sum, { delta }) => sum + delta, 0)).toBe(-taxes);
});

interface Moved {
  readonly raison: string;
  readonly delta: number;
}
