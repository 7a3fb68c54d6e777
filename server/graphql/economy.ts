import { z } from "zod";
import {
  type ItemPrices,
  listOrders,
  listTrades,
  type OrderBook,
  type OwnOrder,
  type PriceLevel,
  readBook,
  STATUTS,
  type Trade,
} from "../../projections/economy-queries.ts";
import {
  type Builder,
  choice,
  connectionOf,
  connectionType,
  idOf,
  listCost,
  placeOf,
  plain,
  refuse,
} from "./builder.ts";
import type { CatalogueTypes } from "./catalogue.ts";

/** Price levels of either side that are told. */
export const LEVELS = 20;

export function economyTypes(builder: Builder, { item }: CatalogueTypes) {
  const level = builder.objectRef<PriceLevel>("NiveauDePrix").implement({
    fields: (t) => plain(t, { prix: "Int!", quantite: "Int!", ordres: "Int!" }),
  });
  const book = builder.objectRef<OrderBook>("CarnetOrdres").implement({
    fields: (t) => ({
      ...plain(t, { itemId: "ID!" }),
      ventes: t.field({ type: [level], nullable: false, resolve: ({ ventes }) => [...ventes] }),
      achats: t.field({ type: [level], nullable: false, resolve: ({ achats }) => [...achats] }),
      item: t.field({ type: item, resolve: ({ itemId }, _, { load }) => load.items.load(itemId) }),
    }),
  });
  const prices = builder.objectRef<ItemPrices>("Prix").implement({
    fields: (t) =>
      plain(t, {
        itemId: "ID!",
        prixMoyen24h: "Int",
        prixMin24h: "Int",
        prixMax24h: "Int",
        volume24h: "Int!",
        nombreTransactions24h: "Int!",
        dernierPrix: "Int",
        derniereTransaction: "String",
        historiquePrix: "JSON!",
        sequence: "Float!",
      }),
  });
  const trade = builder.objectRef<Trade>("Transaction").implement({
    fields: (t) => ({
      ...plain(t, {
        transactionId: "ID!",
        itemId: "ID!",
        quantite: "Int!",
        prixUnitaire: "Int!",
        montantTotal: "Int!",
        taxe: "Int!",
        executeeA: "String!",
        sequence: "Float!",
      }),
      item: t.field({ type: item, resolve: ({ itemId }, _, { load }) => load.items.load(itemId) }),
    }),
  });
  const trades = connectionType(builder, "Transaction", trade as never);
  const order = builder.objectRef<OwnOrder>("Ordre").implement({
    fields: (t) => ({
      ...plain(t, {
        ordreId: "ID!",
        typeOrdre: "String!",
        itemId: "ID!",
        quantite: "Int!",
        quantiteRestante: "Int!",
        prixUnitaire: "Int!",
        statut: "String!",
        creeA: "String!",
        expireA: "String",
        completeA: "String",
        sequence: "Float!",
      }),
      item: t.field({ type: item, resolve: ({ itemId }, _, { load }) => load.items.load(itemId) }),
      prix: t.field({ type: prices, resolve: ({ itemId }, _, { load }) => load.prices.load(itemId) }),
    }),
  });
  const orders = connectionType(builder, "Ordre", order as never);

  builder.queryFields((t) => ({
    orderBook: t.field({
      type: book,
      args: { itemId: t.arg.id({ required: true }) },
      complexity: LEVELS,
      resolve: (_, { itemId }, { readModels }) => readBook(readModels, idOf(itemId), LEVELS),
    }),
    prices: t.field({
      type: prices,
      description: "Null: it was never traded.",
      args: { itemId: t.arg.id({ required: true }) },
      resolve: (_, { itemId }, { load }) => load.prices.load(idOf(itemId)),
    }),
    trades: t.field({
      type: trades,
      nullable: false,
      description: "Of an item, the newest first.",
      args: { itemId: t.arg.id({ required: true }), first: t.arg.int(), after: t.arg.string() },
      complexity: listCost,
      async resolve(_, { itemId, ...args }, { readModels }) {
        const { limit, after } = placeOf(args, z.tuple([z.iso.datetime(), z.int().min(0)]));
        const page = await listTrades(readModels, idOf(itemId), { after, limit });
        return connectionOf(page, ({ executeeA, sequence }) => [executeeA, sequence], args);
      },
    }),
    orders: t.field({
      type: orders,
      nullable: false,
      description: "The caller's own, the newest first.",
      args: { statut: t.arg.string(), itemId: t.arg.id(), first: t.arg.int(), after: t.arg.string() },
      complexity: listCost,
      async resolve(_, { statut, itemId, ...args }, { readModels, who }) {
        if (who.role !== "joueur") throw refuse("FORBIDDEN");
        const { limit, after } = placeOf(args, z.tuple([z.iso.datetime(), z.uuid()]));
        const ofItem = itemId === null || itemId === undefined ? undefined : idOf(itemId);
        const filter = { statut: choice("statut", STATUTS, statut), itemId: ofItem };
        const page = await listOrders(readModels, who.userId, filter, { after, limit });
        return connectionOf(page, ({ creeA, ordreId }) => [creeA, ordreId], args);
      },
    }),
  }));
  return { book };
}
