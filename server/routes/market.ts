import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { PayloadOf, PlayerState } from "../../domain/player/state.ts";
import { type MarketOrders, wireMarketCommand } from "../../rooms/market-orders.ts";
import { wireId } from "../../rooms/wire.ts";
import type { Audit } from "../../store/audit.ts";
import { type Call, commandIdOf, correlationOf, type Door, idIn, NO_ID } from "../http.ts";
import { accepted } from "./answers.ts";

export interface MarketRouteServices {
  readonly orders: MarketOrders;
  readPlayer(joueurId: string): Promise<PlayerState | undefined>;
  readonly audit: Pick<Audit, "find">;
}

const order = wireMarketCommand.options[0].omit({ type: true, typeOrdre: true }).extend({ itemId: wireId });

const PLACE = { roles: ["joueur"], takes: order, status: 201, gives: accepted, limitedAs: "trade" } as const;

/** `POST /market/sell`, `POST /market/buy`, `DELETE /market/orders/{id}`. */
export function marketRoutes(api: FastifyInstance, door: Door, services: MarketRouteServices): void {
  const { orders, audit } = services;

  /** Of what an order is: open ones are with their player; of any other only the log knows, for whoever repeats a request. */
  async function itemOf(joueurId: string, ordreId: string): Promise<string | undefined> {
    const open = (await services.readPlayer(joueurId))?.joueur.ordres[ordreId];
    if (open !== undefined) return open.itemId;
    const reserved = { aggregateId: joueurId, eventTypes: ["OrdreReserve"], payload: { ordreId } };
    const [found] = await audit.find(reserved, { limit: 1 }, Number.MAX_SAFE_INTEGER);
    return (found?.payload as PayloadOf<"OrdreReserve"> | undefined)?.itemId;
  }

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
      {
        does: "Takes an open order back.",
        roles: ["joueur"],
        takes: z.object({}),
        gives: accepted,
        limitedAs: "trade",
      },
      async ({ who, request, reply }) => {
        const ordreId = idIn(request, "id");
        const commandId = commandIdOf(request);
        if (ordreId === undefined) return door.problem(reply, refusal("BAD_REQUEST", "an order's id is a UUID"));
        if (commandId === undefined) return door.problem(reply, NO_ID);
        const itemId = await itemOf(who.userId, ordreId);
        if (itemId === undefined) return door.problem(reply, refusal("NOT_FOUND", "the player has no such order"));
        const call = { joueurId: who.userId, commandId, correlationId: correlationOf(request) };
        return door.respond(reply, await orders.cancel(itemId, ordreId, call));
      },
    ),
  );
}
