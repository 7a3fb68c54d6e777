import { z } from "zod";
import { effetItem } from "../catalogue/definitions.ts";
import { type DeepReadonly, whole } from "../combat/values.ts";
import { type Emplacement, emplacement } from "../values.ts";
import { bonusSum, objetTransfere, proprietesInstance } from "./item-instance.ts";
import { tenue } from "./outfit.ts";

/** [BAG-1]: how large an inventory begins, and how large it can become. */
export const START_CAPACITY = 50;
export const START_WEIGHT = 1_000;
export const MAX_CAPACITY = 500;
export const MAX_WEIGHT = 1_000_000;
/** [BAG-10]: with 1,000 slots a delivery of 999 more takes 0.8 s to decide and fold, with 10,000 minutes. */
export const MAX_SLOTS = 1_000;

const id = z.uuid();
const count = z.int().min(0);
const quantite = z.int().min(1);
const instant = z.iso.datetime();
const reference = z.string().min(1).max(100);

export const typeSlot = z.enum(["GENERAL", "EQUIPEMENT", "CONSOMMABLE", "MATERIAU", "QUETE"]);

/** Where pieces come from. DIVISION and EMPILEMENT are moves within the inventory, RETOUR gives back what was set aside. */
export const sourceItem = z.enum([
  "COMBAT",
  "QUETE",
  "MONDE",
  "RECOLTE",
  "CADEAU",
  "PNJ",
  "MARCHE",
  "RETOUR",
  "ECHANGE",
  "DIVISION",
  "EMPILEMENT",
  "AUTRE",
]);
export const raisonRetrait = z.enum([
  "COMBAT",
  "QUETE",
  "VENTE_PNJ",
  "ORDRE_RESERVE",
  "ECHANGE",
  "ENCHANTEMENT",
  "JETE",
  "DETRUIT",
  "DIVISION",
  "EMPILEMENT",
  "AUTRE",
]);

/** A pile after a change; `quantite` is what came or went, `poidsActuel` what all carried things weigh afterwards. */
const mouvement = z.object({
  joueurId: id,
  itemId: id,
  slotId: id,
  position: count,
  quantite,
  quantiteApres: count,
  reference,
  proprietesInstance,
  poidsActuel: count,
});
const itemAjoute = mouvement.extend({ typeSlot, source: sourceItem, obtenuA: instant });
const itemRetire = mouvement.extend({ raison: raisonRetrait });

/** What was owed and could not be kept any more ([BAG-10]). */
const itemPerdu = z.object({ joueurId: id, itemId: id, quantite, source: sourceItem, reference, proprietesInstance });

/** Worn things stay in their slot. `remplace`: the slot of what was worn there, for which ItemDesequipe comes before. */
const itemEquipe = z.object({
  joueurId: id,
  itemId: id,
  slotId: id,
  emplacement,
  bonus: bonusSum,
  remplace: id.optional(),
  tenue,
});
const itemDesequipe = itemEquipe.omit({ remplace: true });

/** The pieces are gone with it: no ItemRetire comes beside it. `cible` is the player. */
const itemUtilise = mouvement
  .omit({ proprietesInstance: true })
  .extend({ cible: id, effets: z.array(effetItem).max(8) });

const itemEchange = z.object({
  joueurId: id,
  echangeId: id,
  avec: id,
  pseudoAvec: z.string(),
  donnes: z.array(objetTransfere),
  recus: z.array(objetTransfere),
  /** Gold: what was gained by it, below 0 what was paid. */
  or: z.int(),
});

/** Values after; `ajout` is what was added. */
const capaciteModifiee = z.object({
  joueurId: id,
  capacite: whole(0, MAX_CAPACITY),
  poidsMax: whole(0, MAX_WEIGHT),
  ajout: z.object({ capacite: count, poidsMax: count }),
  raison: z.enum(["CREATION", "OBJET"]),
  reference,
});

/** `echange`: what lay there goes where the other came from. */
const itemDeplace = z.object({
  joueurId: id,
  slotId: id,
  de: count,
  vers: count,
  echange: z.object({ slotId: id }).optional(),
});

/** What a piece is from now on. `tenue` is there when it is worn. */
const instanceModifiee = z.object({
  joueurId: id,
  itemId: id,
  slotId: id,
  proprietesInstance,
  raison: z.enum(["COMBAT", "AMELIORATION", "REPARATION", "ENCHANTEMENT"]),
  reference,
  tenue: tenue.optional(),
});

