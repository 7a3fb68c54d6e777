import { marketEvents } from "../domain/market/events.ts";
import { ERASURE, erase } from "./erasures.ts";
import { ITEM_EVENT_TYPES, projectItems } from "./items.ts";
import { projectOrders } from "./orders.ts";
import { projectPrices } from "./prices.ts";
import type { Projector } from "./projector.ts";

const NAMELESS = [
  "UPDATE ordres_economie SET pseudo_joueur = $2::text WHERE joueur_id = $1::uuid AND pseudo_joueur <> $2::text",
  ...["", "_archive"].flatMap((kept) =>
    ["vendeur", "acheteur"].map(
      (side) =>
        `UPDATE transactions_economie${kept} SET pseudo_${side} = $2::text WHERE ${side}_id = $1::uuid AND pseudo_${side} <> $2::text`,
    ),
  ),
];

/**
 * Items and the market. One projector, because orders, trades and prices refer to items by foreign keys: a book's first order comes
 * after its item in the log, so what is referred to is always there.
 */
export const economyProjector: Projector = {
  name: "economy",
  eventTypes: [...ITEM_EVENT_TYPES, ...Object.keys(marketEvents), ERASURE],
  tables: ["items", "ordres_economie", "transactions_economie", "prix_marche"],
  archives: ["transactions_economie_archive"],
  async apply(events, transaction) {
    await projectItems(events, transaction);
    const market = events.filter(({ eventType }) => Object.hasOwn(marketEvents, eventType));
    await projectOrders(market, transaction);
    await projectPrices(market, transaction);
    await erase(events, transaction, NAMELESS);
  },
};
