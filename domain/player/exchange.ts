import { giveItem, takeFromSlot } from "./carrying.ts";
import type { CommandOf } from "./commands.ts";
import { type Draft, emit } from "./draft.ts";
import { moveGold } from "./gold.ts";
import type { ObjetTransfere } from "./item-instance.ts";
import type { PlayerRejectionCode } from "./rejections.ts";

type Exchange = CommandOf<"ConclureEchange">;

function refusedAtOnce(draft: Draft, { avec, donnes, recus }: Exchange): PlayerRejectionCode | undefined {
  if (avec === draft.state.joueur.joueurId) return "SELF_EXCHANGE";
  const nothing = donnes.or + recus.or + donnes.objets.length + recus.objets.length === 0;
  if (nothing) return "EMPTY_EXCHANGE";
  return recus.objets.every((one) => one.proprietes.echangeable) ? undefined : "NOT_TRADEABLE";
}

/** The goods of the slots that are named, as the other player gets them. */
function handedOver(draft: Draft, { donnes }: Exchange): ObjetTransfere[] | PlayerRejectionCode {
  const goods: ObjetTransfere[] = [];
  for (const { slotId, quantite } of donnes.objets) {
    const slot = draft.state.inventaire.slots[slotId];
    if (slot === undefined) return "UNKNOWN_SLOT";
    if (!slot.proprietes.echangeable) return "NOT_TRADEABLE";
    goods.push({ itemId: slot.itemId, quantite, proprietes: slot.proprietes });
  }
  return goods;
}

/** [TRADE-1] to [TRADE-3]: first all that is given, then all that is received; any refusal refuses the whole. */
export function exchange(draft: Draft, command: Exchange): PlayerRejectionCode | undefined {
  const { echangeId, avec, pseudoAvec, donnes, recus } = command;
  const goods = refusedAtOnce(draft, command) ?? handedOver(draft, command);
  if (typeof goods === "string") return goods;
  const { joueurId } = draft.state.joueur;
  const or = recus.or - donnes.or;
  emit(draft, {
    eventType: "ItemEchange",
    payload: { joueurId, echangeId, avec, pseudoAvec, donnes: goods, recus: recus.objets, or },
  });
  const unpaid = moveGold(draft, -donnes.or, "ECHANGE", echangeId) ?? moveGold(draft, recus.or, "ECHANGE", echangeId);
  if (unpaid !== undefined) return unpaid;
  for (const { slotId, quantite } of donnes.objets) {
    const refused = takeFromSlot(draft, slotId, quantite, "ECHANGE", echangeId);
    if (refused !== undefined) return refused;
  }
  for (const received of recus.objets) {
    const refused = giveItem(draft, { ...received, source: "ECHANGE", reference: echangeId, force: false });
    if (refused !== undefined) return refused;
  }
  return undefined;
}
