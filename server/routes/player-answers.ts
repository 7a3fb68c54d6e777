import { z } from "zod";
import { typeObjectif } from "../../domain/catalogue/definitions.ts";
import { at, count, id, json, page } from "./answers.ts";

const points = z.record(z.string(), z.int());

/** The forms of what is told of players. */
export const publicPlayer = z.strictObject({
  joueurId: id,
  pseudo: z.string(),
  classe: z.string(),
  niveau: count,
  titre: z.string().nullable(),
  guildeNom: z.string().nullable(),
});

export const inventory = page(
  z.strictObject({
    slotId: id,
    itemId: id,
    nom: z.string(),
    quantite: count,
    typeSlot: z.string(),
    position: count,
    estEquipe: z.boolean(),
    proprietes: json,
    obtenuA: at,
  }),
).extend({
  joueurId: id,
  inventaireId: id,
  capacite: count,
  poidsActuel: count,
  poidsMax: count,
  slotsUtilises: count,
  extensions: z.array(z.strictObject({ capacite: count, poidsMax: count, reference: z.string(), a: at })),
});

const piece = z.strictObject({ slotId: id, itemId: id, nom: z.string(), proprietes: json });
export const equipment = z.strictObject({
  joueurId: id,
  emplacements: z.record(z.string(), piece.nullable()),
  bonusSet: z.array(z.strictObject({ ensembleId: id, nom: z.string(), pieces: count, stats: points })),
  valeurAttaque: z.int(),
  valeurDefense: z.int(),
});

export const skills = page(
  z.strictObject({
    competenceId: id,
    nom: z.string(),
    niveau: count,
    echeance: at.nullable(),
    dernierUsage: at.nullable(),
    definition: json,
  }),
).extend({ joueurId: id });

export const questsPage = page(
  z.strictObject({
    queteJoueurId: id,
    queteId: id,
    nom: z.string(),
    etat: z.enum(["EN_COURS", "COMPLETE", "ECHOUEE", "ABANDONEE"]),
    objectifs: z.array(
      z.strictObject({
        objectifId: z.string(),
        type: typeObjectif,
        cible: z.string().nullable(),
        description: z.string(),
        progres: count,
        requis: count,
      }),
    ),
    pourcentage: z.int().min(0).max(100),
    accepteeA: at,
    completeeA: at.nullable(),
    expireA: at.nullable(),
  }),
).extend({ joueurId: id });

export const levels = page(z.strictObject({ niveau: count, experience: count, atteintA: at })).extend({ joueurId: id });

export const profile = publicPlayer.extend({
  username: z.string(),
  experience: count,
  experienceProchainNiveau: count,
  or: count,
  statsBase: points,
  statsEquipement: points,
  statsTotales: points,
  guildeId: z.string().nullable(),
  reputation: points.meta({ description: "by pnjId" }),
  statistiquesJeu: z.record(z.string(), z.number()),
  derniereConnexion: at.nullable(),
  creeA: at,
  sequence: count,
});
