import { marketEvents } from "../domain/market/events.ts";
import { ITEM_EVENT_TYPES, projectItems } from "./items.ts";
import { projectOrders } from "./orders.ts";
import { projectPrices } from "./prices.ts";
import type { Projector } from "./projector.ts";

/**
 * Items and the market. One projector, because orders, trades and prices refer to items by foreign keys: a book's first order comes
 * after its item in the log, so what is referred to is always there.
 */
export const economyProjector: Projector = {
  name: "economy",
  eventTypes: [...ITEM_EVENT_TYPES, ...Object.keys(marketEvents)],
  tables: ["items", "ordres_economie", "transactions_economie", "prix_marche"],
  archives: ["transactions_economie_archive"],
  async apply(events, transaction) {
    await projectItems(events, transaction);
    const market = events.filter(({ eventType }) => Object.hasOwn(marketEvents, eventType));
    await projectOrders(market, transaction);
    await projectPrices(market, transaction);
  },
};
