import { close, entryOf, fill, leave, rest, restingOrder } from "./book.ts";
import type { MarketEvent, PayloadOf } from "./events.ts";
import type { MarketState } from "./state.ts";
import { TRADES_KEPT, type TypeOrdre } from "./values.ts";
import { traded } from "./window.ts";

function placed(state: MarketState, typeOrdre: TypeOrdre, payload: PayloadOf<"OrdreVenteCree">): MarketState {
  const { ordreId, joueurId, pseudo, itemId, quantite, prixUnitaire, expireA, misDeCote } = payload;
  if (entryOf(state, ordreId) !== undefined) return state;
  return rest(
    { ...state, itemId },
    {
      ordreId,
      joueurId,
      pseudo,
      typeOrdre,
      quantite,
      reste: quantite,
      prixUnitaire,
      rang: state.version + 1,
      expireA: expireA === null ? null : Date.parse(expireA),
      proprietes: misDeCote.objets[0]?.proprietes ?? {},
    },
  );
}

function filled(state: MarketState, ordreId: string, quantite: number): MarketState {
  const order = restingOrder(state, ordreId);
  return order === undefined ? state : fill(state, order, quantite);
}

function executed(state: MarketState, payload: PayloadOf<"TransactionExecutee">): MarketState {
  const { transactionId, ordreVenteId, ordreAchatId, quantite, prixUnitaire, executeeA } = payload;
  const kept = state.dernieres.length < TRADES_KEPT ? state.dernieres : state.dernieres.slice(1 - TRADES_KEPT);
  return {
    ...filled(filled(state, ordreVenteId, quantite), ordreAchatId, quantite),
    fenetre: traded(state.fenetre, payload, Date.parse(executeeA)),
    dernieres: [...kept, { transactionId, quantite, prixUnitaire, executeeA }],
  };
}

/** One that was refused was never in the book; all that is kept of it is that. */
function cancelled(state: MarketState, payload: PayloadOf<"OrdreCancelled">): MarketState {
  const { ordreId, typeOrdre, joueurId, raison } = payload;
  const order = restingOrder(state, ordreId);
  if (order !== undefined) return leave(state, order, raison);
  if (entryOf(state, ordreId) !== undefined) return state;
  return close(state, { ordreId, typeOrdre, prixUnitaire: 1, rang: 0, joueurId, statut: "REFUSE" }, raison);
}

function folded(state: MarketState, event: MarketEvent): MarketState {
  switch (event.eventType) {
    case "OrdreVenteCree":
      return placed(state, "VENTE", event.payload);
    case "OrdreAchatCree":
      return placed(state, "ACHAT", event.payload);
    case "TransactionExecutee":
      return executed(state, event.payload);
    case "OrdreCancelled":
      return cancelled(state, event.payload);
    case "PrixMisAJour": {
      const { itemId: _, a, ...figures } = event.payload;
      return { ...state, prix: { ...figures, a: Date.parse(a) } };
    }
  }
}

/** Folds one event. Total: any event of the schema on any state gives a state, one version on. */
export function evolve(state: MarketState, event: MarketEvent): MarketState {
  return { ...folded(state, event), version: state.version + 1 };
}