export const inventairePayloads = {
  /** Ours, beyond the contract's list: ItemDeplace, ItemPerdu, InstanceModifiee. */
  ItemDeplace: itemDeplace,
  ItemPerdu: itemPerdu,
  InstanceModifiee: instanceModifiee,
  ItemAjoute: itemAjoute,
  ItemRetire: itemRetire,
  ItemEquipe: itemEquipe,
  ItemDesequipe: itemDesequipe,
  ItemUtilise: itemUtilise,
  ItemEchange: itemEchange,
  CapaciteModifiee: capaciteModifiee,
} as const;

type Payloads = {
  readonly [Type in keyof typeof inventairePayloads]: DeepReadonly<z.infer<(typeof inventairePayloads)[Type]>>;
};
export type InventaireEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];
export type SourceItem = z.infer<typeof sourceItem>;
export type RaisonRetrait = z.infer<typeof raisonRetrait>;

const slot = z.object({
  slotId: id,
  itemId: id,
  quantite,
  position: count,
  /** Where it is worn; null: it is not. */
  emplacement: emplacement.nullable(),
  proprietes: proprietesInstance,
  obtenuA: instant,
});

export const inventaireStateSchema = z.object({
  capacite: whole(0, MAX_CAPACITY),
  poidsMax: whole(0, MAX_WEIGHT),
  poidsActuel: count,
  /** By slotId. */
  slots: z.record(id, slot),
});

export type InventaireState = DeepReadonly<z.infer<typeof inventaireStateSchema>>;
export type Slot = DeepReadonly<z.infer<typeof slot>>;

export const initialInventaire: InventaireState = { capacite: 0, poidsMax: 0, poidsActuel: 0, slots: {} };

/** By position, which a snapshot cannot change, as it can the order of keys. */
export function slotsInOrder(state: InventaireState): Slot[] {
  return Object.values(state.slots).sort((one, other) => one.position - other.position);
}

export function wornAt(state: InventaireState, place: Emplacement): Slot | undefined {
  return Object.values(state.slots).find((one) => one.emplacement === place);
}

/** An event about a slot that is not there changes no slot: folding never fails. */
function changed(state: InventaireState, slotId: string, change: Partial<Slot>): InventaireState {
  const one = state.slots[slotId];
  return one === undefined ? state : { ...state, slots: { ...state.slots, [slotId]: { ...one, ...change } } };
}

function left(state: InventaireState, slotId: string, rest: number, poidsActuel: number): InventaireState {
  if (rest > 0) return { ...changed(state, slotId, { quantite: rest }), poidsActuel };
  const { [slotId]: _gone, ...slots } = state.slots;
  return { ...state, slots, poidsActuel };
}

export function evolveInventaire(state: InventaireState, event: InventaireEvent): InventaireState {
  switch (event.eventType) {
    case "ItemAjoute": {
      const { slotId, itemId, position, quantiteApres, obtenuA, poidsActuel } = event.payload;
      if (state.slots[slotId] !== undefined || quantiteApres === 0)
        return left(state, slotId, quantiteApres, poidsActuel);
      const proprietes = event.payload.proprietesInstance;
      const one: Slot = { slotId, itemId, quantite: quantiteApres, position, emplacement: null, proprietes, obtenuA };
      return { ...state, slots: { ...state.slots, [slotId]: one }, poidsActuel };
    }
    case "ItemRetire":
    case "ItemUtilise":
      return left(state, event.payload.slotId, event.payload.quantiteApres, event.payload.poidsActuel);
    case "ItemEquipe":
      return changed(state, event.payload.slotId, { emplacement: event.payload.emplacement });
    case "ItemDesequipe":
      return changed(state, event.payload.slotId, { emplacement: null });
    case "ItemDeplace": {
      const { slotId, de, vers, echange } = event.payload;
      const moved = changed(state, slotId, { position: vers });
      return echange === undefined ? moved : changed(moved, echange.slotId, { position: de });
    }
    case "InstanceModifiee":
      return changed(state, event.payload.slotId, { proprietes: event.payload.proprietesInstance });
    case "CapaciteModifiee":
      return { ...state, capacite: event.payload.capacite, poidsMax: event.payload.poidsMax };
    case "ItemEchange":
    case "ItemPerdu":
      return state;
  }
}
