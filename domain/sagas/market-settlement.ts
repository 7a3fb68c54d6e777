import type { StoredEvent } from "../envelope.ts";
import type { PayloadOf } from "../market/events.ts";
import type { PayloadOf as PlayerPayload } from "../player/state.ts";
import { payloadOf, type Saga, type Step } from "./saga.ts";

type Reserved = PlayerPayload<"OrdreReserve">;
type Traded = PayloadOf<"TransactionExecutee">;
type Cancelled = PayloadOf<"OrdreCancelled">;
type Goods = Reserved["reserve"]["objets"];

/**
 * [SAGA-5]: what was set aside goes into the book; if the book can never take it, back. Whoever asked for the order does the
 * same step at once, under the same id.
 */
export function placing(reserved: Reserved): Step {
  const { ordreId, joueurId, pseudo, typeOrdre, itemId, quantite, prixUnitaire, expireA, reserve } = reserved;
  const proprietes = reserve.objets[0]?.proprietes ?? {};
  return {
    name: "placer",
    key: ordreId,
    to: "Economy",
    id: itemId,
    command: {
      type: "PlacerOrdre",
      ...{ ordreId, joueurId, pseudo, typeOrdre, itemId, quantite, prixUnitaire, expireA, proprietes },
      echangeable: true,
    },
    otherwise: [
      {
        name: "rendre",
        key: ordreId,
        to: "Joueur",
        id: joueurId,
        command: { type: "ReglerOrdre", ordreId, reference: ordreId, ...reserve, clos: true, motif: "REFUSE" },
      },
    ],
  };
}

/** A book hands on what it was given; what the goods are, only the player's side knows, where they came from. */
function asGoods(objets: Cancelled["rendu"]["objets"]): Goods {
  return objets as Goods;
}

/** [SAGA-6]: gold to the seller, less the tax; goods to the buyer, and the gold that a better price has left. */
function settled(traded: Traded): Step[] {
  const { transactionId, itemId, quantite, proprietes } = traded;
  const common = { type: "ReglerOrdre", reference: transactionId, motif: "TRANSACTION" } as const;
  const goods = asGoods([{ itemId, quantite, proprietes }]);
  return [
    {
      name: "vente",
      to: "Joueur",
      id: traded.vendeurId,
      command: {
        ...common,
        ordreId: traded.ordreVenteId,
        or: traded.netVendeur,
        objets: [],
        clos: traded.resteVente === 0,
      },
    },
    {
      name: "achat",
      to: "Joueur",
      id: traded.acheteurId,
      command: {
        ...common,
        ordreId: traded.ordreAchatId,
        or: traded.renduAcheteur,
        objets: goods,
        clos: traded.resteAchat === 0,
      },
    },
  ];
}

/** [SAGA-7] */
function returned({ ordreId, joueurId, raison, rendu }: Cancelled, reference: string): Step {
  const objets = asGoods(rendu.objets);
  const command = { type: "ReglerOrdre", ordreId, reference, or: rendu.or, objets, clos: true, motif: raison } as const;
  return { name: "rendre", to: "Joueur", id: joueurId, command };
}

/** Between players' purses and the books: what one side has decided, the other one carries out. */
export const marketSettlement: Saga = {
  name: "market-settlement",
  eventTypes: ["OrdreReserve", "TransactionExecutee", "OrdreCancelled"],
  react(event: StoredEvent): readonly Step[] {
    switch (event.eventType) {
      case "OrdreReserve":
        return [placing(payloadOf(event))];
      case "TransactionExecutee":
        return settled(payloadOf(event));
      default:
        return [returned(payloadOf(event), event.eventId)];
    }
  },
};
