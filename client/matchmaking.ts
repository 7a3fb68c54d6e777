import type { z } from "zod";
import type { Mode } from "../domain/matchmaking/modes.ts";
import type { playerTicket } from "../domain/matchmaking/request.ts";

/** The player's ticket, open or the last (contract: "Rooms"). "" and 0 where there is none; times are ISO 8601. */
export interface MatchmakingSnapshot {
  readonly ticketId: string;
  readonly mode: Mode | "";
  /**
   * FORMATION: waits for friends; EN_ATTENTE: for a match; PROPOSE: one is found, and to be accepted until `echeance`; APPARIE: its
   * combat is about to begin; LANCE: it has, and `combatId` is there to be joined; ANNULE: over, for `raison`.
   */
  readonly etat: "" | "FORMATION" | "EN_ATTENTE" | "PROPOSE" | "APPARIE" | "LANCE" | "ANNULE";
  readonly raison: string;
  readonly cote: number;
  readonly region: string;
  readonly creeA: string;
  /** Players of the party, and how many of them have come. */
  readonly taille: number;
  readonly joueurs: number;
  readonly matchId: string;
  readonly equipe: string;
  readonly echeance: string;
  /** Whether this player has accepted. */
  readonly acceptee: boolean;
  readonly combatId: string;
}

/** The answer's `version` is the ticket's revision. */
export type MatchmakingCommandMessage =
  | ({ readonly type: "ChercherMatch" } & Omit<z.input<typeof playerTicket>, "mode">)
  | { readonly type: "AnnulerRecherche" }
  | { readonly type: "RepondreMatch"; readonly matchId: string; readonly accepte: boolean };
