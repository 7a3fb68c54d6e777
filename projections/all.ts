import { combatProjector } from "./combat.ts";
import { economyProjector } from "./economy.ts";
import { playerProjector } from "./player.ts";
import type { Projector } from "./projector.ts";
import { questProjector } from "./quests.ts";
import { skillProjector } from "./skills.ts";
import { worldProjector } from "./world.ts";

/** Every read model of the game. */
export const projectors: readonly Projector[] = [
  combatProjector,
  playerProjector,
  economyProjector,
  skillProjector,
  questProjector,
  worldProjector,
];
