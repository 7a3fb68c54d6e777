import type { WakeUp } from "../decider.ts";
import type { WorldCommand } from "./commands.ts";
import type { WorldState } from "./state.ts";

/** [WORLD-18]: the nearest of the next hour, the events' deadlines and the regrowths; the same for the same state. */
export function wakeUp(state: WorldState): WakeUp<WorldCommand> | undefined {
  if (state.prochaineHeure === null) return undefined;
  let next: WakeUp<WorldCommand> = { at: Date.parse(state.prochaineHeure), command: { type: "PasserHeure" } };
  let nextId = "";
  const consider = (at: number, id: string, command: WorldCommand): void => {
    if (at > next.at || (at === next.at && id >= nextId)) return;
    next = { at, command };
    nextId = id;
  };
  for (const { evenementId, expireA } of Object.values(state.evenements))
    consider(Date.parse(expireA), evenementId, { type: "ExpirerEvenement", evenementId });
  for (const { ressourceId, prochaineRegeneration } of Object.values(state.ressources)) {
    if (prochaineRegeneration !== null)
      consider(Date.parse(prochaineRegeneration), ressourceId, { type: "RegenererRessource", ressourceId });
  }
  return next;
}
