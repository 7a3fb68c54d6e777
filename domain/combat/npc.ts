import type { Action } from "./commands.ts";
import type { CombatState, Participant } from "./state.ts";
export function chooseAction(_state: CombatState, _actor: Participant): Action {
  return { typeAction: "DEFENSE" };
}
