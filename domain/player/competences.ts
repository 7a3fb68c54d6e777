import { z } from "zod";
import { combatSkill, poweredBy } from "../catalogue/combat-skill.ts";
import { competenceDefinition } from "../catalogue/definitions.ts";
import type { Competence } from "../combat/participant.ts";
import { type DeepReadonly, ressource, whole } from "../combat/values.ts";
import { type Bonus, STATS, type Stat } from "../values.ts";

/** [SKILL-2]: as many as a combat takes (domain/combat/participant.ts). */
export const MAX_ACTIVE = 16;

const id = z.uuid();
const count = z.int().min(0);
const niveau = whole(1, 100);

/** The definition is the one that was learnt, also later on ([SKILL-3]). */
const competenceAprise = z.object({
  joueurId: id,
  competenceId: id,
  niveau,
  coutPoints: count,
  definition: competenceDefinition,
});

const competenceAmelioree = z.object({
  joueurId: id,
  competenceId: id,
  avant: niveau,
  apres: niveau,
  coutPoints: count,
  definition: competenceDefinition,
});

/** `combatId` is there when it was used in a combat; the effects are what a use outside of one did. */
const competenceUtilisee = z.object({
  joueurId: id,
  competenceId: id,
  combatId: id.optional(),
  niveau,
  cout: z.object({ mp: count, stamina: count }),
  effets: z.array(z.object({ type: z.literal("SOIN"), ressource, soinBrut: count, avant: count, apres: count })),
});

/** `echeance`: the instant from which the skill can be used again. */
const cooldownDemarre = z.object({ joueurId: id, competenceId: id, echeance: z.iso.datetime() });

export const competencePayloads = {
  CompetenceAprise: competenceAprise,
  CompetenceAmelioree: competenceAmelioree,
  CompetenceUtilisee: competenceUtilisee,
  CooldownDemarre: cooldownDemarre,
} as const;

type Payloads = {
  readonly [Type in keyof typeof competencePayloads]: DeepReadonly<z.infer<(typeof competencePayloads)[Type]>>;
};
export type CompetenceEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];

const apprise = z.object({
  competenceId: id,
  niveau,
  definition: competenceDefinition,
  /** The instant from which it can be used outside of a combat again; null: at once. */
  echeance: z.iso.datetime().nullable(),
});

export const competencesStateSchema = z.object({
  /** In the order in which they were learnt. */
  apprises: z.array(apprise),
});

export type CompetencesState = DeepReadonly<z.infer<typeof competencesStateSchema>>;
export type Apprise = CompetencesState["apprises"][number];

export const initialCompetences: CompetencesState = { apprises: [] };

export function skillOf(state: CompetencesState, competenceId: string): Apprise | undefined {
  return state.apprises.find((one) => one.competenceId === competenceId);
}

function changed(state: CompetencesState, competenceId: string, change: Partial<Apprise>): CompetencesState {
  return {
    ...state,
    apprises: state.apprises.map((one) => (one.competenceId === competenceId ? { ...one, ...change } : one)),
  };
}

export function evolveCompetences(state: CompetencesState, event: CompetenceEvent): CompetencesState {
  switch (event.eventType) {
    case "CompetenceAprise": {
      const { competenceId, niveau: learnt, definition } = event.payload;
      const one: Apprise = { competenceId, niveau: learnt, definition, echeance: null };
      const others = state.apprises.filter((other) => other.competenceId !== competenceId);
      return { ...state, apprises: [...others, one] };
    }
    case "CompetenceAmelioree":
      return changed(state, event.payload.competenceId, { niveau: event.payload.apres });
    case "CooldownDemarre":
      return changed(state, event.payload.competenceId, { echeance: event.payload.echeance });
    case "CompetenceUtilisee":
      return state;
  }
}

/** [SKILL-7]: what the passive skills add for good. A stat that none of them changes is missing. */
export function passiveBonus(state: CompetencesState): Bonus {
  const total: Partial<Record<Stat, number>> = {};
  for (const { definition, niveau: level } of state.apprises) {
    if (definition.typeCompetence !== "PASSIVE") continue;
    for (const effet of definition.effets) {
      if (effet.type !== "BONUS") continue;
      for (const stat of STATS) {
        const points = effet.stats[stat];
        if (points === undefined) continue;
        total[stat] = (total[stat] ?? 0) + poweredBy(points, level, definition.modificateursNiveau.puissance);
      }
    }
  }
  return total;
}

/** The skills that a combat takes over, in the order in which they were learnt: never more than it can ([SKILL-2]). */
export function combatSkills(state: CompetencesState): Competence[] {
  return state.apprises
    .filter((one) => one.definition.typeCompetence !== "PASSIVE")
    .slice(0, MAX_ACTIVE)
    .map((one) => combatSkill(one.competenceId, one.definition, one.niveau));
}
