import type { z } from "zod";
import type { ItemDefinition } from "../catalogue/definitions.ts";
import { type Draft, emit, isoTime, newId } from "./draft.ts";
import {
  type InventaireState,
  MAX_SLOTS,
  type RaisonRetrait,
  type Slot,
  type SourceItem,
  slotsInOrder,
  type typeSlot,
} from "./inventaire.ts";
import { maxStack, type ProprietesInstance, sameProperties } from "./item-instance.ts";
import type { PlayerRejectionCode } from "./rejections.ts";

const SLOT_OF: Readonly<Record<ItemDefinition["typeItem"], z.infer<typeof typeSlot>>> = {
  ARME: "EQUIPEMENT",
  ARMURE: "EQUIPEMENT",
  CONSOMMABLE: "CONSOMMABLE",
  MATERIAU: "MATERIAU",
  QUETE: "QUETE",
  AUTRE: "GENERAL",
};

/** [BAG-3]: the lowest position at which nothing lies; beyond the capacity once all of it is taken. */
export function freePosition(state: InventaireState): number {
  const taken = new Set(Object.values(state.slots).map((one) => one.position));
  let position = 0;
  while (taken.has(position)) position++;
  return position;
}

interface Coming {
  readonly itemId: string;
  readonly proprietes: ProprietesInstance;
  readonly source: SourceItem;
  readonly reference: string;
}

/** Puts pieces into a slot, a new one where none is named. */
export function putInto(draft: Draft, coming: Coming, slot: Slot | undefined, quantite: number, at?: number): void {
  const { itemId, proprietes, source, reference } = coming;
  const { inventaire, joueur } = draft.state;
  emit(draft, {
    eventType: "ItemAjoute",
    payload: {
      joueurId: joueur.joueurId,
      itemId,
      slotId: slot?.slotId ?? newId(draft),
      position: slot?.position ?? at ?? freePosition(inventaire),
      quantite,
      quantiteApres: (slot?.quantite ?? 0) + quantite,
      typeSlot: SLOT_OF[proprietes.typeItem],
      source,
      reference,
      proprietesInstance: proprietes,
      poidsActuel: inventaire.poidsActuel + proprietes.poids * quantite,
      obtenuA: slot?.obtenuA ?? isoTime(draft.now),
    },
  });
}

/** Piles that the pieces can join, with room in each. */
function joinable(state: InventaireState, { itemId, proprietes }: Coming): { slot: Slot; room: number }[] {
  const most = maxStack(proprietes);
  if (most === 1) return [];
  return slotsInOrder(state)
    .filter((slot) => slot.itemId === itemId && slot.quantite < most && sameProperties(slot.proprietes, proprietes))
    .map((slot) => ({ slot, room: most - slot.quantite }));
}

interface Given {
  readonly itemId: string;
  readonly quantite: number;
  readonly source: SourceItem;
  readonly reference: string;
  /** What the game owes arrives, over capacity and weight too ([BAG-5]). */
  readonly force: boolean;
}
export type Gift = Given & ({ readonly definition: ItemDefinition } | { readonly proprietes: ProprietesInstance });

/** [BAG-10] */
function lose(draft: Draft, { itemId, proprietes, source, reference }: Coming, quantite: number): void {
  const { joueurId } = draft.state.joueur;
  const payload = { joueurId, itemId, quantite, source, reference, proprietesInstance: proprietes };
  if (quantite > 0) emit(draft, { eventType: "ItemPerdu", payload });
}

/** [BAG-2] to [BAG-5]: onto the piles that are there, then into new slots. All of it, or nothing and why not. */
export function giveItem(draft: Draft, gift: Gift): PlayerRejectionCode | undefined {
  const { itemId, quantite, source, reference, force } = gift;
  const proprietes = "proprietes" in gift ? gift.proprietes : gift.definition;
  const coming: Coming = { itemId, proprietes, source, reference };
  const { inventaire } = draft.state;
  const piles = joinable(inventaire, coming);
  const most = maxStack(proprietes);
  const room = piles.reduce((sum, one) => sum + one.room, 0);
  const used = Object.keys(inventaire.slots).length;
  if (!force) {
    const slots = used + Math.ceil(Math.max(0, quantite - room) / most);
    if (slots > inventaire.capacite && quantite > room) return "INVENTORY_FULL";
    const weight = proprietes.poids * quantite;
    if (weight > 0 && inventaire.poidsActuel + weight > inventaire.poidsMax) return "TOO_HEAVY";
  }
  const kept = Math.min(quantite, room + Math.max(0, MAX_SLOTS - used) * most);
  let rest = kept;
  for (const { slot, room } of piles) {
    if (rest === 0) break;
    const part = Math.min(rest, room);
    putInto(draft, coming, slot, part);
    rest -= part;
  }
  for (; rest > 0; rest -= Math.min(rest, most)) putInto(draft, coming, undefined, Math.min(rest, most));
  lose(draft, coming, quantite - kept);
  return undefined;
}

/** Takes pieces out of a slot that is not worn. */
export function takeFromSlot(
  draft: Draft,
  slotId: string,
  quantite: number,
  raison: RaisonRetrait,
  reference: string,
): PlayerRejectionCode | undefined {
  const { inventaire, joueur } = draft.state;
  const slot = inventaire.slots[slotId];
  if (slot === undefined) return "UNKNOWN_SLOT";
  if (slot.emplacement !== null) return "ITEM_WORN";
  if (slot.quantite < quantite) return "NOT_ENOUGH_ITEMS";
  emit(draft, {
    eventType: "ItemRetire",
    payload: {
      joueurId: joueur.joueurId,
      itemId: slot.itemId,
      slotId,
      position: slot.position,
      quantite,
      quantiteApres: slot.quantite - quantite,
      raison,
      reference,
      proprietesInstance: slot.proprietes,
      poidsActuel: weightWithout(inventaire, slot, quantite),
    },
  });
  return undefined;
}

/** What is carried weighs without some pieces of a slot. */
export function weightWithout(state: InventaireState, slot: Slot, quantite: number): number {
  return Math.max(0, state.poidsActuel - slot.proprietes.poids * quantite);
}
