import { z } from "zod";
import { evenementDefinition } from "../../domain/world/definition.ts";
import { facteurs } from "../../domain/world/events.ts";
import { saison, typeEvenement } from "../../domain/world/values.ts";
import { FACTS } from "../../projections/world-queries.ts";
import { at, count, id, json } from "./answers.ts";

/** The forms of what is told of the world. */
const nom = z.string();
const evenement = z.strictObject({
  evenementId: id,
  ...evenementDefinition.shape,
  debut: at,
  expireA: at,
  progres: count,
});

const boss = z.strictObject({
  bossId: id,
  nom,
  zoneId: id,
  dernierCombatId: id,
  vainqueurs: z.array(z.strictObject({ joueurId: id, pseudo: z.string() })),
  nombreVictoires: count,
  premiereVictoireA: at,
  vaincuA: at,
  retourA: at,
});

const zone = z.strictObject({
  zoneId: id,
  nom,
  nombreDecouvreurs: count,
  premier: z.strictObject({ joueurId: id, pseudo: z.string(), decouverteA: at }),
  derniereDecouverteA: at,
});

const ressource = z.strictObject({
  nom,
  zoneId: id,
  itemId: id.optional(),
  quantite: count,
  capacite: count,
  prochaineRegeneration: at.nullable(),
});

const classement = z.strictObject({
  evenementId: id,
  nom,
  termineA: at,
  participants: z.array(z.strictObject({ joueurId: id, contribution: count })),
});

export const world = z.strictObject({
  cycleJourNuit: z.int().min(0).max(23).meta({ description: "the hour of the day" }),
  saison,
  jourSaison: z.int().min(1),
  evenementsActifs: z.array(evenement),
  bossVaincus: z.array(boss),
  zonesDecouvertes: z.array(zone),
  ressourcesMondiales: z.record(z.string(), ressource).meta({ description: "by ressourceId" }),
  facteursEconomiques: facteurs.partial().strict(),
  classements: z
    .partialRecord(typeEvenement, classement)
    .meta({ description: "by type of event, who contributed most to the newest that ended" }),
  derniereMiseAJourCycle: at,
  sequence: count,
});

export const fact = z.strictObject({
  typeFait: z.enum(FACTS),
  referenceId: id,
  nom,
  zoneId: id.nullable(),
  survenuA: at,
  details: json,
  sequence: count,
});
