import { typeCombat } from "../combat/values.ts";
import type {
  CompetenceDefinition,
  ItemDefinition,
  PnjDefinition,
  QueteDefinition,
  TypeObjectif,
} from "./definitions.ts";

/** [CATALOG-5]: what no single field can tell of a definition. One message per broken rule. */

type Check = readonly [broken: boolean, message: string];

function broken(...checks: readonly Check[]): string[] {
  return checks.filter(([is]) => is).map(([, message]) => message);
}

function repeats(values: readonly (string | number)[]): boolean {
  return new Set(values).size < values.length;
}

export function itemProblems(item: ItemDefinition, id: string): string[] {
  const worn = item.emplacements.length > 0;
  const recipe = item.recetteCraft?.map((one) => one.itemId) ?? [];
  return broken(
    [item.empilable && item.stackMax < 2, "what can be stacked needs a stackMax of 2 or more"],
    [!item.empilable && item.stackMax > 1, "a stackMax above 1 is for what can be stacked"],
    [item.empilable && worn, "what is worn cannot be stacked"],
    [!worn && (item.typeItem === "ARME" || item.typeItem === "ARMURE"), "a weapon or an armour needs an emplacement"],
    [!worn && Object.keys(item.stats).length > 0, "stats are for what can be worn"],
    [!worn && item.durabiliteMax > 0, "durability is for what can be worn"],
    [!worn && item.ensemble !== undefined, "a set is for what can be worn"],
    [repeats(item.emplacements), "an emplacement is there twice"],
    [repeats(item.classes), "a class is there twice"],
    [repeats(item.ensemble?.paliers.map((one) => one.pieces) ?? []), "a tier of the set is there twice"],
    [repeats(recipe), "an item is in the recipe twice"],
    [recipe.includes(id), "an item cannot be made of itself"],
  );
}

export function competenceProblems(skill: CompetenceDefinition, id: string): string[] {
  const of = (type: CompetenceDefinition["effets"][number]["type"]) =>
    skill.effets.filter((one) => one.type === type).length;
  const passive = skill.typeCompetence === "PASSIVE";
  const costs = skill.coutMana + skill.coutStamina + skill.cooldownTours + skill.cooldownMs;
  const needed = skill.preRequis.competences.map((one) => one.competenceId);
  return broken(
    [skill.effets.length === 0, "a skill needs an effect"],
    [passive && of("BONUS") < skill.effets.length, "a passive skill has no effect but BONUS"],
    [passive && costs > 0, "a passive skill costs nothing and has no cooldown"],
    [!passive && of("BONUS") > 0, "BONUS is for passive skills"],
    [of("STATUT") > 4, "four STATUT at the most"],
    [skill.rayon > 0 && skill.cible !== "ZONE", "a radius is for ZONE"],
    [repeats(skill.classes), "a class is there twice"],
    [repeats(needed), "a skill is needed twice"],
    [needed.includes(id), "a skill cannot need itself"],
  );
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

function targetFits(type: TypeObjectif, cible: string | undefined): boolean {
  if (cible === undefined) return true;
  switch (type) {
    case "NIVEAU":
      return false;
    case "GAGNER_COMBAT":
      return typeCombat.safeParse(cible).success;
    case "EVENEMENT":
      return /^[A-Z_]+$/.test(cible);
    case "TUER":
    case "VAINCRE_BOSS":
    case "COLLECTER":
    case "UTILISER":
    case "EQUIPER":
    case "PARLER":
    case "APPRENDRE":
    case "EXPLORER":
    case "COMMERCER":
      return UUID.test(cible);
  }
}

export function queteProblems(quest: QueteDefinition, id: string): string[] {
  const daily = quest.typeQuete === "QUOTIDIENNE";
  return broken(
    [repeats(quest.objectifs.map((one) => one.objectifId)), "an objectifId is there twice"],
    ...quest.objectifs.map(
      ({ objectifId, type, cible }): Check => [!targetFits(type, cible), `${objectifId}: not a cible of ${type}`],
    ),
    [quest.repete !== (quest.frequenceRepetition !== undefined), "repete and frequenceRepetition go together"],
    [daily && quest.frequenceRepetition !== "QUOTIDIEN", "a QUOTIDIENNE repeats QUOTIDIEN"],
    [(quest.niveauRecommande ?? quest.niveauRequis) < quest.niveauRequis, "recommended below what is required"],
    [repeats(quest.classes), "a class is there twice"],
    [repeats(quest.preRequis.quetes), "a quest is needed twice"],
    [quest.preRequis.quetes.includes(id), "a quest cannot need itself"],
    [repeats(quest.preRequis.reputations.map((one) => one.pnjId)), "a reputation is needed twice"],
    [repeats(quest.recompenses.objets.map((one) => one.itemId)), "an item is given twice"],
    [repeats(quest.recompenses.reputations.map((one) => one.pnjId)), "a reputation is changed twice"],
  );
}

export function pnjProblems(pnj: PnjDefinition): string[] {
  const skills = pnj.combat?.competences.map((one) => one.competenceId) ?? [];
  const phases = pnj.combat?.phases ?? [];
  const loot = pnj.butin.experience + pnj.butin.or + pnj.butin.objets.length;
  return broken(
    [pnj.typeEntite === "BOSS" && pnj.combat === undefined, "a boss fights"],
    [pnj.combat === undefined && loot > 0, "loot is for who fights"],
    [repeats(skills), "a skill is there twice"],
    [repeats(phases.map((one) => one.seuilHp)), "two phases begin at the same seuilHp"],
    [phases.some((one) => one.competences.some((skill) => !skills.includes(skill))), "a phase uses a skill it has not"],
    [repeats(pnj.butin.objets.map((one) => one.itemId)), "an item is dropped twice"],
    [repeats(pnj.commerce?.articles.map((one) => one.itemId) ?? []), "an item is sold twice"],
    [repeats(pnj.dialogues.map((one) => one.dialogueId)), "a dialogueId is there twice"],
    [pnj.dialogues.some((one) => repeats(one.choix.map((choice) => choice.choixId))), "a choixId is there twice"],
  );
}
