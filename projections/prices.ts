import type { StoredEvent } from "../domain/envelope.ts";
import type { Figures, MarketEvent } from "../domain/market/events.ts";
import { type Heure, withTrade } from "./price-history.ts";
import type { Transaction } from "./projector.ts";
import { upsert } from "./upsert.ts";

/** The figures of an item as its row has them. */
interface Prix {
  readonly figures: Omit<Figures, "dernierPrix"> & { readonly dernierPrix: number | null };
  readonly historique: readonly Heure[];
  readonly derniereTransaction: string | null;
  readonly sequence: number;
  readonly at: string;
}

const NOTHING: Prix = {
  figures: {
    prixMoyen24h: null,
    prixMin24h: null,
    prixMax24h: null,
    volume24h: 0,
    nombreTransactions24h: 0,
    dernierPrix: null,
  },
  historique: [],
  derniereTransaction: null,
  sequence: 0,
  at: "",
};

function after(prix: Prix, { eventType, payload }: MarketEvent, moved: Pick<Prix, "sequence" | "at">): Prix {
  switch (eventType) {
    case "TransactionExecutee":
      return {
        ...prix,
        ...moved,
        figures: { ...prix.figures, dernierPrix: payload.prixUnitaire },
        historique: withTrade(prix.historique, payload),
        derniereTransaction: payload.executeeA,
      };
    case "PrixMisAJour": {
      const { itemId: _id, a: _a, ...figures } = payload;
      return { ...prix, ...moved, figures };
    }
    case "OrdreVenteCree":
    case "OrdreAchatCree":
    case "OrdreCancelled":
      return prix;
  }
}

interface PriceRow {
  readonly item_id: string;
  readonly prix_moyen_24h: number | null;
  readonly prix_min_24h: number | null;
  readonly prix_max_24h: number | null;
  readonly volume_24h: number;
  readonly nombre_transactions_24h: number;
  readonly dernier_prix: number | null;
  readonly historique_prix: readonly Heure[];
  readonly derniere_transaction: string | null;
  readonly sequence: number;
}

async function readPrices(itemIds: readonly string[], transaction: Transaction): Promise<Map<string, Prix>> {
  const { rows } = await transaction.query<PriceRow>(
    `SELECT item_id, prix_moyen_24h, prix_min_24h, prix_max_24h, volume_24h, nombre_transactions_24h, dernier_prix,
       historique_prix, derniere_transaction, last_event_sequence AS sequence
     FROM prix_marche WHERE item_id = ANY ($1::uuid[])`,
    [itemIds],
  );
  return new Map(
    rows.map((row) => [
      row.item_id,
      {
        figures: {
          prixMoyen24h: row.prix_moyen_24h,
          prixMin24h: row.prix_min_24h,
          prixMax24h: row.prix_max_24h,
          volume24h: row.volume_24h,
          nombreTransactions24h: row.nombre_transactions_24h,
          dernierPrix: row.dernier_prix,
        },
        historique: row.historique_prix,
        derniereTransaction: row.derniere_transaction,
        sequence: row.sequence,
        at: "",
      },
    ]),
  );
}

/** The table `prix_marche`, from events of the market alone. The history grows from what it was, so the rows are read first. */
export async function projectPrices(events: readonly StoredEvent[], transaction: Transaction): Promise<void> {
  const telling = events.filter(({ eventType }) => eventType === "TransactionExecutee" || eventType === "PrixMisAJour");
  if (telling.length === 0) return;
  const itemOf = ({ payload }: StoredEvent) => (payload as { readonly itemId: string }).itemId;
  const prices = await readPrices([...new Set(telling.map(itemOf))], transaction);
  const touched = new Map<string, Prix>();
  for (const event of telling) {
    const itemId = itemOf(event);
    const prix = touched.get(itemId) ?? prices.get(itemId) ?? NOTHING;
    const { sequence, timestamp: at } = event;
    if (sequence > prix.sequence) touched.set(itemId, after(prix, event as unknown as MarketEvent, { sequence, at }));
  }
  await upsert(
    transaction,
    "prix_marche",
    "item_id",
    [...touched].map(([item_id, { figures, historique, derniereTransaction, sequence, at }]) => ({
      // One row an item, so the item's id does for the row's: a rebuild makes the same one.
      prix_id: item_id,
      item_id,
      prix_moyen_24h: figures.prixMoyen24h,
      prix_min_24h: figures.prixMin24h,
      prix_max_24h: figures.prixMax24h,
      volume_24h: figures.volume24h,
      nombre_transactions_24h: figures.nombreTransactions24h,
      historique_prix: historique,
      derniere_transaction: derniereTransaction,
      dernier_prix: figures.dernierPrix,
      last_event_sequence: sequence,
      updated_at: at,
    })),
  );
}
