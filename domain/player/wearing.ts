import type { Emplacement } from "../values.ts";
import type { CommandOf } from "./commands.ts";
import type { Draft } from "./draft.ts";
import { type Slot, wornAt } from "./inventaire.ts";
import { isBroken, isWearable, pieceBonus } from "./item-instance.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import type { PlayerState } from "./state.ts";
import { emitWithOutfit } from "./stats.ts";

/** [WEAR-2]: level and class; the same for what is used. */
export function wearRefused({ joueur }: PlayerState, { proprietes }: Slot): PlayerRejectionCode | undefined {
  if (joueur.niveau < proprietes.niveauRequis) return "LEVEL_TOO_LOW";
  const { classes } = proprietes;
  return classes.length > 0 && !classes.includes(joueur.classe) ? "WRONG_CLASS" : undefined;
}

/** [WEAR-3]: the place that is named; else the first that is free; else the first. */
function placeFor(state: PlayerState, slot: Slot, named: Emplacement | undefined): Emplacement | undefined {
  const places = slot.proprietes.emplacements;
  if (named !== undefined) return places.includes(named) ? named : undefined;
  return places.find((place) => wornAt(state.inventaire, place) === undefined) ?? places[0];
}

export function takeOff(draft: Draft, { slotId, itemId, proprietes }: Slot, emplacement: Emplacement): void {
  const { joueurId } = draft.state.joueur;
  const bonus = pieceBonus(proprietes);
  emitWithOutfit(draft, (tenue) => ({
    eventType: "ItemDesequipe",
    payload: { joueurId, itemId, slotId, emplacement, bonus, tenue },
  }));
}

/** [WEAR-1] to [WEAR-4] */
export function equip(draft: Draft, command: CommandOf<"EquiperItem">): PlayerRejectionCode | undefined {
  const { inventaire, joueur } = draft.state;
  const slot = inventaire.slots[command.slotId];
  if (slot === undefined) return "UNKNOWN_SLOT";
  if (!isWearable(slot.proprietes)) return "NOT_WEARABLE";
  const place = placeFor(draft.state, slot, command.emplacement);
  if (place === undefined) return "NOT_WEARABLE";
  if (slot.emplacement === place || (slot.emplacement !== null && command.emplacement === undefined)) return undefined;
  if (isBroken(slot.proprietes)) return "ITEM_BROKEN";
  const refused = wearRefused(draft.state, slot);
  if (refused !== undefined) return refused;
  const before = wornAt(inventaire, place);
  if (slot.emplacement !== null) takeOff(draft, slot, slot.emplacement);
  if (before !== undefined) takeOff(draft, before, place);
  emitWithOutfit(draft, (tenue) => ({
    eventType: "ItemEquipe",
    payload: {
      joueurId: joueur.joueurId,
      itemId: slot.itemId,
      slotId: slot.slotId,
      emplacement: place,
      bonus: pieceBonus(slot.proprietes),
      ...(before === undefined ? {} : { remplace: before.slotId }),
      tenue,
    },
  }));
  return undefined;
}

/** [WEAR-5] */
export function unequip(draft: Draft, command: CommandOf<"DesequiperItem">): PlayerRejectionCode | undefined {
  const slot = wornAt(draft.state.inventaire, command.emplacement);
  if (slot === undefined) return "NOTHING_WORN";
  takeOff(draft, slot, command.emplacement);
  return undefined;
}
