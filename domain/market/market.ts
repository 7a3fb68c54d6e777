import type { Aggregate } from "../decider.ts";
import type { MarketCommand } from "./commands.ts";
import { decide } from "./decide.ts";
import { type MarketEvent, marketEvents } from "./events.ts";
import { evolve } from "./evolve.ts";
import { initialMarket, type MarketState, marketStateSchema } from "./state.ts";
import { wakeUp } from "./wake-up.ts";

/** The Economy aggregate: the limit order book of one item, whose id is the aggregate's. Rules: docs/market-rules.md. */
export const market: Aggregate<MarketState, MarketCommand, MarketEvent> = {
  type: "Economy",
  events: marketEvents,
  initial: initialMarket,
  decide,
  evolve,
  wakeUp,
  begins: true,
  // It never ends. But a book that waits for nothing may leave memory, and one that has orders to expire may not.
  snapshot: { schema: marketStateSchema, version: 1 },
};
