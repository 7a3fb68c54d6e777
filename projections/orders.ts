import type { StoredEvent } from "../domain/envelope.ts";
import type { MarketEvent, PayloadOf } from "../domain/market/events.ts";
import type { TypeOrdre } from "../domain/market/values.ts";
import type { Transaction } from "./projector.ts";
import { type Row, upsert } from "./upsert.ts";

/** What events say of an order after it was created: final values, so that the last one said is all that counts. */
interface Change {
  readonly last_event_sequence: number;
  readonly updated_at: string;
  readonly statut: string;
  /** Absent: as it was. */
  readonly quantite_restante?: number;
  readonly complete_a?: string;
}

type Trade = PayloadOf<"TransactionExecutee">;

/** A batch in memory: orders that begin in it, what changes of others, and trades. */
class Batch {
  readonly created = new Map<string, Row>();
  readonly changes = new Map<string, Change>();
  readonly trades: object[] = [];

  create(type_ordre: TypeOrdre, payload: PayloadOf<"OrdreVenteCree">, event: StoredEvent): void {
    this.created.set(payload.ordreId, {
      ordre_id: payload.ordreId,
      type_ordre,
      joueur_id: payload.joueurId,
      pseudo_joueur: payload.pseudo,
      item_id: payload.itemId,
      quantite: payload.quantite,
      quantite_restante: payload.quantite,
      prix_unitaire: payload.prixUnitaire,
      statut: "ACTIF",
      cree_a: payload.creeA,
      expire_a: payload.expireA,
      complete_a: null,
      last_event_sequence: event.sequence,
      updated_at: event.timestamp,
    });
  }

  change(ordreId: string, { sequence, timestamp }: StoredEvent, what: Omit<Change, keyof Moved>): void {
    const change = { ...what, last_event_sequence: sequence, updated_at: timestamp };
    const row = this.created.get(ordreId);
    if (row !== undefined) this.created.set(ordreId, { ...row, ...change });
    else this.changes.set(ordreId, { ...this.changes.get(ordreId), ...change });
  }

  trade(payload: Trade, event: StoredEvent): void {
    const { netVendeur: _net, renduAcheteur: _rendu, resteVente, resteAchat, proprietes: _of, ...own } = payload;
    this.trades.push({ ...own, sequence: event.sequence });
    for (const [ordreId, quantite_restante] of [
      [payload.ordreVenteId, resteVente],
      [payload.ordreAchatId, resteAchat],
    ] as const) {
      const complete = quantite_restante === 0 ? { complete_a: payload.executeeA } : {};
      const statut = quantite_restante === 0 ? "COMPLETE" : "PARTIELLEMENT_EXECUTE";
      this.change(ordreId, event, { statut, quantite_restante, ...complete });
    }
  }
}

type Moved = Pick<Change, "last_event_sequence" | "updated_at">;

function fold(batch: Batch, event: StoredEvent): void {
  const { eventType, payload } = event as unknown as MarketEvent;
  switch (eventType) {
    case "OrdreVenteCree":
      batch.create("VENTE", payload, event);
      break;
    case "OrdreAchatCree":
      batch.create("ACHAT", payload, event);
      break;
    case "TransactionExecutee":
      batch.trade(payload, event);
      break;
    case "OrdreCancelled":
      // One that was refused was never in the book: there is no row of it, or it is another one's.
      if (payload.raison !== "REFUSE") batch.change(payload.ordreId, event, { statut: payload.raison });
      break;
    case "PrixMisAJour":
      break;
  }
}

/** The tables `ordres_economie` and `transactions_economie`, from events of the market alone. */
export async function projectOrders(events: readonly StoredEvent[], transaction: Transaction): Promise<void> {
  const batch = new Batch();
  for (const event of events) fold(batch, event);
  await upsert(transaction, "ordres_economie", "ordre_id", [...batch.created.values()]);
  if (batch.changes.size > 0) await writeChanges(batch.changes, transaction);
  if (batch.trades.length > 0) await writeTrades(batch.trades, transaction);
}

async function writeChanges(changes: ReadonlyMap<string, Change>, transaction: Transaction): Promise<void> {
  await transaction.query(
    `UPDATE ordres_economie o
     SET statut = c.statut, quantite_restante = coalesce(c.quantite_restante, o.quantite_restante),
         complete_a = coalesce(c.complete_a, o.complete_a), last_event_sequence = c.last_event_sequence, updated_at = c.updated_at
     FROM jsonb_to_recordset($1::jsonb) AS c (ordre_id uuid, statut text, quantite_restante int, complete_a timestamptz,
       last_event_sequence bigint, updated_at timestamptz)
     WHERE o.ordre_id = c.ordre_id AND o.last_event_sequence < c.last_event_sequence`,
    [JSON.stringify([...changes].map(([ordre_id, change]) => ({ ordre_id, ...change })))],
  );
}

async function writeTrades(trades: readonly object[], transaction: Transaction): Promise<void> {
  await transaction.query(
    `INSERT INTO transactions_economie (transaction_id, ordre_vente_id, ordre_achat_id, vendeur_id, pseudo_vendeur, acheteur_id,
       pseudo_acheteur, item_id, quantite, prix_unitaire, montant_total, taxe, executee_a, event_sequence)
     SELECT "transactionId", "ordreVenteId", "ordreAchatId", "vendeurId", "pseudoVendeur", "acheteurId",
       "pseudoAcheteur", "itemId", quantite, "prixUnitaire", "montantTotal", taxe, "executeeA", sequence
     FROM jsonb_to_recordset($1::jsonb) AS t ("transactionId" uuid, "ordreVenteId" uuid, "ordreAchatId" uuid, "vendeurId" uuid,
       "pseudoVendeur" text, "acheteurId" uuid, "pseudoAcheteur" text, "itemId" uuid, quantite int, "prixUnitaire" int,
       "montantTotal" int, taxe int, "executeeA" timestamptz, sequence bigint)
     ON CONFLICT (transaction_id) DO NOTHING`,
    [JSON.stringify(trades)],
  );
  // Those that come again and were archived meanwhile; in a statement of its own, which sees what the first has waited for.
  await transaction.query(
    `DELETE FROM transactions_economie WHERE transaction_id IN (
       SELECT transaction_id FROM transactions_economie_archive WHERE transaction_id IN (
         SELECT "transactionId" FROM jsonb_to_recordset($1::jsonb) AS t ("transactionId" uuid)))`,
    [JSON.stringify(trades)],
  );
}
