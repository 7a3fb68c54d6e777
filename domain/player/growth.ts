import { STATS, type Stat } from "../values.ts";
import { BOUGHT, baseStats, PER_POINT } from "./classes.ts";
import type { CommandOf } from "./commands.ts";
import type { Draft } from "./draft.ts";
import { classChangeCost, statPointsAt } from "./formulas.ts";
import { moveGold } from "./gold.ts";
import { slotsInOrder } from "./inventaire.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import { changeValues, emitWithStats } from "./stats.ts";
import { takeOff, wearRefused } from "./wearing.ts";

/** [CLASS-4] */
const CLASS_CHANGE_LEVEL = 10;

/** [CLASS-2], [CLASS-3] */
export function spendPoints(draft: Draft, command: CommandOf<"DepenserPoints">): PlayerRejectionCode | undefined {
  const { statsBase, pointsStats } = draft.state.joueur;
  const apres: Partial<Record<Stat, number>> = {};
  let spent = 0;
  for (const name of STATS) {
    const points = command.stats[name];
    if (points === undefined) continue;
    const raised = statsBase[name] + points * PER_POINT[name];
    if (raised > BOUGHT[name]) return "STAT_AT_LIMIT";
    apres[name] = raised;
    spent += points;
  }
  if (spent > pointsStats) return "NOT_ENOUGH_POINTS";
  if (spent === 0) return undefined;
  const { joueurId } = draft.state.joueur;
  changeValues(draft, { raison: "POINTS", reference: joueurId, apres: { ...apres, pointsStats: pointsStats - spent } });
  return undefined;
}

/** [CLASS-4], [CLASS-5] */
export function changeClass(draft: Draft, command: CommandOf<"ChangerClasse">): PlayerRejectionCode | undefined {
  const { joueurId, classe, niveau } = draft.state.joueur;
  if (command.classe === classe) return "SAME_CLASS";
  if (niveau < CLASS_CHANGE_LEVEL) return "LEVEL_TOO_LOW";
  const unpaid = moveGold(draft, -classChangeCost(niveau), "CHANGEMENT_CLASSE", command.classe);
  if (unpaid !== undefined) return unpaid;
  emitWithStats(draft, (statsTotales) => ({
    eventType: "ClasseChangee",
    payload: {
      joueurId,
      ancienneClasse: classe,
      nouvelleClasse: command.classe,
      statsBase: baseStats(command.classe, niveau),
      pointsStats: statPointsAt(niveau),
      statsTotales,
    },
  }));
  for (const slot of slotsInOrder(draft.state.inventaire))
    if (slot.emplacement !== null && wearRefused(draft.state, slot) !== undefined)
      takeOff(draft, slot, slot.emplacement);
  return undefined;
}
