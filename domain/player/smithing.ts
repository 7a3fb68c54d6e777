import { takeFromSlot } from "./carrying.ts";
import type { CommandOf } from "./commands.ts";
import { type Draft, emit } from "./draft.ts";
import { improvementCost, repairCost } from "./formulas.ts";
import { moveGold } from "./gold.ts";
import type { Slot } from "./inventaire.ts";
import {
  type Enchantement,
  isWearable,
  MAX_ENCHANTMENTS,
  MAX_IMPROVEMENT,
  type ProprietesInstance,
  pieceBonus,
} from "./item-instance.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import type { PayloadOf } from "./state.ts";
import { emitWithOutfit } from "./stats.ts";

type Reason = PayloadOf<"InstanceModifiee">["raison"];

/** What the piece of a slot is from now on. */
export function changeInstance(
  draft: Draft,
  { slotId, itemId, emplacement }: Slot,
  proprietesInstance: ProprietesInstance,
  raison: Reason,
  reference: string,
): void {
  const { joueurId } = draft.state.joueur;
  const payload = { joueurId, itemId, slotId, proprietesInstance, raison, reference };
  if (emplacement === null) emit(draft, { eventType: "InstanceModifiee", payload });
  else emitWithOutfit(draft, (tenue) => ({ eventType: "InstanceModifiee", payload: { ...payload, tenue } }));
}

function equipmentIn(draft: Draft, slotId: string): Slot | PlayerRejectionCode {
  const slot = draft.state.inventaire.slots[slotId];
  if (slot === undefined) return "UNKNOWN_SLOT";
  return isWearable(slot.proprietes) ? slot : "NOT_EQUIPMENT";
}

function work({ slotId, itemId, emplacement }: Slot, cout: number, after: ProprietesInstance) {
  return { slotId, itemId, emplacement, cout, bonus: pieceBonus(after) };
}

/** [SMITH-1], [SMITH-2] */
export function improve(draft: Draft, command: CommandOf<"AmeliorerEquipement">): PlayerRejectionCode | undefined {
  const slot = equipmentIn(draft, command.slotId);
  if (typeof slot === "string") return slot;
  const avant = slot.proprietes.amelioration ?? 0;
  if (avant >= MAX_IMPROVEMENT) return "IMPROVED_TO_LIMIT";
  const cout = improvementCost(slot.proprietes.valeurOr, avant);
  const unpaid = moveGold(draft, -cout, "AMELIORATION", slot.slotId);
  if (unpaid !== undefined) return unpaid;
  const after: ProprietesInstance = { ...slot.proprietes, amelioration: avant + 1 };
  changeInstance(draft, slot, after, "AMELIORATION", slot.slotId);
  const { joueurId } = draft.state.joueur;
  emitWithOutfit(draft, (tenue) => ({
    eventType: "EquipementAmeliore",
    payload: { joueurId, ...work(slot, cout, after), avant, apres: avant + 1, tenue },
  }));
  return undefined;
}

/** [SMITH-4] */
export function repair(draft: Draft, command: CommandOf<"ReparerEquipement">): PlayerRejectionCode | undefined {
  const slot = equipmentIn(draft, command.slotId);
  if (typeof slot === "string") return slot;
  const { usure = 0, ...after } = slot.proprietes;
  const { durabiliteMax } = after;
  // Things that were given may say that they are worn more than they can be.
  const points = Math.min(usure, durabiliteMax);
  if (points === 0) return "NOT_DAMAGED";
  const cout = repairCost(after.valeurOr, points, durabiliteMax);
  const unpaid = moveGold(draft, -cout, "REPARATION", slot.slotId);
  if (unpaid !== undefined) return unpaid;
  changeInstance(draft, slot, after, "REPARATION", slot.slotId);
  const { joueurId } = draft.state.joueur;
  const avant = durabiliteMax - points;
  emitWithOutfit(draft, (tenue) => ({
    eventType: "EquipementRepare",
    payload: { joueurId, ...work(slot, cout, after), avant, apres: durabiliteMax, durabiliteMax, tenue },
  }));
  return undefined;
}

/** The enchantments that a piece of a material holds, as a piece of equipment bears them. */
function enchantmentsOf({ itemId, proprietes }: Slot): Enchantement[] {
  return proprietes.effets.flatMap((one) =>
    one.type === "ENCHANTEMENT" ? [{ itemId, nom: one.nom, stats: one.stats }] : [],
  );
}

/** [SMITH-5] */
export function enchant(draft: Draft, command: CommandOf<"EnchanterEquipement">): PlayerRejectionCode | undefined {
  const slot = equipmentIn(draft, command.slotId);
  if (typeof slot === "string") return slot;
  const material = draft.state.inventaire.slots[command.materiauSlotId];
  if (material === undefined) return "UNKNOWN_SLOT";
  const more = enchantmentsOf(material);
  if (more.length === 0 || material === slot) return "NO_ENCHANTMENT";
  const before = slot.proprietes.enchantements ?? [];
  const enchantements = [...before, ...more];
  const twice = new Set(enchantements.map((one) => one.nom)).size < enchantements.length;
  if (twice || enchantements.length > MAX_ENCHANTMENTS) return "ENCHANTED_TO_LIMIT";
  const refused = takeFromSlot(draft, material.slotId, 1, "ENCHANTEMENT", slot.slotId);
  if (refused !== undefined) return refused;
  const after: ProprietesInstance = { ...slot.proprietes, enchantements };
  changeInstance(draft, slot, after, "ENCHANTEMENT", material.itemId);
  const { joueurId } = draft.state.joueur;
  const materiauItemId = material.itemId;
  emitWithOutfit(draft, (tenue) => ({
    eventType: "EnchantementsAppliques",
    payload: { joueurId, ...work(slot, 0, after), materiauItemId, enchantements, tenue },
  }));
  return undefined;
}

/** [SMITH-3]: a durable piece that is not broken yet loses durability. */
export function wearDown(draft: Draft, slot: Slot, points: number, reference: string): void {
  const { durabiliteMax, usure = 0 } = slot.proprietes;
  if (usure >= durabiliteMax) return;
  const after: ProprietesInstance = { ...slot.proprietes, usure: Math.min(durabiliteMax, usure + points) };
  changeInstance(draft, slot, after, "COMBAT", reference);
}
