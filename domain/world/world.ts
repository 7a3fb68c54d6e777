import type { Aggregate } from "../decider.ts";
import type { WorldCommand } from "./commands.ts";
import { decide } from "./decide.ts";
import { type WorldEvent, worldEvents } from "./events.ts";
import { evolve } from "./evolve.ts";
import { initialWorld, type WorldState, worldStateSchema } from "./state.ts";
import { wakeUp } from "./wake-up.ts";

/** The WorldState aggregate: time, zones, resources, bosses and events that all players share. Its id is WORLD_ID. Rules: docs/world-rules.md. */
export const world: Aggregate<WorldState, WorldCommand, WorldEvent> = {
  type: "WorldState",
  events: worldEvents,
  initial: initialWorld,
  decide,
  evolve,
  wakeUp,
  begins: true,
  mayRest: () => false,
  snapshot: { schema: worldStateSchema, version: 1 },
};
