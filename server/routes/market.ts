import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { PlayerState } from "../../domain/player/state.ts";
import { type MarketOrders, wireMarketCommand } from "../../rooms/market-orders.ts";
import { wireId } from "../../rooms/wire.ts";
import { type Call, commandIdOf, correlationOf, type Door, idIn, NO_ID } from "../http.ts";
import { accepted } from "./answers.ts";

export interface MarketRouteServices {
  readonly orders: MarketOrders;
  readPlayer(joueurId: string): Promise<PlayerState | undefined>;
}

const order = wireMarketCommand.options[0].omit({ type: true, typeOrdre: true }).extend({ itemId: wireId });

const PLACE = { roles: ["joueur"], takes: order, status: 201, gives: accepted } as const;

/** `POST /market/sell`, `POST /market/buy`, `DELETE /market/orders/{id}`. */
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
}
