import type { Tenue } from "../domain/player/outfit.ts";
import { emplacement } from "../domain/values.ts";
import type { InventaireTold, Told } from "./player-events.ts";
import { newest } from "./player-fold.ts";
import {
  equipementId,
  type InventaireRow,
  type ItemRow,
  inventaireId,
  type JoueurRow,
  type PlayerRows,
  type SetRow,
  slotColumn,
} from "./player-rows.ts";

/** The slots whose rows an event is about. */
export function slotsIn({ payload }: Told): string[] {
  const slots = "slotId" in payload ? [payload.slotId] : [];
  return "echange" in payload && payload.echange !== undefined ? [...slots, payload.echange.slotId] : slots;
}

const PLACES = emplacement.options.map(slotColumn);

/** The set without a piece, wherever it is worn. */
function without(set: SetRow, slotId: string): SetRow {
  const worn = PLACES.filter((column) => set[column] === slotId);
  return { ...set, ...Object.fromEntries(worn.map((column) => [column, null])) };
}

/** Everything of one player that an event of its things may change. */
class Things {
  readonly #rows: PlayerRows;
  readonly #joueur: JoueurRow;
  readonly #event: InventaireTold;
  constructor(rows: PlayerRows, joueur: JoueurRow, event: InventaireTold) {
    this.#rows = rows;
    this.#joueur = joueur;
    this.#event = event;
  }

  get #stamp() {
    return { last_event_sequence: this.#event.sequence, updated_at: this.#event.timestamp };
  }

  changeInventory(change: (row: InventaireRow) => Partial<InventaireRow>): undefined {
    const row = this.#rows.inventaires.get(inventaireId(this.#joueur.joueur_id));
    if (row !== undefined) this.#rows.inventaires.put({ ...row, ...change(row), ...this.#stamp });
  }

  /** Of two streams, one of which may be late. */
  changeSet(change: (row: SetRow) => Partial<SetRow>): void {
    const row = this.#rows.sets.get(equipementId(this.#joueur.joueur_id));
    if (row === undefined) return;
    const stamp = row.last_event_sequence > this.#event.sequence ? {} : this.#stamp;
    this.#rows.sets.put({ ...row, ...change(row), ...stamp });
  }

  changeItem(slotId: string, change: Partial<ItemRow>): boolean {
    const row = this.#rows.items.get(slotId);
    if (row !== undefined) this.#rows.items.put({ ...row, ...change, event_sequence: this.#event.sequence });
    return row !== undefined;
  }

  /** What is left of a pile; none: its slot is free, and nothing of it is worn any more. */
  left(slotId: string, quantite: number, poids_actuel: number): undefined {
    const known = this.#rows.items.get(slotId);
    const gone = known !== undefined && quantite === 0;
    if (gone) {
      this.#rows.items.remove(slotId);
      if (known.est_equipe) this.changeSet((set) => without(set, slotId));
    } else this.changeItem(slotId, { quantite });
    this.changeInventory((row) => ({ poids_actuel, slots_utilises: row.slots_utilises - (gone ? 1 : 0) }));
  }

  added(payload: Told<"ItemAjoute">["payload"]): undefined {
    const { slotId, quantiteApres, poidsActuel: poids_actuel } = payload;
    if (this.#rows.items.get(slotId) !== undefined || quantiteApres === 0)
      return this.left(slotId, quantiteApres, poids_actuel);
    this.#rows.items.put({
      slot_id: slotId,
      inventaire_id: inventaireId(this.#joueur.joueur_id),
      joueur_id: this.#joueur.joueur_id,
      item_id: payload.itemId,
      quantite: quantiteApres,
      type_slot: payload.typeSlot,
      position_slot: payload.position,
      est_equipe: false,
      proprietes_instance: payload.proprietesInstance,
      obtenu_a: payload.obtenuA,
      event_sequence: this.#event.sequence,
    });
    return this.changeInventory((row) => ({ poids_actuel, slots_utilises: row.slots_utilises + 1 }));
  }

  /** What all that is worn comes to. Two streams tell it; the newest stands. */
  outfit({ statsEquipement, bonusSet, valeurAttaque, valeurDefense, statsTotales }: Tenue): undefined {
    const { sequence } = this.#event;
    if (sequence < (this.#joueur.sequences.tenue ?? 0)) return;
    const dressed = {
      ...this.#joueur,
      ...newest(this.#joueur, "tenue", sequence, { stats_equipement: statsEquipement }),
    };
    this.#rows.joueurs.put({
      ...dressed,
      ...newest(dressed, "statsTotales", sequence, { stats_totales: statsTotales }),
    });
    this.changeSet(() => ({
      bonus_set: bonusSet,
      valeur_attaque_totale: valeurAttaque,
      valeur_defense_totale: valeurDefense,
    }));
  }
}

export function foldInventaire(rows: PlayerRows, joueur: JoueurRow, event: InventaireTold): undefined {
  const things = new Things(rows, joueur, event);
  switch (event.eventType) {
    case "ItemAjoute":
      return things.added(event.payload);
    case "ItemRetire":
    case "ItemUtilise":
      return things.left(event.payload.slotId, event.payload.quantiteApres, event.payload.poidsActuel);
    case "ItemEquipe": {
      const { slotId, emplacement: place, tenue } = event.payload;
      if (things.changeItem(slotId, { est_equipe: true }))
        things.changeSet((set) => ({ ...without(set, slotId), [slotColumn(place)]: slotId }));
      things.changeInventory(() => ({}));
      return things.outfit(tenue);
    }
    case "ItemDesequipe": {
      const { slotId, tenue } = event.payload;
      things.changeItem(slotId, { est_equipe: false });
      things.changeSet((set) => without(set, slotId));
      things.changeInventory(() => ({}));
      return things.outfit(tenue);
    }
    case "ItemDeplace": {
      const { slotId, de, vers, echange } = event.payload;
      things.changeItem(slotId, { position_slot: vers });
      if (echange !== undefined) things.changeItem(echange.slotId, { position_slot: de });
      return things.changeInventory(() => ({}));
    }
    case "InstanceModifiee": {
      const { slotId, proprietesInstance, tenue } = event.payload;
      things.changeItem(slotId, { proprietes_instance: proprietesInstance });
      things.changeInventory(() => ({}));
      return tenue === undefined ? undefined : things.outfit(tenue);
    }
    case "CapaciteModifiee": {
      const { capacite, poidsMax: poids_max, ajout, raison, reference } = event.payload;
      const more = raison === "OBJET" ? [{ ...ajout, reference, a: event.timestamp }] : [];
      return things.changeInventory((row) => ({ capacite, poids_max, extensions: [...row.extensions, ...more] }));
    }
    case "EquipementCree":
    case "EquipementAmeliore":
    case "EquipementRepare":
    case "EnchantementsAppliques":
      return things.outfit(event.payload.tenue);
  }
}
