import type { z } from "zod";
import type { wirePlayerCommand } from "../domain/player/commands.ts";
import type { WireExchangeCommand } from "../domain/player/exchange-commands.ts";

/** A player as it sees itself (contract: "Rooms"). Times are ISO 8601; "" where there is nothing. */
export interface PlayerSnapshot {
  readonly version: number;
  /** "" until the player has been created, by `CreerJoueur`. */
  readonly joueurId: string;
  readonly username: string;
  readonly pseudo: string;
  readonly classe: string;
  readonly niveau: number;
  readonly experience: number;
  readonly experienceProchainNiveau: number;
  readonly pointsStats: number;
  readonly pointsCompetence: number;
  readonly or: number;
  readonly cote: number;
  readonly guildeNom: string;
  /** The combat that the player is in. */
  readonly combatId: string;
  /** As they were at `vitauxA`; they rest from then on. */
  readonly hpActuel: number;
  readonly mpActuel: number;
  readonly staminaActuel: number;
  readonly vitauxA: string;
  readonly stats: Readonly<Record<string, number>>;
  readonly capacite: number;
  readonly poidsMax: number;
  readonly poidsActuel: number;
  readonly slots: Readonly<Record<string, PlayerSlot>>;
  readonly competences: Readonly<Record<string, PlayerSkill>>;
  readonly quetes: Readonly<Record<string, PlayerQuest>>;
  readonly relations: Readonly<Record<string, { readonly pnjId: string; readonly reputation: number }>>;
  readonly ordres: Readonly<Record<string, PlayerOrder>>;
  /** The exchange under way, and with whom. A confirmation names its revision: that is what it confirms. */
  readonly echangeId: string;
  readonly echangeAvec: string;
  readonly echangePseudo: string;
  readonly echangeRevision: number;
  readonly echangeExpireA: string;
  readonly offreMienne: PlayerOffer;
  readonly offreSienne: PlayerOffer;
}

/** `objets`: slotId, itemId, quantite and proprietes of each, as JSON. */
export interface PlayerOffer {
  readonly or: number;
  readonly confirmee: boolean;
  readonly objets: string;
}

export interface PlayerSlot {
  readonly slotId: string;
  readonly itemId: string;
  readonly nom: string;
  readonly typeItem: string;
  readonly rarete: string;
  readonly quantite: number;
  readonly position: number;
  /** Where it is worn. */
  readonly emplacement: string;
  /** All that the piece is, as JSON. */
  readonly proprietes: string;
}

export interface PlayerSkill {
  readonly competenceId: string;
  readonly nom: string;
  readonly niveau: number;
  readonly echeance: string;
}

/** `progres` and `requis` by objective, in the quest's order. */
export interface PlayerQuest {
  readonly queteId: string;
  readonly nom: string;
  readonly expireA: string;
  readonly progres: readonly number[];
  readonly requis: readonly number[];
}

export interface PlayerOrder {
  readonly ordreId: string;
  readonly typeOrdre: "VENTE" | "ACHAT";
  readonly itemId: string;
  readonly quantite: number;
  readonly prixUnitaire: number;
  readonly expireA: string;
}

export type PlayerCommandMessage = z.infer<typeof wirePlayerCommand> | WireExchangeCommand;
