import type { WireCombatCommand } from "../domain/combat/commands.ts";

/** A combat as its participants see it (contract: "Rooms"). Times are ISO 8601; "" where there is none. */
export interface CombatSnapshot {
  readonly version: number;
  readonly combatId: string;
  readonly etat: "PREPARATION" | "EN_COURS" | "TERMINE" | "ABANDONNE";
  readonly typeCombat: "PVE" | "PVP" | "BOSS" | "ARENE";
  readonly tourActuel: number;
  readonly participantActifId: string;
  readonly echeance: string;
  readonly ordreTour: readonly string[];
  readonly participants: Readonly<Record<string, CombatParticipant>>;
  /** Newest last, at most 20. */
  readonly journal: readonly CombatLine[];
}

export interface CombatParticipant {
  readonly participantId: string;
  /** The player's id, or the NPC's. */
  readonly entiteId: string;
  readonly nom: string;
  readonly typeEntite: "JOUEUR" | "PNJ" | "BOSS";
  readonly equipe: string;
  readonly niveau: number;
  readonly position: number;
  readonly etat: "ACTIF" | "KO" | "FUITE" | "MORT";
  readonly hpActuel: number;
  readonly hpMax: number;
  readonly mpActuel: number;
  readonly mpMax: number;
  readonly staminaActuel: number;
  readonly staminaMax: number;
  readonly effets?: Readonly<Record<string, CombatEffect>>;
}

export interface CombatEffect {
  readonly effetId: string;
  readonly typeEffet: string;
  readonly puissance: number;
  readonly dureeTours: number;
  readonly stacks: number;
  readonly estDebuff: boolean;
}

export interface CombatLine {
  readonly version: number;
  readonly numeroTour: number;
  readonly typeEvenement: "ACTION" | "EFFET" | "ETAT" | "TIMEOUT";
  readonly code: string;
  readonly acteurId: string;
  readonly cibleId: string;
  readonly valeur: number;
}

export type CombatCommandMessage = WireCombatCommand;
