import { z } from "zod";
import type { EventDefinition, EventDefinitions } from "../decider.ts";
import { reglages } from "./definition.ts";
import { participantInitial } from "./participant.ts";
import {
  type DeepReadonly,
  element,
  etatParticipant,
  ressource,
  resultatAction,
  typeAction,
  typeEffet,
  typeEntite,
  whole,
} from "./values.ts";

const id = z.uuid();
const count = z.int().min(0);
const instant = z.iso.datetime();

const combatPrepare = reglages.extend({
  combatId: id,
  echeance: instant,
  participants: z.array(participantInitial).min(2).max(16),
});

const combatRejoint = z.object({ participantId: id, entiteId: id });

const combatDemarre = reglages.extend({
  combatId: id,
  participants: z.array(participantInitial).min(2).max(16),
  ordreInitiative: z.array(id),
});

/** `ordreTour` is there when a new round changed the order; `passe` when the turn is over as it begins. */
const tourDebute = z.object({
  numeroTour: count,
  manche: count,
  participantId: id,
  echeance: instant,
  ordreTour: z.array(id).optional(),
  passe: z.literal("STUN").optional(),
});

/** The rolls against one target, 1…100 each; a roll at or below its chance succeeds. `variation` is in percent of the damage. */
const jet = z.object({
  cible: id,
  resultat: resultatAction,
  precision: count.optional(),
  esquive: count.optional(),
  blocage: count.optional(),
  critique: count.optional(),
  variation: count.optional(),
  fuite: count.optional(),
});

const objetConsomme = z.object({ itemId: id, quantite: count, quantiteApres: count });

/** What was paid, and what is left; `recharge` is the cooldown that begins. */
const cout = z.object({
  mp: count,
  mpApres: count,
  stamina: count,
  staminaApres: count,
  objet: objetConsomme.optional(),
  recharge: count.optional(),
});

const actionExecutee = z.object({
  actionId: id,
  numeroTour: count,
  participantId: id,
  typeAction,
  competenceId: id.optional(),
  itemId: id.optional(),
  cibles: z.array(id),
  cout,
  resultat: resultatAction,
  jets: z.array(jet),
  effetsAppliques: z.array(z.object({ cible: id, typeEffet })),
  /** Only for DEPLACEMENT. */
  deplacement: z.object({ de: count, vers: count }).optional(),
  /** The deadline passed and the game acted for the sleeper. */
  automatique: z.literal(true).optional(),
});

const sourceEffet = z.object({ type: z.enum(["COMPETENCE", "OBJET", "ENVIRONNEMENT"]), id, participantId: id });

/** Also sent when an effect is refreshed or stacked: same effetId, the values after. */
const effetStatutApplique = z.object({
  effetId: id,
  participantId: id,
  typeEffet,
  source: sourceEffet,
  puissance: count,
  dureeTours: whole(0, 10),
  stacks: whole(1, 10),
  /** The sum that the bearer feels, by what it changes (percent or points, see docs/combat-rules.md). */
  modificateurs: z.record(z.string(), z.int()),
  estDebuff: z.boolean(),
  peutEtreDissipe: z.boolean(),
});

const effetStatutExpire = z.object({
  effetId: id,
  participantId: id,
  typeEffet,
  raison: z.enum(["DUREE", "DISSIPE", "EPUISE", "HORS_COMBAT"]),
});

/** Who did it: `actionId` of the action, or `effetId` and `typeEffet` when an effect ticked. */
const source = z.object({
  participantId: id,
  actionId: id.optional(),
  effetId: id.optional(),
  typeEffet: typeEffet.optional(),
});

/** degatsBruts − reduction = degatsFinaux (a weakness makes reduction negative). `boucliers`: what shields took, and what is left of them. */
const degatsInfliges = z.object({
  source,
  cible: id,
  element,
  degatsBruts: count,
  reduction: z.int(),
  degatsFinaux: count,
  critique: z.boolean(),
  hpAvant: count,
  hpApres: count,
  etatApres: etatParticipant,
  boucliers: z.array(z.object({ effetId: id, absorbe: count, reste: count })).optional(),
});

const soinsRecus = z.object({
  source,
  cible: id,
  ressource,
  soinBrut: count,
  soinFinal: count,
  surplus: count,
  avant: count,
  apres: count,
});

const participantRetire = z.object({
  participantId: id,
  entiteId: id,
  raison: z.enum(["CONCESSION", "INACTIVITE"]),
  etatApres: etatParticipant,
});

/** What one participant did; `eliminations` are the entiteIds it brought down, `objetsUtilises` counts by itemId. */
export const bilan = z.object({
  degatsInfliges: count,
  degatsSubis: count,
  soinsProdigues: count,
  actions: count,
  eliminations: z.array(id),
  objetsUtilises: z.record(id, count),
});

