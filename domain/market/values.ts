import { z } from "zod";
import { whole } from "../combat/values.ts";

/** The closed word lists of the market. They are stored and public, so they are French and never renamed. */
export const typeOrdre = z.enum(["VENTE", "ACHAT"]);
export const raisonAnnulation = z.enum(["ANNULE", "EXPIRE", "REFUSE"]);
/** Why the book itself gives an order back; codes, so they are English. */
export const motif = z.enum(["SELF_TRADE", "EXPIRED", "WRONG_ITEM", "BOOK_FULL", "TOO_MANY_ORDERS", "TOO_MANY_TRADES"]);

export type TypeOrdre = z.infer<typeof typeOrdre>;
export type RaisonAnnulation = z.infer<typeof raisonAnnulation>;
export type Motif = z.infer<typeof motif>;

/** Of one order, gold: every amount of a trade stays below what an `integer` column holds. */
export const MAX_AMOUNT = 2_000_000_000;
export const quantite = whole(1, 1_000_000);
export const prix = whole(1, 1_000_000_000);

/** Percent of a trade's amount, paid by the seller, rounded down. */
export const TAX_PERCENT = 5;
/** Orders that may rest in one book. */
export const BOOK_LIMIT = 10_000;
/** Orders of one player that may rest in one book. */
export const PLAYER_LIMIT = 100;
/** Trades and expiries that one decision may lead to: bounds what one command costs everyone behind it. */
export const STEP_LIMIT = 100;
/** Closed orders that a book still knows, so that it can say why they cannot be cancelled or placed again. */
export const CLOSED_KEPT = 1_000;
/** Newest trades that a book shows. */
export const TRADES_KEPT = 20;

export function opposite(type: TypeOrdre): TypeOrdre {
  return type === "VENTE" ? "ACHAT" : "VENTE";
}

export function taxOf(montantTotal: number): number {
  return Math.floor((montantTotal * TAX_PERCENT) / 100);
}
