import { freePosition, putInto, takeFromSlot } from "./carrying.ts";
import type { CommandOf } from "./commands.ts";
import { type Draft, emit } from "./draft.ts";
import { maxStack, sameProperties } from "./item-instance.ts";
import type { PlayerRejectionCode } from "./rejections.ts";

/** [BAG-6]: as many pieces come as go, with all that they are. */
export function split(draft: Draft, command: CommandOf<"DiviserPile">): PlayerRejectionCode | undefined {
  const { inventaire } = draft.state;
  const { slotId, quantite } = command;
  const slot = inventaire.slots[slotId];
  if (slot === undefined) return "UNKNOWN_SLOT";
  if (slot.quantite <= quantite) return "NOT_ENOUGH_ITEMS";
  const position = command.position ?? freePosition(inventaire);
  if (Object.keys(inventaire.slots).length >= inventaire.capacite) return "INVENTORY_FULL";
  if (position >= inventaire.capacite) return "INVALID_POSITION";
  if (Object.values(inventaire.slots).some((one) => one.position === position)) return "POSITION_TAKEN";
  const refused = takeFromSlot(draft, slotId, quantite, "DIVISION", slotId);
  if (refused !== undefined) return refused;
  const { itemId, proprietes } = slot;
  putInto(draft, { itemId, proprietes, source: "DIVISION", reference: slotId }, undefined, quantite, position);
  return undefined;
}

/** [BAG-6]: as many as fit. */
export function merge(draft: Draft, command: CommandOf<"EmpilerItems">): PlayerRejectionCode | undefined {
  const { slots } = draft.state.inventaire;
  const { deSlotId, versSlotId } = command;
  const [from, to] = [slots[deSlotId], slots[versSlotId]];
  if (from === undefined || to === undefined) return "UNKNOWN_SLOT";
  const same = from.itemId === to.itemId && sameProperties(from.proprietes, to.proprietes);
  if (from === to || !same) return "DIFFERENT_ITEMS";
  const quantite = Math.min(from.quantite, maxStack(to.proprietes) - to.quantite);
  if (quantite <= 0) return "STACK_FULL";
  const refused = takeFromSlot(draft, deSlotId, quantite, "EMPILEMENT", versSlotId);
  if (refused !== undefined) return refused;
  const { itemId, proprietes } = to;
  putInto(draft, { itemId, proprietes, source: "EMPILEMENT", reference: deSlotId }, to, quantite);
  return undefined;
}

/** [BAG-7] */
export function move(draft: Draft, command: CommandOf<"DeplacerItem">): PlayerRejectionCode | undefined {
  const { inventaire, joueur } = draft.state;
  const { slotId, position } = command;
  const slot = inventaire.slots[slotId];
  if (slot === undefined) return "UNKNOWN_SLOT";
  if (position === slot.position) return undefined;
  if (position >= inventaire.capacite) return "INVALID_POSITION";
  const other = Object.values(inventaire.slots).find((one) => one.position === position);
  emit(draft, {
    eventType: "ItemDeplace",
    payload: {
      joueurId: joueur.joueurId,
      slotId,
      de: slot.position,
      vers: position,
      ...(other === undefined ? {} : { echange: { slotId: other.slotId } }),
    },
  });
  return undefined;
}

/** [BAG-8] */
export function throwAway(draft: Draft, command: CommandOf<"JeterItem">): PlayerRejectionCode | undefined {
  const { slotId, quantite } = command;
  if (draft.state.inventaire.slots[slotId]?.proprietes.typeItem === "QUETE") return "NOT_DISCARDABLE";
  return takeFromSlot(draft, slotId, quantite, "JETE", slotId);
}

/** [BAG-8] */
export function destroy(draft: Draft, command: CommandOf<"DetruireItem">): PlayerRejectionCode | undefined {
  const { slotId, quantite } = command;
  if (draft.state.inventaire.slots[slotId]?.proprietes.destructible === false) return "NOT_DESTRUCTIBLE";
  return takeFromSlot(draft, slotId, quantite, "DETRUIT", slotId);
}
