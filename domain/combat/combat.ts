import type { Aggregate } from "../decider.ts";
import type { CombatCommand } from "./commands.ts";
import { decide } from "./decide.ts";
import { type CombatEvent, combatEvents } from "./events.ts";
import { evolve } from "./evolve.ts";
import { type CombatState, combatStateSchema, initialCombat } from "./state.ts";
import { wakeUp } from "./wake-up.ts";

/** The Combat aggregate: 2 to 16 participants in teams, turn by turn, to the end. Rules: docs/combat-rules.md. */
export const combat: Aggregate<CombatState, CombatCommand, CombatEvent> = {
  type: "Combat",
  events: combatEvents,
  initial: initialCombat,
  decide,
  evolve,
  wakeUp,
  mayRest: (state) => state.etat === "TERMINE" || state.etat === "ABANDONNE",
  snapshot: { schema: combatStateSchema, version: 3 },
};
