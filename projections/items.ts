import type { ItemDefinition } from "../domain/catalogue/definitions.ts";
import { type ItemEvent, itemEvents } from "../domain/catalogue/item.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import { type AuthoredTable, projectAuthored, type Said } from "./authored.ts";
import type { Transaction } from "./projector.ts";

export const ITEM_EVENT_TYPES: readonly string[] = Object.keys(itemEvents);

const items: AuthoredTable<ItemDefinition> = {
  table: "items",
  key: "item_id",

  read(event): Said<ItemDefinition> | undefined {
    if (!Object.hasOwn(itemEvents, event.eventType)) return undefined;
    const { eventType, payload } = event as unknown as ItemEvent;
    switch (eventType) {
      case "ItemCree": {
        const { itemId: id, ...defined } = payload;
        return { id, defined };
      }
      case "ItemModifie":
      case "ProprietesModifiees":
        return { id: payload.itemId, change: payload };
      case "ItemDetruit":
        return { id: payload.itemId, retire: true };
    }
  },

  columns: (one) => ({
    nom: one.nom,
    description: one.description,
    type_item: one.typeItem,
    rarete: one.rarete,
    niveau_requis: one.niveauRequis,
    stats: one.stats,
    effets: one.effets,
    valeur_or: one.valeurOr,
    poids: one.poids,
    empilable: one.empilable,
    stack_max: one.stackMax,
    echangeable: one.echangeable,
    destructible: one.destructible,
    icone_url: one.iconeUrl ?? null,
    recette_craft: one.recetteCraft ?? null,
  }),
};

/** The table `items`, for the projector of the market: its tables refer to this one, so both are written together. */
export function projectItems(events: readonly StoredEvent[], transaction: Transaction): Promise<void> {
  return projectAuthored(items, events, transaction);
}
