import { giveItem, takeFromSlot } from "./carrying.ts";
import type { CommandOf } from "./commands.ts";
import { type Draft, emit } from "./draft.ts";
import { deliverGold, moveGold } from "./gold.ts";
import { type InventaireState, type Slot, slotsInOrder } from "./inventaire.ts";
import { isUntouched, type ObjetTransfere, sameProperties } from "./item-instance.ts";
import { MAX_GOLD } from "./joueur.ts";
import type { PlayerRejectionCode } from "./rejections.ts";

/** [RESERVE-1] */
const MAX_ORDERS = 100;

/** [RESERVE-2]: pieces as new, all of one kind, in the order of their places: the first kind of which there are enough. */
function sellable(state: InventaireState, itemId: string, quantite: number): Slot[] | PlayerRejectionCode {
  const carried = slotsInOrder(state).filter((one) => one.itemId === itemId && one.emplacement === null);
  const untouched = carried.filter((one) => isUntouched(one.proprietes));
  const goods = untouched.filter((one) => one.proprietes.echangeable);
  if (goods.length === 0 && untouched.length > 0) return "NOT_TRADEABLE";
  const kinds: Slot[][] = [];
  for (const slot of goods) {
    const kind = kinds.find(([first]) => first !== undefined && sameProperties(first.proprietes, slot.proprietes));
    if (kind === undefined) kinds.push([slot]);
    else kind.push(slot);
  }
  const sumOf = (kind: readonly Slot[]) => kind.reduce((sum, one) => sum + one.quantite, 0);
  return kinds.find((kind) => sumOf(kind) >= quantite) ?? "NOT_ENOUGH_ITEMS";
}

function setGoodsAside(
  draft: Draft,
  { itemId, quantite, ordreId }: CommandOf<"ReserverOrdre">,
): ObjetTransfere | PlayerRejectionCode {
  const slots = sellable(draft.state.inventaire, itemId, quantite);
  if (typeof slots === "string") return slots;
  const [first] = slots;
  if (first === undefined) return "NOT_ENOUGH_ITEMS";
  let rest = quantite;
  for (const slot of slots) {
    if (rest === 0) break;
    const part = Math.min(rest, slot.quantite);
    const refused = takeFromSlot(draft, slot.slotId, part, "ORDRE_RESERVE", ordreId);
    if (refused !== undefined) return refused;
    rest -= part;
  }
  return { itemId, quantite, proprietes: first.proprietes };
}

/** [RESERVE-1] to [RESERVE-3] */
export function reserve(draft: Draft, command: CommandOf<"ReserverOrdre">): PlayerRejectionCode | undefined {
  const { joueurId, pseudo, ordres } = draft.state.joueur;
  const { ordreId, typeOrdre, itemId, quantite, prixUnitaire, expireA } = command;
  if (ordres[ordreId] !== undefined) return "ORDER_EXISTS";
  if (quantite * prixUnitaire > MAX_GOLD) return "ORDER_TOO_LARGE";
  if (expireA !== null && Date.parse(expireA) <= draft.now) return "ORDER_EXPIRED";
  if (Object.keys(ordres).length >= MAX_ORDERS) return "TOO_MANY_ORDERS";
  const { slots, capacite } = draft.state.inventaire;
  if (typeOrdre === "ACHAT" && Object.keys(slots).length > capacite) return "INVENTORY_FULL";
  const or = typeOrdre === "ACHAT" ? quantite * prixUnitaire : 0;
  const unpaid = moveGold(draft, -or, "ORDRE_RESERVE", ordreId);
  if (unpaid !== undefined) return unpaid;
  const goods = typeOrdre === "VENTE" ? setGoodsAside(draft, command) : undefined;
  if (typeof goods === "string") return goods;
  emit(draft, {
    eventType: "OrdreReserve",
    payload: {
      joueurId,
      pseudo,
      ordreId,
      typeOrdre,
      itemId,
      quantite,
      prixUnitaire,
      expireA,
      reserve: { or, objets: goods === undefined ? [] : [goods] },
    },
  });
  return undefined;
}

/** [RESERVE-4]: what the market owes arrives, also for an order that is closed or was never known. */
export function settle(draft: Draft, command: CommandOf<"ReglerOrdre">): undefined {
  const { ordreId, reference, or, objets, clos, motif } = command;
  deliverGold(draft, or, "ORDRE_REGLE", reference);
  const source = motif === "TRANSACTION" ? "MARCHE" : "RETOUR";
  for (const goods of objets) giveItem(draft, { ...goods, source, reference, force: true });
  const { joueurId, ordres } = draft.state.joueur;
  if (clos && ordres[ordreId] !== undefined)
    emit(draft, { eventType: "OrdreClos", payload: { joueurId, ordreId, motif } });
}
