import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { MarketState } from "../../domain/market/state.ts";
import type { PlayerState } from "../../domain/player/state.ts";
import { type MarketOrders, wireMarketCommand } from "../../rooms/market-orders.ts";
import { MarketView, projectMarket } from "../../rooms/market-view.ts";
import { wireId } from "../../rooms/wire.ts";
import { type Call, commandIdOf, correlationOf, type Door, EVERYONE, idIn, NO_ID } from "../http.ts";
import { accepted, json } from "./answers.ts";

export interface MarketRouteServices {
  readonly orders: MarketOrders;
  readPlayer(joueurId: string): Promise<PlayerState | undefined>;
  readBook(itemId: string): Promise<MarketState | undefined>;
}

const order = wireMarketCommand.options[0].omit({ type: true, typeOrdre: true }).extend({ itemId: wireId });

const PLACE = { roles: ["joueur"], takes: order, status: 201, gives: accepted } as const;

/** `POST /market/sell`, `POST /market/buy`, `DELETE /market/orders/{id}`, `GET /market/items/{id}/book`. */
export function marketRoutes(api: FastifyInstance, door: Door, services: MarketRouteServices): void {
  const { orders } = services;

  async function place({ who, body, request, reply }: Call<z.infer<typeof order>>, typeOrdre: "VENTE" | "ACHAT") {
    const commandId = commandIdOf(request);
    if (commandId === undefined) return door.problem(reply, NO_ID);
    const { itemId, ...rest } = body;
    const call = { joueurId: who.userId, commandId, correlationId: correlationOf(request) };
    const answer = await orders.place(itemId, { type: "PlacerOrdre", typeOrdre, ...rest }, call);
    return door.respond(reply, answer, { status: 201 });
  }

  api.post(
    "/market/sell",
    door.guarded({ ...PLACE, does: "Offers items for sale." }, (call) => place(call, "VENTE")),
  );
  api.post(
    "/market/buy",
    door.guarded({ ...PLACE, does: "Offers to buy items." }, (call) => place(call, "ACHAT")),
  );

  api.delete(
    "/market/orders/:id",
    door.guarded(
      { does: "Takes an open order back.", roles: ["joueur"], takes: z.object({}), gives: accepted },
      async ({ who, request, reply }) => {
        const ordreId = idIn(request, "id");
        const commandId = commandIdOf(request);
        if (ordreId === undefined) return door.problem(reply, refusal("BAD_REQUEST", "an order's id is a UUID"));
        if (commandId === undefined) return door.problem(reply, NO_ID);
        const open = (await services.readPlayer(who.userId))?.joueur.ordres[ordreId];
        if (open === undefined)
          return door.problem(reply, refusal("NOT_FOUND", "the player has no such order, or it is closed"));
        const call = { joueurId: who.userId, commandId, correlationId: correlationOf(request) };
        return door.respond(reply, await orders.cancel(open.itemId, ordreId, call));
      },
    ),
  );

  api.get(
    "/market/items/:id/book",
    door.guarded(
      {
        does: "An item's order book: how much at which price, never whose.",
        roles: EVERYONE,
        takes: z.strictObject({}),
        gives: json,
      },
      async ({ request, reply }) => {
        const itemId = idIn(request, "id");
        const state = itemId === undefined ? undefined : await services.readBook(itemId);
        if (itemId === undefined || state === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        const view = new MarketView();
        projectMarket(view, state, undefined);
        return reply.send({ ...(view.toJSON() as object), itemId });
      },
    ),
  );
}
