import { type SchemaType, schema, t } from "@colyseus/schema";
import type { Boss, Evenement, Ressource, WorldState, Zone } from "../domain/world/state.ts";
import { projectEach } from "./project-each.ts";

/** The world's state as clients see it. A projection of the durable state, and of nothing else; who contributed what stays out. */
export const ZoneView = schema(
  {
    zoneId: t.string(),
    nom: t.string(),
    niveauMin: t.number(),
    niveauMax: t.number(),
    nombreDecouvreurs: t.number(),
    /** Who discovered it first; empty: nobody yet. */
    premierPseudo: t.string(),
  },
  "Zone",
);

export const RessourceView = schema(
  {
    ressourceId: t.string(),
    zoneId: t.string(),
    nom: t.string(),
    itemId: t.string(),
    quantite: t.number(),
    capacite: t.number(),
    prochaineRegeneration: t.string(),
  },
  "Ressource",
);

export const EvenementView = schema(
  {
    evenementId: t.string(),
    type: t.string(),
    nom: t.string(),
    description: t.string(),
    zoneId: t.string(),
    progres: t.number(),
    objectif: t.number(),
    contributeurs: t.number(),
    expireA: t.string(),
  },
  "Evenement",
);

export const BossView = schema(
  {
    bossId: t.string(),
    zoneId: t.string(),
    nom: t.string(),
    nombreVictoires: t.number(),
    vaincuA: t.string(),
    retourA: t.string(),
  },
  "Boss",
);

export const WorldView = schema(
  {
    version: t.number(),
    heure: t.number(),
    jour: t.number(),
    saison: t.string(),
    annee: t.number(),
    prochaineHeure: t.string(),
    /** Percent, see docs/world-rules.md. */
    facteurRecolte: t.number(),
    zones: t.map(ZoneView),
    ressources: t.map(RessourceView),
    evenements: t.map(EvenementView),
    boss: t.map(BossView),
  },
  "World",
);

export type WorldView = SchemaType<typeof WorldView>;
type ZoneView = SchemaType<typeof ZoneView>;
type RessourceView = SchemaType<typeof RessourceView>;
type EvenementView = SchemaType<typeof EvenementView>;
type BossView = SchemaType<typeof BossView>;

/** [WORLD-21]: writes what differs. States share what did not change, so that identity tells it at once. */
export function projectWorld(view: WorldView, state: WorldState, before: WorldState | undefined): void {
  view.version = state.version;
  view.heure = state.heure;
  view.jour = state.jour;
  view.saison = state.saison;
  view.annee = state.annee;
  view.prochaineHeure = state.prochaineHeure ?? "";
  view.facteurRecolte = state.facteurs.recolte;
  projectEach(view.zones, state.zones, before?.zones, () => new ZoneView(), showZone);
  projectEach(view.ressources, state.ressources, before?.ressources, () => new RessourceView(), showResource);
  projectEach(view.evenements, state.evenements, before?.evenements, () => new EvenementView(), showEvent);
  projectEach(view.boss, state.boss, before?.boss, () => new BossView(), showBoss);
}

function showZone(view: ZoneView, zone: Zone): void {
  view.zoneId = zone.zoneId;
  view.nom = zone.nom;
  view.niveauMin = zone.niveauMin;
  view.niveauMax = zone.niveauMax;
  view.nombreDecouvreurs = zone.nombreDecouvreurs;
  view.premierPseudo = zone.premier?.pseudo ?? "";
}

function showResource(view: RessourceView, one: Ressource): void {
  view.ressourceId = one.ressourceId;
  view.zoneId = one.zoneId;
  view.nom = one.nom;
  view.itemId = one.itemId;
  view.quantite = one.quantite;
  view.capacite = one.capacite;
  view.prochaineRegeneration = one.prochaineRegeneration ?? "";
}

function showEvent(view: EvenementView, one: Evenement): void {
  view.evenementId = one.evenementId;
  view.type = one.type;
  view.nom = one.nom;
  view.description = one.description;
  view.zoneId = one.zoneId ?? "";
  view.progres = one.progres;
  view.objectif = one.objectif;
  view.contributeurs = one.contributeurs;
  view.expireA = one.expireA;
}

function showBoss(view: BossView, one: Boss): void {
  view.bossId = one.bossId;
  view.zoneId = one.zoneId;
  view.nom = one.nom;
  view.nombreVictoires = one.nombreVictoires;
  view.vaincuA = one.vaincuA;
  view.retourA = one.retourA;
}
