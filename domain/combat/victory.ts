import type { RaisonFin, ResultatCombat } from "./events.ts";
import { activeInOrder, inOrder } from "./roster.ts";
import type { CombatState } from "./state.ts";

export interface Verdict {
  readonly resultat: ResultatCombat;
  readonly raison: RaisonFin;
  readonly equipes: readonly string[];
}

function standingTeams(state: CombatState): string[] {
  const teams: string[] = [];
  for (const one of activeInOrder(state)) if (!teams.includes(one.equipe)) teams.push(one.equipe);
  return teams;
}

function bossVerdict(state: CombatState, standing: readonly string[]): Verdict | undefined {
  if (!state.conditionsVictoire.bossVaincu) return undefined;
  const bosses = inOrder(state).filter((one) => one.typeEntite === "BOSS");
  if (bosses.length === 0 || bosses.some((one) => one.etat !== "MORT")) return undefined;
  const equipes = standing.filter((team) => !bosses.some((boss) => boss.equipe === team));
  return equipes.length === 0 ? undefined : { resultat: "VICTOIRE", raison: "BOSS_VAINCU", equipes };
}

/** [END-1], [END-3]: is it decided? `cause` names what removed the last one, where that was no blow. */
export function verdict(state: CombatState, cause: RaisonFin = "DERNIERE_EQUIPE"): Verdict | undefined {
  const standing = standingTeams(state);
  const boss = bossVerdict(state, standing);
  if (boss !== undefined) return boss;
  if (standing.length > 1) return undefined;
  return { resultat: standing.length === 1 ? "VICTOIRE" : "NUL", raison: cause, equipes: standing };
}

/** [END-4], [END-5]: what the end of a turn decides by its number. */
export function verdictOfTime(state: CombatState): Verdict | undefined {
  const { survie, limiteTours } = state.conditionsVictoire;
  if (survie !== undefined && state.tourActuel >= survie.tours && standingTeams(state).includes(survie.equipe))
    return { resultat: "VICTOIRE", raison: "SURVIE", equipes: [survie.equipe] };
  if (state.tourActuel >= limiteTours) return { resultat: "NUL", raison: "LIMITE_TOURS", equipes: [] };
  return undefined;
}
