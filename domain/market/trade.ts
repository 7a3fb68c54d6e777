import { derivedId } from "../random.ts";
import type { PlaceOrder } from "./commands.ts";
import type { MarketEvent } from "./events.ts";
import type { Step } from "./matching.ts";
import { taxOf } from "./values.ts";

interface Moment {
  /** Of the incoming order, after this trade. */
  readonly reste: number;
  readonly executeeA: string;
  /** The book's version before this trade: its id hangs on it. */
  readonly version: number;
}

/** [MATCH-2], [TAX-1]: the trade of an incoming order with a resting one, at the price of the one that waited. */
export function trade(
  incoming: PlaceOrder,
  { order, quantite }: Extract<Step, { kind: "trade" }>,
  { reste, executeeA, version }: Moment,
): MarketEvent {
  const { itemId } = incoming;
  const [sale, purchase] = incoming.typeOrdre === "VENTE" ? [incoming, order] : [order, incoming];
  const resteAttente = order.reste - quantite;
  const prixUnitaire = order.prixUnitaire;
  const montantTotal = quantite * prixUnitaire;
  const taxe = taxOf(montantTotal);
  return {
    eventType: "TransactionExecutee",
    payload: {
      transactionId: derivedId(itemId, version, 0),
      ordreVenteId: sale.ordreId,
      ordreAchatId: purchase.ordreId,
      vendeurId: sale.joueurId,
      pseudoVendeur: sale.pseudo,
      acheteurId: purchase.joueurId,
      pseudoAcheteur: purchase.pseudo,
      itemId,
      quantite,
      prixUnitaire,
      montantTotal,
      taxe,
      netVendeur: montantTotal - taxe,
      renduAcheteur: (purchase.prixUnitaire - prixUnitaire) * quantite,
      resteVente: incoming.typeOrdre === "VENTE" ? reste : resteAttente,
      resteAchat: incoming.typeOrdre === "ACHAT" ? reste : resteAttente,
      proprietes: sale.proprietes,
      executeeA,
    },
  };
}
