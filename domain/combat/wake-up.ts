import type { WakeUp } from "../decider.ts";
import type { CombatCommand } from "./commands.ts";
import type { CombatState } from "./state.ts";

/** What the combat wants to be told next, and when: its own deadlines, absolute, so that whoever loads it can arm them again. */
export function wakeUp(state: CombatState): WakeUp<CombatCommand> | undefined {
  if (state.echeance === null) return undefined;
  const at = Date.parse(state.echeance);
  switch (state.etat) {
    case "PREPARATION":
      return { at, command: { type: "ExpirerPreparation" } };
    case "EN_COURS": {
      const numeroTour = state.tourActuel;
      const active = state.participantActifId === null ? undefined : state.participants[state.participantActifId];
      if (active === undefined || active.typeEntite === "JOUEUR")
        return { at, command: { type: "ExpirerTour", numeroTour } };
      return { at: at - state.dureeTourMs + state.delaiPnjMs, command: { type: "JouerPnj", numeroTour } };
    }
    case "INEXISTANT":
    case "TERMINE":
    case "ABANDONNE":
      return undefined;
  }
}
