import { z } from "zod";
import {
  etatParticipant,
  resultatAction,
  typeAction,
  typeCombat,
  typeEffet,
  typeEntite,
} from "../../domain/combat/values.ts";
import { at, count, id, json } from "./answers.ts";

/** The forms of what is told of combats. */
export const summary = z.strictObject({
  combatId: id,
  etat: z.enum(["PREPARATION", "EN_COURS", "TERMINE", "ABANDONNE"]),
  typeCombat,
  zone: z.strictObject({ zoneId: id, nom: z.string().nullable() }),
  tourActuel: count,
  heureDebut: at,
  heureFin: at.nullable(),
});

const effect = z.strictObject({
  effetId: id,
  typeEffet,
  puissance: z.int(),
  dureeTours: count,
  stacks: count,
  estDebuff: z.boolean(),
  peutEtreDissipe: z.boolean(),
});

const participant = z.strictObject({
  participantId: id,
  entiteId: id,
  typeEntite,
  equipe: z.string(),
  nom: z.string(),
  niveau: count,
  initiative: z.int(),
  position: z.int(),
  etat: etatParticipant,
  hpActuel: count,
  hpMax: count,
  mpActuel: count,
  mpMax: count,
  staminaActuel: count,
  staminaMax: count,
  rejoint: z.boolean(),
  peutAgir: z.boolean(),
  effets: z.array(effect),
});

export const details = summary.extend({
  version: count,
  sequence: count,
  manche: count,
  participantActifId: id.nullable(),
  echeance: at.nullable(),
  dureeTourMs: count,
  ordreTour: z.array(id),
  conditionsVictoire: json,
  recompenses: json,
  fin: z
    .strictObject({
      resultat: z.string().nullable(),
      raison: z.string().nullable(),
      equipesVictorieuses: z.array(z.string()),
    })
    .nullable(),
  participants: z.array(participant),
});

export const line = z.strictObject({
  sequence: count,
  eventId: id,
  eventType: z.string(),
  numeroTour: count,
  typeEvenement: z.enum(["ACTION", "EFFET", "ETAT", "TIMEOUT"]),
  acteurId: id.nullable(),
  severite: z.enum(["INFO", "IMPORTANT", "CRITIQUE"]),
  timestamp: at,
  details: json,
});

export const act = z.strictObject({
  sequence: count,
  actionId: id,
  numeroTour: count,
  participantId: id,
  typeAction,
  competenceId: id.nullable(),
  itemId: id.nullable(),
  cibles: z.array(id),
  cout: json,
  jets: z.array(json),
  deplacement: z.strictObject({ de: count, vers: count }).optional(),
  automatique: z.literal(true).optional(),
  resultat: resultatAction,
  effetsAppliques: z.array(json),
  tempsExecutionMs: count.nullable(),
  timestamp: at,
});

export const figures = z.strictObject({
  joueurId: id,
  combats: count,
  victoires: count,
  defaites: count,
  nuls: count,
  degatsInfliges: count,
  degatsSubis: count,
  soinsProdigues: count,
  eliminations: count,
  morts: count,
});
