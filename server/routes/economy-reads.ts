import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { listOrders, listTrades, readPricesOf, STATUTS } from "../../projections/economy-queries.ts";
import { cursorSchema } from "../../projections/keyset.ts";
import { wireId } from "../../rooms/wire.ts";
import { sendTagged } from "../etag.ts";
import { type Door, EVERYONE, idIn } from "../http.ts";

const limit = z.coerce.number().int().min(1).max(200).default(50);
/** Of a cursor: one that was made by hand may name a year that no timestamp has. */
const instant = z.iso.datetime().refine((text) => text >= "1970");
const trades = z.strictObject({ after: cursorSchema(z.tuple([instant, z.int().min(0)])).optional(), limit });
const orders = z.strictObject({
  statut: z.enum(STATUTS).optional(),
  itemId: wireId.optional(),
  after: cursorSchema(z.tuple([instant, wireId])).optional(),
  limit,
});

/** `GET /market/items/{id}/prices`, `GET /market/items/{id}/transactions`, and a player's own `GET /market/orders?statut=&itemId=`. */
export function economyReads(api: FastifyInstance, door: Door, pool: pg.Pool): void {
  api.get(
    "/market/items/:id/prices",
    door.guarded(EVERYONE, z.object({}), async ({ request, reply }) => {
      const itemId = idIn(request, "id");
      const found = itemId === undefined ? undefined : await readPricesOf(pool, itemId);
      if (found === undefined) return door.problem(reply, refusal("NOT_FOUND", "nothing of this was traded yet"));
      return sendTagged(request, reply, found.sequence, found);
    }),
  );

  api.get(
    "/market/items/:id/transactions",
    door.guarded(EVERYONE, trades, async ({ request, body, reply }) => {
      const itemId = idIn(request, "id");
      if (itemId === undefined) return door.problem(reply, refusal("NOT_FOUND"));
      return reply.send(await listTrades(pool, itemId, body));
    }),
  );

  api.get(
    "/market/orders",
    door.guarded(["joueur"], orders, async ({ who, body: { statut, itemId, ...from }, reply }) =>
      reply.send(await listOrders(pool, who.userId, { statut, itemId }, from)),
    ),
  );
}