const partie = z.object({ participantId: id, entiteId: id, typeEntite, equipe: z.string(), nom: z.string() });

export const resultatCombat = z.enum(["VICTOIRE", "NUL"]);
export const raisonFin = z.enum([
  "DERNIERE_EQUIPE",
  "BOSS_VAINCU",
  "SURVIE",
  "LIMITE_TOURS",
  "FUITE",
  "CONCESSION",
  "INACTIVITE",
]);

/** What goes back to a player who is followed ([END-9]). */
const retour = z.object({
  entiteId: id,
  equipe: z.string(),
  resultat: z.enum(["VICTOIRE", "DEFAITE", "NUL", "ABANDON"]),
  hpActuel: count,
  mpActuel: count,
  staminaActuel: count,
  objetsUtilises: z.record(id, count),
  /** The ids of the non-players that its team brought down, one entry each. */
  pnjVaincus: z.array(id),
  cote: count.optional(),
});
/** By participantId. */
const retours = z.record(id, retour);

const combatTermine = z.object({
  combatId: id,
  typeCombat: reglages.shape.typeCombat,
  zone: reglages.shape.zone,
  resultat: resultatCombat,
  raison: raisonFin,
  equipesVictorieuses: z.array(z.string()),
  vainqueurs: z.array(partie),
  vaincus: z.array(partie),
  bossVaincus: z.array(partie),
  tours: count,
  statistiques: z.record(id, bilan),
  recompenses: z.record(
    id,
    z.object({
      entiteId: id,
      experience: count,
      or: count,
      objets: z.array(z.object({ itemId: id, quantite: count })),
    }),
  ),
  retours,
});

const combatAbandonne = z.object({ combatId: id, raison: z.string().max(200), retours });

const payloads = {
  /** Ours, beyond the contract's list: CombatPrepare, CombatRejoint, ParticipantRetire, CombatAbandonne. */
  CombatPrepare: combatPrepare,
  CombatRejoint: combatRejoint,
  ParticipantRetire: participantRetire,
  CombatAbandonne: combatAbandonne,
  CombatDemarre: combatDemarre,
  TourDebute: tourDebute,
  ActionExecutee: actionExecutee,
  EffetStatutApplique: effetStatutApplique,
  EffetStatutExpire: effetStatutExpire,
  DegatsInfliges: degatsInfliges,
  SoinsRecus: soinsRecus,
  CombatTermine: combatTermine,
} as const;

type Payloads = { readonly [Type in keyof typeof payloads]: DeepReadonly<z.infer<(typeof payloads)[Type]>> };
export type CombatEventType = keyof Payloads;
export type PayloadOf<Type extends CombatEventType> = Payloads[Type];
export type CombatEvent = {
  readonly [Type in CombatEventType]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[CombatEventType];

type Upcaster = (payload: unknown) => unknown;

/** Version 2 follows players: in a combat of version 1 nobody is followed. Version 3 says who may watch: before, all might. */
const UPCASTERS: Readonly<Record<string, Readonly<Record<number, Upcaster>>>> = {
  CombatPrepare: { 1: unfollowed, 2: withObservation },
  CombatDemarre: { 1: unfollowed, 2: withObservation },
  CombatTermine: { 1: withReturns },
  CombatAbandonne: { 1: withReturns },
};

function unfollowed(payload: unknown): unknown {
  const { participants, ...rest } = payload as { readonly participants: readonly object[] };
  return { ...rest, participants: participants.map((one) => ({ ...one, suivi: false })) };
}

function withObservation(payload: unknown): unknown {
  return { ...(payload as object), observation: { prive: false, invites: [] } };
}

function withReturns(payload: unknown): unknown {
  return { ...(payload as object), retours: {} };
}

export const combatEvents: EventDefinitions = Object.fromEntries(
  Object.entries(payloads).map(([type, schema]): [string, EventDefinition] => {
    const upcasters = UPCASTERS[type];
    if (upcasters === undefined) return [type, { schemaVersion: 1, schema }];
    return [type, { schemaVersion: Object.keys(upcasters).length + 1, schema, upcasters }];
  }),
);

export type Retour = DeepReadonly<z.infer<typeof retour>>;

export type RaisonFin = z.infer<typeof raisonFin>;
export type ResultatCombat = z.infer<typeof resultatCombat>;
export type Jet = DeepReadonly<z.infer<typeof jet>>;
export type SourceEffet = DeepReadonly<z.infer<typeof sourceEffet>>;
export type SourceDegats = DeepReadonly<z.infer<typeof source>>;
