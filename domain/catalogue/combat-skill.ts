import type { Competence, EffetDefini } from "../combat/participant.ts";
import type { Element } from "../combat/values.ts";
import type { CompetenceDefinition } from "./definitions.ts";

/** [SKILL-5]: the elements of the catalogue as a combat knows them. */
const ELEMENTS: Readonly<Record<CompetenceDefinition["element"], Element>> = {
  FEU: "FEU",
  EAU: "GLACE",
  TERRE: "POISON",
  AIR: "FOUDRE",
  LUMIERE: "LUMIERE",
  OMBRE: "OMBRE",
  NEUTRE: "PHYSIQUE",
};

/** The bounds of a combat's own numbers (domain/combat/participant.ts): what a level makes larger than that is cut off. */
const MAX_POWER = 100_000;
const MAX_STATUS_POWER = 10_000;
const MAX_RATIO = 1_000;
const MAX_STATUS = 4;
const MAX_DISPEL = 10;

type Of<Type extends CompetenceDefinition["effets"][number]["type"]> = Extract<
  CompetenceDefinition["effets"][number],
  { type: Type }
>;

function effectsOf<Type extends Of<"DEGATS" | "SOIN" | "STATUT" | "DISSIPE" | "BONUS">["type"]>(
  definition: CompetenceDefinition,
  type: Type,
): Of<Type>[] {
  return definition.effets.filter((one): one is Of<Type> => one.type === type);
}

function sum(values: readonly number[], max: number): number {
  return Math.min(
    max,
    values.reduce((total, one) => total + one, 0),
  );
}

/** [SKILL-4]: a power at a level, rounded down; each level after the first adds `pourcent` percent of the first's. */
export function poweredBy(puissance: number, niveau: number, pourcent: number): number {
  return Math.floor((puissance * (100 + pourcent * (niveau - 1))) / 100);
}

/** [SKILL-6]: several DEGATS are one blow with the sum of their powers and ratios. */
function damageOf(definition: CompetenceDefinition, power: (puissance: number) => number): Competence["degats"] {
  const blows = effectsOf(definition, "DEGATS");
  if (blows.length === 0) return undefined;
  return {
    element: ELEMENTS[definition.element],
    puissance: sum(
      blows.map((one) => power(one.puissance)),
      MAX_POWER,
    ),
    ratioAttaque: sum(
      blows.map((one) => one.ratioAttaque),
      MAX_RATIO,
    ),
    ratioMagie: sum(
      blows.map((one) => one.ratioMagie),
      MAX_RATIO,
    ),
  };
}

/** [SKILL-6]: a use in a combat heals one resource, the first that the definition names. */
function healOf(definition: CompetenceDefinition, power: (puissance: number) => number): Competence["soin"] {
  const all = effectsOf(definition, "SOIN");
  const ressource = all[0]?.ressource;
  if (ressource === undefined) return undefined;
  const heals = all.filter((one) => one.ressource === ressource);
  return {
    ressource,
    puissance: sum(
      heals.map((one) => power(one.puissance)),
      MAX_POWER,
    ),
    ratioMagie: sum(
      heals.map((one) => one.ratioMagie),
      MAX_RATIO,
    ),
  };
}

function statusOf(definition: CompetenceDefinition, power: (puissance: number) => number): EffetDefini[] {
  return effectsOf(definition, "STATUT")
    .slice(0, MAX_STATUS)
    .map(({ type: _type, ...effet }) => ({ ...effet, puissance: Math.min(MAX_STATUS_POWER, power(effet.puissance)) }));
}

/** The skill of the catalogue at a level as a combat takes it over, whoever has it. `niveau` is 1…100. */
export function combatSkill(competenceId: string, definition: CompetenceDefinition, niveau: number): Competence {
  const power = (puissance: number) => poweredBy(puissance, niveau, definition.modificateursNiveau.puissance);
  const degats = damageOf(definition, power);
  const soin = healOf(definition, power);
  return {
    competenceId,
    nom: definition.nom,
    cible: definition.cible,
    portee: definition.portee,
    rayon: definition.rayon,
    precision: definition.precision,
    ...(degats === undefined ? {} : { degats }),
    ...(soin === undefined ? {} : { soin }),
    effets: statusOf(definition, power),
    dissipe: sum(
      effectsOf(definition, "DISSIPE").map((one) => one.nombre),
      MAX_DISPEL,
    ),
    coutMp: definition.coutMana,
    coutStamina: definition.coutStamina,
    recharge: definition.cooldownTours,
  };
}
