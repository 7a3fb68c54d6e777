import type pg from "pg";
import { Conditions, type From, type Page, pageOf } from "./keyset.ts";
import type { Heure } from "./price-history.ts";

type Reader = Pick<pg.Pool, "query">;

/** What an item is worth. Gold and pieces; the figures are of the last 24 hours as the market last said. */
export interface ItemPrices {
  readonly itemId: string;
  readonly prixMoyen24h: number | null;
  readonly prixMin24h: number | null;
  readonly prixMax24h: number | null;
  readonly volume24h: number;
  readonly nombreTransactions24h: number;
  readonly dernierPrix: number | null;
  readonly derniereTransaction: string | null;
  /** The oldest hour first; hours without a trade are left out. */
  readonly historiquePrix: readonly Heure[];
  readonly sequence: number;
}

/** Undefined: it was never traded. */
export async function readPricesOf(reader: Reader, itemId: string): Promise<ItemPrices | undefined> {
  return (await readPrices(reader, [itemId])).get(itemId);
}

/** Those of several items, by itemId; of those that were traded. */
export async function readPrices(reader: Reader, itemIds: readonly string[]): Promise<ReadonlyMap<string, ItemPrices>> {
  const { rows } = await reader.query<ItemPrices>(
    `SELECT item_id AS "itemId", prix_moyen_24h AS "prixMoyen24h", prix_min_24h AS "prixMin24h", prix_max_24h AS "prixMax24h",
       volume_24h AS "volume24h", nombre_transactions_24h AS "nombreTransactions24h", dernier_prix AS "dernierPrix",
       derniere_transaction AS "derniereTransaction", historique_prix AS "historiquePrix", last_event_sequence AS sequence
     FROM prix_marche WHERE item_id = ANY ($1::uuid[])`,
    [itemIds],
  );
  return new Map(rows.map((row) => [row.itemId, row]));
}

/** A trade as everyone may see it: who traded is not told. */
export interface Trade {
  readonly transactionId: string;
  readonly itemId: string;
  readonly quantite: number;
  readonly prixUnitaire: number;
  readonly montantTotal: number;
  readonly taxe: number;
  readonly executeeA: string;
  readonly sequence: number;
}

/** ISO 8601 time, and sequence among equal times. */
export type TradeKey = readonly [executeeA: string, sequence: number];

/** An item's trades, the newest first, back into the archive. */
export async function listTrades(
  reader: Reader,
  itemId: string,
  { after, limit }: From<TradeKey>,
): Promise<Page<Trade>> {
  const where = new Conditions().and("item_id = ?", itemId);
  if (after !== undefined) where.and("(executee_a, event_sequence) < (?::timestamptz, ?::bigint)", ...after);
  const { rows } = await reader.query<Trade>(
    `SELECT transaction_id AS "transactionId", item_id AS "itemId", quantite, prix_unitaire AS "prixUnitaire",
       montant_total AS "montantTotal", taxe, executee_a AS "executeeA", event_sequence AS sequence
     FROM (SELECT * FROM transactions_economie UNION ALL SELECT * FROM transactions_economie_archive) AS trades
     WHERE ${where.sql} ORDER BY executee_a DESC, event_sequence DESC LIMIT ${limit + 1}`,
    where.values,
  );
  return pageOf(rows, limit, ({ executeeA, sequence }) => [executeeA, sequence]);
}

export const STATUTS = ["ACTIF", "PARTIELLEMENT_EXECUTE", "COMPLETE", "ANNULE", "EXPIRE"] as const;
export type Statut = (typeof STATUTS)[number];

export interface OwnOrder {
  readonly ordreId: string;
  readonly typeOrdre: "VENTE" | "ACHAT";
  readonly itemId: string;
  readonly quantite: number;
  readonly quantiteRestante: number;
  readonly prixUnitaire: number;
  readonly statut: Statut;
  readonly creeA: string;
  readonly expireA: string | null;
  readonly completeA: string | null;
  readonly sequence: number;
}

export type OrderKey = readonly [creeA: string, ordreId: string];

/** A player's orders, the newest first. */
export async function listOrders(
  reader: Reader,
  joueurId: string,
  { statut, itemId }: { readonly statut?: Statut | undefined; readonly itemId?: string | undefined },
  { after, limit }: From<OrderKey>,
): Promise<Page<OwnOrder>> {
  const where = new Conditions().and("joueur_id = ?", joueurId);
  if (statut !== undefined) where.and("statut = ?", statut);
  if (itemId !== undefined) where.and("item_id = ?", itemId);
  if (after !== undefined) where.and("(cree_a, ordre_id) < (?::timestamptz, ?::uuid)", ...after);
  const { rows } = await reader.query<OwnOrder>(
    `SELECT ordre_id AS "ordreId", type_ordre AS "typeOrdre", item_id AS "itemId", quantite, quantite_restante AS "quantiteRestante",
       prix_unitaire AS "prixUnitaire", statut, cree_a AS "creeA", expire_a AS "expireA", complete_a AS "completeA",
       last_event_sequence AS sequence
     FROM ordres_economie WHERE ${where.sql} ORDER BY cree_a DESC, ordre_id DESC LIMIT ${limit + 1}`,
    where.values,
  );
  return pageOf(rows, limit, ({ creeA, ordreId }) => [creeA, ordreId]);
}

/** How much of an item is offered or wanted at a price, in how many orders. */
export interface PriceLevel {
  readonly prix: number;
  readonly quantite: number;
  readonly ordres: number;
}

export interface OrderBook {
  readonly itemId: string;
  /** The cheapest first. */
  readonly ventes: readonly PriceLevel[];
  /** The dearest first. */
  readonly achats: readonly PriceLevel[];
}

/** The best price levels of either side. */
export async function readBook(reader: Reader, itemId: string, levels: number): Promise<OrderBook> {
  const side = async (type: "VENTE" | "ACHAT", order: "ASC" | "DESC") => {
    const { rows } = await reader.query<PriceLevel>({
      name: `book_${type}`,
      text: `SELECT prix_unitaire AS prix, sum(quantite_restante)::int AS quantite, count(*)::int AS ordres FROM ordres_economie
             WHERE item_id = $1 AND type_ordre = '${type}' AND statut IN ('ACTIF', 'PARTIELLEMENT_EXECUTE')
             GROUP BY prix_unitaire ORDER BY prix_unitaire ${order} LIMIT $2`,
      values: [itemId, levels],
    });
    return rows;
  };
  const [ventes, achats] = await Promise.all([side("VENTE", "ASC"), side("ACHAT", "DESC")]);
  return { itemId, ventes, achats };
}
