import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { readCatalogue } from "../../projections/catalogue-queries.ts";
import { listOrders, listTrades, readBook, readPricesOf, STATUTS } from "../../projections/economy-queries.ts";
import { cursorSchema } from "../../projections/keyset.ts";
import { wireId } from "../../rooms/wire.ts";
import { sendTagged } from "../etag.ts";
import { type Door, EVERYONE, idIn } from "../http.ts";
import { at, count, id, page } from "./answers.ts";

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

const ECONOMY = ["economy"];
const prices = z.strictObject({
  itemId: id,
  prixMoyen24h: count.nullable(),
  prixMin24h: count.nullable(),
  prixMax24h: count.nullable(),
  volume24h: count,
  nombreTransactions24h: count,
  dernierPrix: count.nullable(),
  derniereTransaction: at.nullable(),
  historiquePrix: z.array(
    z.strictObject({
      debut: at,
      ouverture: count,
      cloture: count,
      min: count,
      max: count,
      volume: count,
      montant: count,
      nombre: count,
    }),
  ),
  sequence: count,
});
const level = z.strictObject({ prix: count, quantite: count, ordres: count });
const book = z.strictObject({ itemId: id, ventes: z.array(level), achats: z.array(level) });
const trade = z.strictObject({
  transactionId: id,
  itemId: id,
  quantite: count,
  prixUnitaire: count,
  montantTotal: count,
  taxe: count,
  executeeA: at,
  sequence: count,
});
const ownOrder = z.strictObject({
  ordreId: id,
  typeOrdre: z.enum(["VENTE", "ACHAT"]),
  itemId: id,
  quantite: count,
  quantiteRestante: count,
  prixUnitaire: count,
  statut: z.enum(STATUTS),
  creeA: at,
  expireA: at.nullable(),
  completeA: at.nullable(),
  sequence: count,
});

/** `GET /market/items/{id}/book`, `/prices`, `GET /market/items/{id}/transactions`, and a player's own `GET /market/orders?statut=&itemId=`. */
export function economyReads(api: FastifyInstance, door: Door, pool: Pick<pg.Pool, "query">): void {
  api.get(
    "/market/items/:id/book",
    door.guarded(
      {
        does: "An item's order book: how much at which price, the best first, never whose.",
        roles: EVERYONE,
        takes: z.strictObject({ niveaux: z.coerce.number().int().min(1).max(100).default(20) }),
        gives: book,
        of: ECONOMY,
      },
      async ({ request, body: { niveaux }, reply }) => {
        const itemId = idIn(request, "id");
        const known = itemId === undefined ? undefined : await readCatalogue(pool, "items", itemId);
        if (itemId === undefined || known === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        return reply.send(await readBook(pool, itemId, niveaux));
      },
    ),
  );

  api.get(
    "/market/items/:id/prices",
    door.guarded(
      {
        does: "What an item is worth: the last day's figures, and its history by the hour.",
        roles: EVERYONE,
        takes: z.strictObject({}),
        gives: prices,
        of: ECONOMY,
        tagged: true,
      },
      async ({ request, reply }) => {
        const itemId = idIn(request, "id");
        const found = itemId === undefined ? undefined : await readPricesOf(pool, itemId);
        if (found === undefined) return door.problem(reply, refusal("NOT_FOUND", "nothing of this was traded yet"));
        return sendTagged(request, reply, found.sequence, found);
      },
    ),
  );

  api.get(
    "/market/items/:id/transactions",
    door.guarded(
      {
        does: "An item's trades, the newest first; who traded is not told.",
        roles: EVERYONE,
        takes: trades,
        gives: page(trade),
        of: ECONOMY,
      },
      async ({ request, body, reply }) => {
        const itemId = idIn(request, "id");
        if (itemId === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        return reply.send(await listTrades(pool, itemId, body));
      },
    ),
  );

  api.get(
    "/market/orders",
    door.guarded(
      {
        does: "The caller's own orders, the newest first.",
        roles: ["joueur"],
        takes: orders,
        gives: page(ownOrder),
        of: ECONOMY,
      },
      async ({ who, body: { statut, itemId, ...from }, reply }) =>
        reply.send(await listOrders(pool, who.userId, { statut, itemId }, from)),
    ),
  );
}
