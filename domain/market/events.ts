import { z } from "zod";
import { type DeepReadonly, whole } from "../combat/values.ts";
import type { EventDefinitions } from "../decider.ts";
import { MAX_AMOUNT, motif, prix, quantite, raisonAnnulation, typeOrdre } from "./values.ts";

const id = z.uuid();
const pseudo = z.string().min(1).max(50);
const instant = z.iso.datetime();
const montant = whole(0, MAX_AMOUNT);
/** JSON already: the command's schema has looked into it, and doing so again for every trade costs more than the trade. */
const proprietes = z.record(z.string(), z.unknown());
/** What an order holds, or gives back: gold for ACHAT, goods for VENTE. */
const avoir = z.object({ or: montant, objets: z.array(z.object({ itemId: id, quantite, proprietes })).max(1) });

const ordreCree = z.object({
  ordreId: id,
  joueurId: id,
  pseudo,
  itemId: id,
  quantite,
  prixUnitaire: prix,
  expireA: instant.nullable(),
  misDeCote: avoir,
  creeA: instant,
});

/** `resteVente`, `resteAchat`: what is left of either order; 0: it is complete. */
const transactionExecutee = z.object({
  transactionId: id,
  ordreVenteId: id,
  ordreAchatId: id,
  vendeurId: id,
  pseudoVendeur: pseudo,
  acheteurId: id,
  pseudoAcheteur: pseudo,
  itemId: id,
  quantite,
  prixUnitaire: prix,
  montantTotal: montant,
  taxe: montant,
  /** montantTotal − taxe. */
  netVendeur: montant,
  /** What the buyer had set aside for these pieces beyond montantTotal. */
  renduAcheteur: montant,
  resteVente: whole(0, 1_000_000),
  resteAchat: whole(0, 1_000_000),
  /** Of the goods. */
  proprietes,
  executeeA: instant,
});

/** REFUSE: it was never in the book. `motif` is there when the book itself gives the order back. */
const ordreCancelled = z.object({
  ordreId: id,
  joueurId: id,
  typeOrdre,
  itemId: id,
  raison: raisonAnnulation,
  motif: motif.optional(),
  rendu: avoir,
});

/** What an `integer` column holds: a sum over many trades stops there. */
const somme = whole(0, 2_147_483_647);

/** Prices are null when nothing was traded in the window ([PRICE-1]); `prixMoyen24h` is by quantity, rounded down. */
export const figures = z.object({
  prixMoyen24h: prix.nullable(),
  prixMin24h: prix.nullable(),
  prixMax24h: prix.nullable(),
  volume24h: somme,
  nombreTransactions24h: somme,
  dernierPrix: prix,
});

const payloads = {
  OrdreVenteCree: ordreCree,
  OrdreAchatCree: ordreCree,
  TransactionExecutee: transactionExecutee,
  OrdreCancelled: ordreCancelled,
  PrixMisAJour: figures.extend({ itemId: id, a: instant }),
} as const;

type Payloads = { readonly [Type in keyof typeof payloads]: DeepReadonly<z.infer<(typeof payloads)[Type]>> };
export type MarketEventType = keyof Payloads;
export type PayloadOf<Type extends MarketEventType> = Payloads[Type];
export type MarketEvent = {
  readonly [Type in MarketEventType]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[MarketEventType];

export const marketEvents: EventDefinitions = Object.fromEntries(
  Object.entries(payloads).map(([type, schema]) => [type, { schemaVersion: 1, schema }]),
);

export type Avoir = DeepReadonly<z.infer<typeof avoir>>;
export type Figures = DeepReadonly<z.infer<typeof figures>>;
