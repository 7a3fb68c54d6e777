import { z } from "zod";
import { queteDefinition } from "../catalogue/definitions.ts";
import { type DeepReadonly, whole } from "../combat/values.ts";
import type { QuestPhase } from "./quest-lifecycle.ts";

const id = z.uuid();
const count = z.int().min(0);
const instant = z.iso.datetime();
const objectifId = z.string().min(1).max(40);
const requis = whole(1, 1_000_000);

/** Which of the player's acceptances of the quest it is about: 1 the first time. */
const acceptation = z.int().min(1);
const quete = z.object({ joueurId: id, queteId: id, acceptation });

const queteAcceptee = quete.extend({ definition: queteDefinition, accepteeA: instant, expireA: instant.nullable() });

/** `reference` is what the progress came from: of a saga's command, or the type of the player's own event. */
const objectifProgresse = quete.extend({
  objectifId,
  avant: count,
  apres: count,
  requis,
  reference: z.string().max(100),
});

/** `restants`: how many of the quest's objectives are still open. */
const objectifComplete = quete.extend({ objectifId, requis, restants: count });

const queteTerminee = quete.extend({ nom: z.string(), termineeA: instant });
const queteEchouee = quete.extend({ nom: z.string(), raison: z.enum(["EXPIREE", "ECHEC"]) });
const queteAbandonnee = quete.extend({ nom: z.string() });

/** What was given; `reputations` are the changes that the quest names. */
const recompenseObtenue = quete.extend({
  experience: count,
  or: count,
  objets: z.array(z.object({ itemId: id, quantite: whole(1, 999) })),
  reputations: z.array(z.object({ pnjId: id, delta: whole(-1_000, 1_000) })),
});

export const quetePayloads = {
  /** Ours, beyond the contract's list: QueteAbandonnee. */
  QueteAbandonnee: queteAbandonnee,
  QueteAcceptee: queteAcceptee,
  ObjectifProgresse: objectifProgresse,
  ObjectifComplete: objectifComplete,
  QueteTerminee: queteTerminee,
  QueteEchouee: queteEchouee,
  RecompenseObtenue: recompenseObtenue,
} as const;

type Payloads = { readonly [Type in keyof typeof quetePayloads]: DeepReadonly<z.infer<(typeof quetePayloads)[Type]>> };
export type QueteEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];

const ouverte = z.object({
  definition: queteDefinition,
  acceptation,
  accepteeA: instant,
  expireA: instant.nullable(),
  /** Of each objective, in the definition's order. */
  progres: z.array(count),
});

/** What is kept of a quest once it is over. */
const passee = z.object({
  issue: z.enum(["TERMINEE", "ECHOUEE", "ABANDONNEE"]),
  /** How often it has been accepted. */
  acceptations: acceptation,
  /** When it was last finished; null: never. */
  termineeA: instant.nullable(),
});

export const quetesStateSchema = z.object({
  /** By queteId. */
  ouvertes: z.record(id, ouverte),
  /** By queteId; a quest that is open anew keeps what was before. */
  passees: z.record(id, passee),
});

export type QuetesState = DeepReadonly<z.infer<typeof quetesStateSchema>>;
export type Ouverte = QuetesState["ouvertes"][string];
type Issue = QuetesState["passees"][string]["issue"];

export const initialQuetes: QuetesState = { ouvertes: {}, passees: {} };

const PHASE_OF: Readonly<Record<Issue, QuestPhase>> = {
  TERMINEE: "finished",
  ECHOUEE: "failed",
  ABANDONNEE: "abandoned",
};

/** Objectives that still need something. */
export function openObjectives(quest: Ouverte): Ouverte["definition"]["objectifs"] {
  return quest.definition.objectifs.filter((one, n) => (quest.progres[n] ?? 0) < one.requis);
}

/** Where the player stands with a quest between two commands. */
export function questPhase(state: QuetesState, queteId: string): QuestPhase {
  const open = state.ouvertes[queteId];
  if (open !== undefined) return openObjectives(open).length === 0 ? "ready" : "open";
  const past = state.passees[queteId];
  return past === undefined ? "absent" : PHASE_OF[past.issue];
}

/** When the next open quest runs out, ms since the epoch; undefined when none has a limit. */
export function nextQuestDeadline(state: QuetesState): number | undefined {
  const limits = Object.values(state.ouvertes).flatMap((one) =>
    one.expireA === null ? [] : [Date.parse(one.expireA)],
  );
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function closed(state: QuetesState, payload: { queteId: string; acceptation: number }, issue: Issue, at?: string) {
  const { [payload.queteId]: _gone, ...ouvertes } = state.ouvertes;
  const termineeA = at ?? state.passees[payload.queteId]?.termineeA ?? null;
  const one = { issue, acceptations: payload.acceptation, termineeA };
  return { ouvertes, passees: { ...state.passees, [payload.queteId]: one } };
}

/** Folds one event. An event about a quest that is not open changes no progress: folding never fails. */
export function evolveQuetes(state: QuetesState, event: QueteEvent): QuetesState {
  switch (event.eventType) {
    case "QueteAcceptee": {
      const { queteId, definition, acceptation: nth, accepteeA, expireA } = event.payload;
      const one: Ouverte = {
        definition,
        acceptation: nth,
        accepteeA,
        expireA,
        progres: definition.objectifs.map(() => 0),
      };
      return { ...state, ouvertes: { ...state.ouvertes, [queteId]: one } };
    }
    case "ObjectifProgresse": {
      const { queteId, objectifId: objective, apres } = event.payload;
      const one = state.ouvertes[queteId];
      if (one === undefined) return state;
      const progres = one.definition.objectifs.map(({ objectifId: other, requis: most }, n) =>
        other === objective ? Math.min(apres, most) : (one.progres[n] ?? 0),
      );
      return { ...state, ouvertes: { ...state.ouvertes, [queteId]: { ...one, progres } } };
    }
    case "QueteTerminee":
      return closed(state, event.payload, "TERMINEE", event.payload.termineeA);
    case "QueteEchouee":
      return closed(state, event.payload, "ECHOUEE");
    case "QueteAbandonnee":
      return closed(state, event.payload, "ABANDONNEE");
    case "ObjectifComplete":
    case "RecompenseObtenue":
      return state;
  }
}
