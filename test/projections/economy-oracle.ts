import type { StoredEvent } from "../../domain/envelope.ts";
import type { Rows } from "./world-support.ts";

type Payload = Readonly<Record<string, unknown>>;
type Row = Record<string, unknown>;

/** The market's tables and items, folded an event at a time with no thought of speed: what the projector must come to. */
export function economyRows(log: readonly StoredEvent[]): Rows {
  const items = new Map<string, Row>();
  const orders = new Map<string, Row>();
  const trades: Row[] = [];
  const prices = new Map<string, Row>();

  const moved = ({ sequence, timestamp }: StoredEvent) => ({ last_event_sequence: sequence, updated_at: timestamp });
  const priceOf = (itemId: string): Row => {
    const none = { prix_moyen_24h: null, prix_min_24h: null, prix_max_24h: null, dernier_prix: null };
    const row = prices.get(itemId) ?? {
      ...{ prix_id: itemId, item_id: itemId, ...none, volume_24h: 0, nombre_transactions_24h: 0 },
      ...{ historique_prix: [], derniere_transaction: null },
    };
    prices.set(itemId, row);
    return row;
  };

  for (const event of log) {
    const p = event.payload as Payload;
    switch (event.eventType) {
      case "ItemCree": {
        const { itemId, ...definition } = p;
        items.set(String(itemId), { item_id: itemId, retire: false, definition, ...moved(event) });
        break;
      }
      case "ItemModifie":
      case "ProprietesModifiees": {
        const row = items.get(String(p["itemId"])) ?? {};
        const definition = { ...(row["definition"] as object) } as Row;
        for (const key of Object.keys(p["avant"] as object)) delete definition[key];
        items.set(String(p["itemId"]), {
          ...row,
          definition: { ...definition, ...(p["apres"] as object) },
          ...moved(event),
        });
        break;
      }
      case "ItemDetruit":
        items.set(String(p["itemId"]), { ...items.get(String(p["itemId"])), retire: true, ...moved(event) });
        break;
      case "OrdreVenteCree":
      case "OrdreAchatCree":
        orders.set(String(p["ordreId"]), {
          ...{ ordre_id: p["ordreId"], type_ordre: event.eventType === "OrdreVenteCree" ? "VENTE" : "ACHAT" },
          ...{ joueur_id: p["joueurId"], pseudo_joueur: p["pseudo"], item_id: p["itemId"], quantite: p["quantite"] },
          ...{ quantite_restante: p["quantite"], prix_unitaire: p["prixUnitaire"], statut: "ACTIF" },
          ...{ cree_a: p["creeA"], expire_a: p["expireA"], complete_a: null, ...moved(event) },
        });
        break;
      case "TransactionExecutee": {
        trades.push({
          ...{ transaction_id: p["transactionId"], ordre_vente_id: p["ordreVenteId"] },
          ...{ ordre_achat_id: p["ordreAchatId"], vendeur_id: p["vendeurId"], pseudo_vendeur: p["pseudoVendeur"] },
          ...{ acheteur_id: p["acheteurId"], pseudo_acheteur: p["pseudoAcheteur"], item_id: p["itemId"] },
          ...{ quantite: p["quantite"], prix_unitaire: p["prixUnitaire"], montant_total: p["montantTotal"] },
          ...{ taxe: p["taxe"], executee_a: p["executeeA"], event_sequence: event.sequence },
        });
        for (const key of ["ordreVenteId", "ordreAchatId"]) {
          const row = orders.get(String(p[key])) ?? {};
          const left = Number(row["quantite_restante"]) - Number(p["quantite"]);
          Object.assign(row, { quantite_restante: left, statut: "PARTIELLEMENT_EXECUTE", ...moved(event) });
          if (left === 0) Object.assign(row, { statut: "COMPLETE", complete_a: p["executeeA"] });
        }
        trade(priceOf(String(p["itemId"])), p, moved(event));
        break;
      }
      case "OrdreCancelled": {
        const row = orders.get(String(p["ordreId"]));
        if (row !== undefined && p["raison"] !== "REFUSE") Object.assign(row, { statut: p["raison"], ...moved(event) });
        break;
      }
      case "PrixMisAJour":
        Object.assign(priceOf(String(p["itemId"])), {
          ...{ prix_moyen_24h: p["prixMoyen24h"], prix_min_24h: p["prixMin24h"], prix_max_24h: p["prixMax24h"] },
          ...{ volume_24h: p["volume24h"], nombre_transactions_24h: p["nombreTransactions24h"] },
          ...{ dernier_prix: p["dernierPrix"], ...moved(event) },
        });
        break;
    }
  }
  return {
    items: sorted([...items.values()], "item_id"),
    ordres_economie: sorted([...orders.values()], "ordre_id"),
    transactions_economie: sorted(trades, "transaction_id"),
    prix_marche: sorted([...prices.values()], "prix_id"),
  };
}

function trade(row: Row, p: Payload, moved: object): void {
  const [at, price, quantity] = [String(p["executeeA"]), Number(p["prixUnitaire"]), Number(p["quantite"])];
  const history = row["historique_prix"] as Row[];
  const hour = `${at.slice(0, 13)}:00:00.000Z`;
  const last = history.at(-1);
  if (last === undefined || String(last["debut"]) < hour) {
    const prices = { ouverture: price, cloture: price, min: price, max: price };
    history.push({ debut: hour, ...prices, volume: quantity, montant: price * quantity, nombre: 1 });
    if (history.length > 168) history.shift();
  } else {
    last["cloture"] = price;
    last["min"] = Math.min(Number(last["min"]), price);
    last["max"] = Math.max(Number(last["max"]), price);
    last["volume"] = Number(last["volume"]) + quantity;
    last["montant"] = Number(last["montant"]) + price * quantity;
    last["nombre"] = Number(last["nombre"]) + 1;
  }
  Object.assign(row, { dernier_prix: price, derniere_transaction: at, ...moved });
}

function sorted(rows: readonly Row[], key: string): readonly Row[] {
  return rows.toSorted((one, other) => (String(one[key]) < String(other[key]) ? -1 : 1));
}
