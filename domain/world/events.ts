import { z } from "zod";
import { type DeepReadonly, whole } from "../combat/values.ts";
import type { EventDefinitions } from "../decider.ts";
import { evenementDefinition, mondeDefinition } from "./definition.ts";
import { resultatEvenement, saison, typeEvenement } from "./values.ts";

const id = z.uuid();
const count = z.int().min(0);
const instant = z.iso.datetime();
const nom = z.string().max(100);
const pseudo = z.string().max(50);

/** Factors of the economy in percent; 100 changes nothing. */
export const facteurs = z.object({ recolte: whole(0, 1_000) });

export const calendrier = z.object({
  heure: whole(0, 23),
  jour: whole(1, 30),
  saison,
  annee: whole(1, 1_000_000_000),
});

const temps = calendrier.extend({ prochaineHeure: instant, facteurs });

const mondeCree = mondeDefinition.extend(temps.shape).extend({ creeA: instant });

/** The time as it is now, however many hours that is after the last event of this type. */
const tempsEcoule = temps.extend({ heuresEcoulees: whole(1, 1_000_000_000) });

const zoneDecouverte = z.object({
  zoneId: id,
  nom,
  joueurId: id,
  pseudo,
  /** Nobody had discovered it before. */
  premiere: z.boolean(),
  nombreDecouvreurs: count,
  decouverteA: instant,
});

const evenementMondialDeclenche = evenementDefinition.extend({ evenementId: id, debut: instant, expireA: instant });

const evenementProgresse = z.object({
  evenementId: id,
  type: typeEvenement,
  joueurId: id,
  /** What counted: never more than what was missing. */
  montant: count,
  avant: count,
  apres: count,
  objectif: count,
  /** All that this player has contributed. 0 for one who is not remembered ([WORLD-14]). */
  contribution: count,
  reference: z.string().max(100),
});

/** `participants`: the biggest contribution first. `autres`: what players contributed who are not remembered. */
const evenementTermine = z.object({
  evenementId: id,
  type: typeEvenement,
  nom,
  zoneId: id.optional(),
  resultat: resultatEvenement,
  raison: z.string().max(200).optional(),
  progres: count,
  objectif: count,
  participants: z.array(z.object({ joueurId: id, contribution: count })).max(10_000),
  autres: count,
  recompenses: evenementDefinition.shape.recompenses,
  termineA: instant,
});

const bossVaincu = z.object({
  bossId: id,
  nom,
  combatId: id,
  zoneId: id,
  vainqueurs: z.array(z.object({ joueurId: id, pseudo })).max(16),
  premiere: z.boolean(),
  nombreVictoires: count,
  vaincuA: instant,
  /** When it can be fought again. */
  retourA: instant,
});

const ressourceRecoltee = z.object({
  ressourceId: id,
  nom,
  zoneId: id,
  joueurId: id,
  itemId: id,
  quantite: count,
  avant: count,
  apres: count,
  capacite: count,
  prochaineRegeneration: instant,
});

const ressourceRegeneree = z.object({
  ressourceId: id,
  nom,
  zoneId: id,
  avant: count,
  apres: count,
  capacite: count,
  /** Null when it is full. */
  prochaineRegeneration: instant.nullable(),
});

const payloads = {
  /** Ours, beyond the contract's list: MondeCree, TempsEcoule, EvenementProgresse, EvenementTermine, RessourceRecoltee. */
  MondeCree: mondeCree,
  TempsEcoule: tempsEcoule,
  EvenementProgresse: evenementProgresse,
  EvenementTermine: evenementTermine,
  RessourceRecoltee: ressourceRecoltee,
  ZoneDecouverte: zoneDecouverte,
  EvenementMondialDeclenche: evenementMondialDeclenche,
  BossVaincu: bossVaincu,
  RessourceRegeneree: ressourceRegeneree,
} as const;

type Payloads = { readonly [Type in keyof typeof payloads]: DeepReadonly<z.infer<(typeof payloads)[Type]>> };
export type WorldEventType = keyof Payloads;
export type PayloadOf<Type extends WorldEventType> = Payloads[Type];
export type WorldEvent = {
  readonly [Type in WorldEventType]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[WorldEventType];

export const worldEvents: EventDefinitions = Object.fromEntries(
  Object.entries(payloads).map(([type, schema]) => [type, { schemaVersion: 1, schema }]),
);

export type Calendrier = z.infer<typeof calendrier>;
export type Facteurs = z.infer<typeof facteurs>;
