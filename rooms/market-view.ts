import { type MapSchema, type SchemaType, schema, t } from "@colyseus/schema";
import { items } from "../domain/market/runs.ts";
import type { MarketState, Niveau, Niveaux, Transaction } from "../domain/market/state.ts";

/** The best price levels of either side that are shown. */
const SHOWN = 20;

/** An order book as clients see it (contract: "Rooms"): how much at which price, never whose. */
export const NiveauView = schema({ prix: t.number(), quantite: t.number(), ordres: t.number() }, "Niveau");

export const TransactionView = schema(
  { transactionId: t.string(), quantite: t.number(), prixUnitaire: t.number(), executeeA: t.string() },
  "Transaction",
);

/** Prices are 0 where there is none. Levels are keyed by their price and in no order; trades come newest last, at most 20. */
export const MarketView = schema(
  {
    version: t.number(),
    itemId: t.string(),
    ventes: t.map(NiveauView),
    achats: t.map(NiveauView),
    dernierPrix: t.number(),
    prixMoyen24h: t.number(),
    prixMin24h: t.number(),
    prixMax24h: t.number(),
    volume24h: t.number(),
    nombreTransactions24h: t.number(),
    transactions: t.array(TransactionView),
  },
  "Marche",
);

export type MarketView = SchemaType<typeof MarketView>;
type NiveauView = SchemaType<typeof NiveauView>;

/** Writes what differs. States share what did not change, so that identity tells it at once. */
export function projectMarket(view: MarketView, state: MarketState, before: MarketState | undefined): void {
  view.version = state.version;
  view.itemId = state.itemId;
  if (state.ventes !== before?.ventes) projectSide(view.ventes, state.ventes);
  if (state.achats !== before?.achats) projectSide(view.achats, state.achats);
  if (state.prix !== before?.prix) projectPrices(view, state.prix);
  if (state.dernieres !== before?.dernieres) projectTrades(view, state.dernieres);
}

function best(side: Niveaux): Niveau[] {
  const found: Niveau[] = [];
  for (const level of items(side)) {
    if (found.length === SHOWN) break;
    found.push(level);
  }
  return found;
}

function projectSide(shown: MapSchema<NiveauView>, side: Niveaux): void {
  const levels = best(side);
  const prices = new Set(levels.map((level) => String(level.prix)));
  for (const price of [...shown.keys()]) if (!prices.has(price)) shown.delete(price);
  for (const { prix, quantite, nombre } of levels) {
    const key = String(prix);
    let level = shown.get(key);
    if (level === undefined) {
      level = new NiveauView().assign({ prix, quantite, ordres: nombre });
      shown.set(key, level);
      continue;
    }
    // One by one: a setter that finds nothing new costs next to nothing, `assign` looks every name up.
    level.quantite = quantite;
    level.ordres = nombre;
  }
}

function projectPrices(view: MarketView, prices: MarketState["prix"]): void {
  view.dernierPrix = prices?.dernierPrix ?? 0;
  view.prixMoyen24h = prices?.prixMoyen24h ?? 0;
  view.prixMin24h = prices?.prixMin24h ?? 0;
  view.prixMax24h = prices?.prixMax24h ?? 0;
  view.volume24h = prices?.volume24h ?? 0;
  view.nombreTransactions24h = prices?.nombreTransactions24h ?? 0;
}

/** Trades are only ever added at the end and dropped at the front; the view may have been filled from another state. */
function projectTrades(view: MarketView, trades: readonly Transaction[]): void {
  const oldest = trades[0]?.transactionId;
  while (view.transactions.length > 0 && view.transactions[0]?.transactionId !== oldest) view.transactions.shift();
  for (const trade of trades.slice(view.transactions.length)) {
    const { transactionId, quantite, prixUnitaire, executeeA } = trade;
    view.transactions.push(new TransactionView().assign({ transactionId, quantite, prixUnitaire, executeeA }));
  }
}
