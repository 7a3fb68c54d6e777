import { z } from "zod";
import { type ItemDefinition, itemDefinition } from "../catalogue/definitions.ts";
import { type DeepReadonly, whole } from "../combat/values.ts";
import { type Bonus, bonus, type Stat, stat } from "../values.ts";
import { improved } from "./formulas.ts";

/** [SMITH-2] */
export const MAX_IMPROVEMENT = 10;
/** [SMITH-5] */
export const MAX_ENCHANTMENTS = 3;

const enchantement = z.object({ itemId: z.uuid(), nom: z.string().min(1).max(100), stats: bonus });

/**
 * What one piece is: the item's definition as it was when the piece was given, and what happened to it since. Nothing of
 * that is there on a piece that is as new.
 */
export const proprietesInstance = itemDefinition.extend({
  amelioration: whole(1, MAX_IMPROVEMENT).optional(),
  enchantements: z.array(enchantement).max(MAX_ENCHANTMENTS).optional(),
  /** Durability that is gone; at `durabiliteMax` the piece is broken. */
  usure: whole(1, 10_000).optional(),
});
export type ProprietesInstance = DeepReadonly<z.infer<typeof proprietesInstance>>;
export type Enchantement = DeepReadonly<z.infer<typeof enchantement>>;

/** Bonuses added up: no longer within the bounds of a single one. */
export const bonusSum = z.partialRecord(stat, z.int());

/** Goods on their way from one place to another. */
export const objetTransfere = z.object({
  itemId: z.uuid(),
  quantite: whole(1, 1_000_000),
  proprietes: proprietesInstance,
});
export type ObjetTransfere = DeepReadonly<z.infer<typeof objetTransfere>>;

export function isWearable(item: ItemDefinition): boolean {
  return item.emplacements.length > 0;
}

/** [BAG-2]: what can be worn never shares a slot. */
export function maxStack(item: ItemDefinition): number {
  return item.empilable && !isWearable(item) ? item.stackMax : 1;
}

/** [SMITH-3] */
export function isBroken(item: ProprietesInstance): boolean {
  return item.durabiliteMax > 0 && (item.usure ?? 0) >= item.durabiliteMax;
}

/** [RESERVE-2] */
export function isUntouched(item: ProprietesInstance): boolean {
  return item.amelioration === undefined && item.enchantements === undefined && item.usure === undefined;
}

export function addBonus(sum: Bonus, more: Bonus): Bonus {
  const next: Partial<Record<Stat, number>> = { ...sum };
  for (const [name, value] of Object.entries(more) as [Stat, number][]) next[name] = (next[name] ?? 0) + value;
  return next;
}

/** [STAT-2]: what wearing the piece adds; nothing when it is broken. */
export function pieceBonus(item: ProprietesInstance): Bonus {
  if (isBroken(item)) return {};
  const own = Object.fromEntries(
    Object.entries(item.stats).map(([name, value]) => [name, improved(value ?? 0, item.amelioration ?? 0)]),
  ) as Bonus;
  return (item.enchantements ?? []).reduce<Bonus>((sum, one) => addBonus(sum, one.stats), own);
}

/** Keys in one order, because the database gives them back in another. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, ordered(part)]));
}

/** As JSON, the same for the same value, whether it was just decided or has been read from the log. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(ordered(value));
}

/** [BAG-2]: only the same pieces share a slot. */
export function sameProperties(one: ProprietesInstance, other: ProprietesInstance): boolean {
  return one === other || canonicalJson(one) === canonicalJson(other);
}
