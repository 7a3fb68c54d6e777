import { poweredBy } from "../catalogue/combat-skill.ts";
import type { CompetenceDefinition, Definitions } from "../catalogue/definitions.ts";
import { healPower } from "../combat/formulas.ts";
import type { Ressource } from "../combat/values.ts";
import { type Apprise, MAX_ACTIVE, skillOf } from "./competences.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import type { Vitaux } from "./joueur.ts";
import { spendPoints } from "./points.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import type { PlayerState } from "./state.ts";
import { totalStats, usableSkills } from "./stats.ts";
import { currentVitals, setVitals } from "./vitals.ts";

/** [SKILL-2] */
const MAX_SKILLS = 64;

function isFull(state: PlayerState, definition: CompetenceDefinition): boolean {
  if (state.competences.apprises.length >= MAX_SKILLS) return true;
  if (definition.typeCompetence === "PASSIVE") return false;
  const active = usableSkills(state).apprises.filter((one) => one.definition.typeCompetence !== "PASSIVE");
  return active.length >= MAX_ACTIVE;
}

function isOfClass({ joueur }: PlayerState, { classes }: CompetenceDefinition): boolean {
  return classes.length === 0 || classes.includes(joueur.classe);
}

/** [SKILL-1], [SKILL-2] */
function learnRefused(draft: Draft, id: string, definition: CompetenceDefinition): PlayerRejectionCode | undefined {
  const { joueur, competences } = draft.state;
  if (skillOf(competences, id) !== undefined) return "SKILL_ALREADY_KNOWN";
  if (joueur.niveau < definition.niveauRequis) return "LEVEL_TOO_LOW";
  if (!isOfClass(draft.state, definition)) return "WRONG_CLASS";
  const ready = definition.preRequis.competences.every(
    ({ competenceId, niveau }) => (skillOf(competences, competenceId)?.niveau ?? 0) >= niveau,
  );
  if (!ready) return "SKILL_REQUIRED";
  return isFull(draft.state, definition) ? "SKILLS_FULL" : undefined;
}

export function learnSkill(draft: Draft, competenceId: string, known: Definitions): PlayerRejectionCode | undefined {
  const definition = known.competences[competenceId];
  if (definition === undefined) return "UNKNOWN_SKILL";
  const refused = learnRefused(draft, competenceId, definition);
  if (refused !== undefined) return refused;
  const { joueurId } = draft.state.joueur;
  const { coutPoints } = definition;
  emit(draft, {
    eventType: "CompetenceAprise",
    payload: { joueurId, competenceId, niveau: 1, coutPoints, definition },
  });
  return spendPoints(draft, coutPoints, "COMPETENCE", competenceId);
}

/** [SKILL-3] */
export function improveSkill(draft: Draft, competenceId: string): PlayerRejectionCode | undefined {
  const skill = skillOf(draft.state.competences, competenceId);
  if (skill === undefined) return "SKILL_NOT_KNOWN";
  const { definition, niveau: avant } = skill;
  if (avant >= definition.niveauMax) return "SKILL_MAXED";
  const { joueurId } = draft.state.joueur;
  const { coutPoints } = definition;
  emit(draft, {
    eventType: "CompetenceAmelioree",
    payload: { joueurId, competenceId, avant, apres: avant + 1, coutPoints, definition },
  });
  return spendPoints(draft, coutPoints, "COMPETENCE", competenceId);
}

const VITAL: Readonly<Record<Ressource, readonly [vital: keyof Vitaux, max: "hpMax" | "mpMax" | "staminaMax"]>> = {
  HP: ["hpActuel", "hpMax"],
  MP: ["mpActuel", "mpMax"],
  STAMINA: ["staminaActuel", "staminaMax"],
};

const VITALS = ["hpActuel", "mpActuel", "staminaActuel"] as const;

interface Use {
  readonly vitals: Vitaux;
  readonly effets: { type: "SOIN"; ressource: Ressource; soinBrut: number; avant: number; apres: number }[];
}

/** [SKILL-9]: what the user is left with, once it has paid. */
function healed(draft: Draft, { definition, niveau }: Apprise, paid: Vitaux): Use {
  const stats = totalStats(draft.state, draft.now);
  const vitals = { ...paid };
  const effets: Use["effets"] = [];
  for (const effet of definition.effets) {
    if (effet.type !== "SOIN") continue;
    const [vital, max] = VITAL[effet.ressource];
    const power = poweredBy(effet.puissance, niveau, definition.modificateursNiveau.puissance);
    const soinBrut = healPower(power, stats.magie, effet.ratioMagie);
    const avant = vitals[vital];
    const apres = Math.max(avant, Math.min(stats[max], avant + soinBrut));
    if (apres === avant) continue;
    vitals[vital] = apres;
    effets.push({ type: "SOIN", ressource: effet.ressource, soinBrut, avant, apres });
  }
  return { vitals, effets };
}

/** [SKILL-8] */
function isUsable({ definition }: Apprise): boolean {
  const { typeCompetence, cible, effets } = definition;
  return typeCompetence !== "PASSIVE" && cible !== "ENNEMI" && effets.some((one) => one.type === "SOIN");
}

/** [SKILL-8] to [SKILL-10]: outside of a combat, on oneself. */
export function useSkill(draft: Draft, competenceId: string): PlayerRejectionCode | undefined {
  const { joueur, competences } = draft.state;
  if (joueur.combatId !== null) return "IN_COMBAT";
  const skill = skillOf(competences, competenceId);
  if (skill === undefined) return "SKILL_NOT_KNOWN";
  if (!isOfClass(draft.state, skill.definition)) return "WRONG_CLASS";
  if (!isUsable(skill)) return "NOT_USABLE_HERE";
  if (skill.echeance !== null && draft.now < Date.parse(skill.echeance)) return "ON_COOLDOWN";
  const before = currentVitals(draft.state, draft.now);
  const { coutMana: mp, coutStamina: stamina, cooldownMs } = skill.definition;
  if (before.mpActuel < mp) return "NOT_ENOUGH_MANA";
  if (before.staminaActuel < stamina) return "NOT_ENOUGH_STAMINA";
  const paid = { ...before, mpActuel: before.mpActuel - mp, staminaActuel: before.staminaActuel - stamina };
  const { vitals, effets } = healed(draft, skill, paid);
  if (VITALS.every((vital) => vitals[vital] <= before[vital])) return "NO_EFFECT";
  const { joueurId } = joueur;
  emit(draft, {
    eventType: "CompetenceUtilisee",
    payload: { joueurId, competenceId, niveau: skill.niveau, cout: { mp, stamina }, effets },
  });
  setVitals(draft, vitals, "COMPETENCE", competenceId);
  if (cooldownMs === 0) return undefined;
  const echeance = isoTime(draft.now + cooldownMs);
  emit(draft, { eventType: "CooldownDemarre", payload: { joueurId, competenceId, echeance } });
  return undefined;
}
