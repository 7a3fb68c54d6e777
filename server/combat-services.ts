import type { CombatStartServices } from "../rooms/combat-start.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Game } from "./game.ts";

/** What it takes to begin a combat. */
export function combatServices(
  { commands, catalogue, readWorld }: Pick<Game, "commands" | "catalogue" | "readWorld">,
  store: Pick<EventStore, "heads">,
): CombatStartServices {
  return { commands, store, catalogue: () => catalogue.current, world: () => readWorld() };
}
