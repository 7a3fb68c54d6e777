import { z } from "zod";
import { participantDefinition } from "./participant.ts";
import { type DeepReadonly, typeCombat, whole } from "./values.ts";

/** Last team standing always counts; these come on top. Turns are counted over all participants (`numeroTour`). */
const conditionsVictoire = z.object({
  /** Ends with a win for the others once every BOSS is dead. */
  bossVaincu: z.boolean().default(false),
  /** That team wins if one of it still stands when turn `tours` is over. */
  survie: z.object({ equipe: z.string().min(1).max(40), tours: whole(1, 10_000) }).optional(),
  /** A draw when this turn is over. */
  limiteTours: whole(1, 100_000).default(400),
});

/** Experience goes in full to each winning player, gold is shared among them, each drop is rolled for each of them. */
const recompensesPromises = z.object({
  experience: whole(0, 10_000_000).default(0),
  or: whole(0, 1_000_000_000).default(0),
  objets: z
    .array(z.object({ itemId: z.uuid(), quantite: whole(1, 999).default(1), chance: whole(1, 100).default(100) }))
    .max(20)
    .default([]),
});

const zone = z.object({ zoneId: z.uuid(), nom: z.string().max(100).optional() });

/** Who may watch from the outside, and how late. A private combat is for those who take part, those invited, and operators. */
const observation = z.object({
  prive: z.boolean().default(false),
  /** User ids. */
  invites: z.array(z.uuid().toLowerCase()).max(100).default([]),
  /** ms; left out, the server's own setting holds. */
  retardMs: whole(0, 600_000).optional(),
});

/** What a whole combat consists of; shared by the definition and by the events that repeat it. */
export const reglages = z.object({
  typeCombat,
  zone,
  /** Seed of every roll. Whoever knows it can foretell them: never send it to players. */
  graine: z.string().min(1).max(64),
  /** Number of positions of the line: 0 … terrain − 1. */
  terrain: whole(2, 100).default(20),
  dureeTourMs: whole(100, 3_600_000).default(30_000),
  delaiPnjMs: whole(0, 60_000).default(300),
  fuitePossible: z.boolean().default(true),
  conditionsVictoire: conditionsVictoire.default({ bossVaincu: false, limiteTours: 400 }),
  recompenses: recompensesPromises.default({ experience: 0, or: 0, objets: [] }),
  observation: observation.default({ prive: false, invites: [] }),
});

type Checked = {
  terrain: number;
  conditionsVictoire: z.infer<typeof conditionsVictoire>;
  participants: z.infer<typeof participantDefinition>[];
};

function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/** What no single field can tell. One message per broken rule. */
function problems(combat: Checked): string[] {
  const { participants, terrain } = combat;
  const teams = new Set(participants.map((one) => one.equipe));
  const players = participants.filter((one) => one.typeEntite === "JOUEUR").map((one) => one.entiteId);
  const ids = participants.flatMap((one) => (one.participantId === undefined ? [] : [one.participantId]));
  const { survie, bossVaincu } = combat.conditionsVictoire;
  const found: string[] = [];
  if (teams.size < 2) found.push("at least two teams are needed");
  if (!distinct(players)) found.push("a player can take part only once");
  if (!distinct(ids)) found.push("participantId must be unique");
  if (participants.some((one) => one.position >= terrain)) found.push("a position lies outside the line");
  if (survie !== undefined && !teams.has(survie.equipe)) found.push("the surviving team does not exist");
  if (bossVaincu && !participants.some((one) => one.typeEntite === "BOSS")) found.push("there is no boss to defeat");
  for (const one of participants) {
    if ((one.hpActuel ?? 0) > one.hpMax || (one.mpActuel ?? 0) > one.mpMax || (one.staminaActuel ?? 0) > one.staminaMax)
      found.push(`${one.nom}: a current value exceeds its maximum`);
    if (!distinct(one.competences.map((skill) => skill.competenceId))) found.push(`${one.nom}: a skill is there twice`);
    if (!distinct(one.objets.map((item) => item.itemId))) found.push(`${one.nom}: an item is there twice`);
  }
  return found;
}

export const definitionShape = reglages.extend({
  /** How long players may take to arrive; 0 starts at once. */
  preparationMs: whole(0, 600_000).default(0),
  participants: z.array(participantDefinition).min(2).max(16),
});

/** What PreparerCombat is given: everything but the combat's id. */
export const combatDefinition = definitionShape.superRefine((combat, context) => {
  for (const message of problems(combat)) context.addIssue({ code: "custom", message });
});

export type CombatDefinition = DeepReadonly<z.infer<typeof combatDefinition>>;
export type CombatDefinitionInput = z.input<typeof combatDefinition>;
