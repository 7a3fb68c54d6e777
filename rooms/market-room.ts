import { itemIn } from "../domain/catalogue/catalogue.ts";
import type { MarketCommand } from "../domain/market/commands.ts";
import type { MarketState } from "../domain/market/state.ts";
import { bookId } from "../store/uuid.ts";
import type { Actors } from "./actors.ts";
import { createRoomClass, type RoomKind, type RoomServices } from "./aggregate-room.ts";
import type { CatalogueCache } from "./catalogue-cache.ts";
import { type MarketOrders, wireMarketCommand } from "./market-orders.ts";
import { MarketView, projectMarket } from "./market-view.ts";
import { typesOf } from "./wire.ts";

export interface MarketRoomServices extends RoomServices {
  readonly catalogue: CatalogueCache;
  readonly orders: MarketOrders;
}

/** The room `market`: one item's order book, live (contract: "Rooms"). */
export function createMarketRoom(
  actors: Actors<MarketState, MarketCommand>,
  { catalogue, orders, ...services }: MarketRoomServices,
) {
  const kind: RoomKind<MarketState, MarketCommand, MarketView> = {
    name: "market",
    key: "itemId",
    actors,
    aggregateId: bookId,
    refuseRoom(itemId, { role }) {
      if (role !== "joueur") return "FORBIDDEN";
      return itemIn(catalogue.current, itemId)?.echangeable === true ? undefined : "NOT_FOUND";
    },
    limitedAs: "trade",
    createView: () => new MarketView(),
    project: projectMarket,
    refuseEntry: () => undefined,
    messages: typesOf(wireMarketCommand),
    // A book is only told of orders for which something was set aside.
    parse: () => undefined,
    handle(message, { userId: joueurId }, { id, commandId }) {
      const parsed = wireMarketCommand.safeParse(message);
      if (!parsed.success) return undefined;
      const call = { joueurId, commandId };
      switch (parsed.data.type) {
        case "PlacerOrdre":
          return orders.place(id, parsed.data, call);
        case "AnnulerOrdre":
          return orders.cancel(id, parsed.data.ordreId, call);
      }
    },
  };
  return createRoomClass(kind, services);
}
