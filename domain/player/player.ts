import type { Aggregate } from "../decider.ts";
import type { PlayerCommand } from "./commands.ts";
import { decide } from "./decide.ts";
import { evolve } from "./evolve.ts";
import { nextQuestDeadline } from "./quetes.ts";
import {
  initialPlayer,
  PART_TYPES,
  type PlayerEvent,
  type PlayerState,
  partOf,
  playerEvents,
  playerStateSchema,
} from "./state.ts";

/** The player: one aggregate over six streams. Rules: docs/player-rules.md and docs/quest-rules.md. */
export const player: Aggregate<PlayerState, PlayerCommand, PlayerEvent> = {
  type: "Joueur",
  events: playerEvents,
  initial: initialPlayer,
  decide,
  evolve,
  wakeUp: ({ quetes }) => {
    const at = nextQuestDeadline(quetes);
    return at === undefined ? undefined : { at, command: { type: "ExpirerQuetes" } };
  },
  begins: true,
  // A quest that has run out meanwhile is failed as soon as the player is loaded: nobody sees it before.
  mayRest: () => true,
  parts: { types: PART_TYPES, typeOf: partOf, versionsOf: (state) => state.versions },
  snapshot: { schema: playerStateSchema, version: 3 },
};
