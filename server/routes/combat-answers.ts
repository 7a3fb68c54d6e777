import { z } from "zod";
import { at, count, id, json } from "./answers.ts";

/** The forms of what is told of combats. */
export const summary = z.strictObject({
  combatId: id,
  etat: z.enum(["PREPARATION", "EN_COURS", "TERMINE", "ABANDONNE"]),
  typeCombat: z.enum(["PVE", "PVP", "BOSS", "ARENE"]),
  zone: z.strictObject({ zoneId: id, nom: z.string().nullable() }),
  tourActuel: count,
  heureDebut: at,
  heureFin: at.nullable(),
});

const participant = z.strictObject({
  participantId: id,
  entiteId: id,
  typeEntite: z.enum(["JOUEUR", "PNJ", "BOSS"]),
  equipe: z.string(),
  nom: z.string(),
  niveau: count,
  initiative: z.int(),
  position: z.int(),
  etat: z.enum(["ACTIF", "KO", "FUITE", "MORT"]),
  hpActuel: count,
  hpMax: count,
  mpActuel: count,
  mpMax: count,
  staminaActuel: count,
  staminaMax: count,
  rejoint: z.boolean(),
  peutAgir: z.boolean(),
  effets: z.array(json),
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
  severite: z.string(),
  timestamp: at,
  details: json,
});

/** Beside these, what it cost and the rolls. */
export const act = z.looseObject({
  sequence: count,
  actionId: id,
  numeroTour: count,
  participantId: id,
  typeAction: z.enum(["ATTAQUE", "COMPETENCE", "OBJET", "DEPLACEMENT", "DEFENSE", "FUITE"]),
  competenceId: id.nullable(),
  itemId: id.nullable(),
  cibles: z.array(z.unknown()),
  resultat: z.enum(["SUCCES", "ECHEC", "ESQUIVE", "CRITIQUE", "BLOQUE"]),
  effetsAppliques: z.array(z.unknown()),
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
