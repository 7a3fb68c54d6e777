import { combatRewards } from "./combat-rewards.ts";
import { marketSettlement } from "./market-settlement.ts";
import { questProgress } from "./quest-progress.ts";
import type { Saga } from "./saga.ts";
import { welcome } from "./welcome.ts";
import { worldRewards } from "./world-rewards.ts";

/** Every saga there is; each has a checkpoint of its own, so that one that is stuck does not hold up another. */
export const sagas: readonly Saga[] = [welcome, combatRewards, marketSettlement, questProgress, worldRewards];
