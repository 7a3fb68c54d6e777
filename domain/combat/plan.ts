import type { Action } from "./commands.ts";
import { moveCost, reach } from "./formulas.ts";
import type { Competence, Objet, Usage } from "./participant.ts";
import type { CombatRejectionCode } from "./rejections.ts";
import { effectOf } from "./roster.ts";
import type { CombatState, Participant } from "./state.ts";
import { selectTargets, type Target } from "./targets.ts";
import type { TypeAction } from "./values.ts";

interface Cost {
  readonly mp: number;
  readonly stamina: number;
  readonly objet?: { readonly itemId: string; readonly quantite: number } | undefined;
  readonly recharge?: number;
}

/** An act that is allowed, with all that carrying it out needs. */
export interface Plan {
  readonly typeAction: TypeAction;
  readonly cost: Cost;
  readonly targets: readonly Target[];
  readonly usage?: Usage;
  readonly origin?: { readonly type: "COMPETENCE" | "OBJET"; readonly id: string };
  readonly destination?: number;
}

const FREE: Cost = { mp: 0, stamina: 0 };

/** [ACT-1]: a plain attack is a physical blow with the whole of the attacker's strength. */
function attackUsage(actor: Participant): Usage {
  return {
    cible: "ENNEMI",
    portee: actor.statsCombat.portee,
    rayon: 0,
    precision: 0,
    degats: { element: "PHYSIQUE", puissance: 0, ratioAttaque: 100, ratioMagie: 0 },
    effets: [],
    dissipe: 0,
  };
}

function unaffordable(actor: Participant, cost: Cost): CombatRejectionCode | undefined {
  if (cost.mp > actor.mpActuel) return "NOT_ENOUGH_MANA";
  if (cost.stamina > actor.staminaActuel) return "NOT_ENOUGH_STAMINA";
  const { objet } = cost;
  if (objet === undefined) return undefined;
  const carried = actor.objets.find((one) => one.itemId === objet.itemId)?.quantite ?? 0;
  return carried < objet.quantite ? "NO_SUCH_ITEM_LEFT" : undefined;
}

function planSkill(
  state: CombatState,
  actor: Participant,
  action: Action,
  skill: Competence,
): Plan | CombatRejectionCode {
  if (effectOf(actor, "SILENCE") !== undefined) return "SILENCED";
  if ((actor.recharges[skill.competenceId] ?? 0) > 0) return "ON_COOLDOWN";
  const cost: Cost = {
    mp: skill.coutMp,
    stamina: skill.coutStamina,
    objet: skill.coutObjet,
    // One more than the rule's number: the beginning of the next own turn already takes one off ([ACT-5]).
    ...(skill.recharge > 0 ? { recharge: skill.recharge + 1 } : {}),
  };
  const refusal = unaffordable(actor, cost);
  if (refusal !== undefined) return refusal;
  const targets = selectTargets(state, actor, skill, action);
  if (typeof targets === "string") return targets;
  const origin = { type: "COMPETENCE", id: skill.competenceId } as const;
  return { typeAction: "COMPETENCE", cost, targets, usage: skill, origin };
}

function planItem(state: CombatState, actor: Participant, action: Action, item: Objet): Plan | CombatRejectionCode {
  const cost: Cost = { ...FREE, objet: { itemId: item.itemId, quantite: 1 } };
  const refusal = unaffordable(actor, cost);
  if (refusal !== undefined) return refusal;
  const targets = selectTargets(state, actor, item, action);
  if (typeof targets === "string") return targets;
  return { typeAction: "OBJET", cost, targets, usage: item, origin: { type: "OBJET", id: item.itemId } };
}

function planMove(state: CombatState, actor: Participant, action: Action): Plan | CombatRejectionCode {
  const destination = action.position;
  if (destination === undefined || destination >= state.terrain) return "INVALID_POSITION";
  const positions = Math.abs(destination - actor.position);
  const haste = effectOf(actor, "HATE") === undefined ? 0 : 1;
  const slow = effectOf(actor, "RALENTI") === undefined ? 0 : 1;
  if (positions === 0 || positions > reach(actor.statsCombat.deplacement, haste, slow)) return "INVALID_POSITION";
  const cost: Cost = { mp: 0, stamina: moveCost(positions) };
  return unaffordable(actor, cost) ?? { typeAction: "DEPLACEMENT", cost, targets: [], destination };
}

/** What `action` of the participant whose turn it is would mean, or why it is refused. Changes nothing. */
export function planAction(state: CombatState, actor: Participant, action: Action): Plan | CombatRejectionCode {
  switch (action.typeAction) {
    case "ATTAQUE": {
      const usage = attackUsage(actor);
      const targets = selectTargets(state, actor, usage, action);
      return typeof targets === "string" ? targets : { typeAction: "ATTAQUE", cost: FREE, targets, usage };
    }
    case "COMPETENCE": {
      const skill = actor.competences.find((one) => one.competenceId === action.competenceId);
      return skill === undefined ? "UNKNOWN_SKILL" : planSkill(state, actor, action, skill);
    }
    case "OBJET": {
      const item = actor.objets.find((one) => one.itemId === action.itemId);
      return item === undefined ? "UNKNOWN_ITEM" : planItem(state, actor, action, item);
    }
    case "DEPLACEMENT":
      return planMove(state, actor, action);
    case "DEFENSE":
      return { typeAction: "DEFENSE", cost: FREE, targets: [] };
    case "FUITE":
      return state.fuitePossible ? { typeAction: "FUITE", cost: FREE, targets: [] } : "FLIGHT_FORBIDDEN";
  }
}
