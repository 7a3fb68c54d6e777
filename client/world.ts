import type { WireWorldCommand } from "../domain/world/commands.ts";

/** The world that all players share (contract: "Rooms"). Times are ISO 8601; "" where there is none. */
export interface WorldSnapshot {
  readonly version: number;
  readonly heure: number;
  readonly jour: number;
  readonly saison: "PRINTEMPS" | "ETE" | "AUTOMNE" | "HIVER";
  readonly annee: number;
  readonly prochaineHeure: string;
  readonly facteurRecolte: number;
  readonly zones: Readonly<Record<string, WorldZone>>;
  readonly ressources: Readonly<Record<string, WorldResource>>;
  readonly evenements: Readonly<Record<string, WorldEvent>>;
  readonly boss: Readonly<Record<string, WorldBoss>>;
}

export interface WorldZone {
  readonly zoneId: string;
  readonly nom: string;
  readonly niveauMin: number;
  readonly niveauMax: number;
  readonly nombreDecouvreurs: number;
  readonly premierPseudo: string;
}

export interface WorldResource {
  readonly ressourceId: string;
  readonly zoneId: string;
  readonly nom: string;
  readonly itemId: string;
  readonly quantite: number;
  readonly capacite: number;
  readonly prochaineRegeneration: string;
}

export interface WorldEvent {
  readonly evenementId: string;
  readonly type: string;
  readonly nom: string;
  readonly description: string;
  readonly zoneId: string;
  readonly progres: number;
  readonly objectif: number;
  readonly contributeurs: number;
  readonly expireA: string;
}

export interface WorldBoss {
  readonly bossId: string;
  readonly zoneId: string;
  readonly nom: string;
  readonly nombreVictoires: number;
  readonly vaincuA: string;
  readonly retourA: string;
}

/** A line of a zone's chat, told under the message type `chat`. */
export interface ChatLine {
  readonly zoneId: string;
  readonly joueurId: string;
  readonly pseudo: string;
  readonly texte: string;
}

export type WorldCommandMessage = WireWorldCommand | { readonly type: "Parler"; readonly texte: string };
