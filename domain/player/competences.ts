import { z } from "zod";
import { competenceDefinition } from "../catalogue/definitions.ts";
import { type DeepReadonly, ressource, whole } from "../combat/values.ts";

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
