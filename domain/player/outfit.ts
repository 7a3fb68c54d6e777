import { z } from "zod";
import type { DeepReadonly } from "../combat/values.ts";
import { type Bonus, stat } from "../values.ts";
import { addBonus, bonusSum, isBroken, type ProprietesInstance, pieceBonus } from "./item-instance.ts";

const bonusSet = z.object({ ensembleId: z.uuid(), nom: z.string(), pieces: z.int(), stats: bonusSum });

/** What all that is worn comes to, for read models: the values after the event. Sets are in `statsEquipement` already. */
export const tenue = z.object({
  statsEquipement: bonusSum,
  bonusSet: z.array(bonusSet).max(13),
  valeurAttaque: z.int(),
  valeurDefense: z.int(),
  statsTotales: z.record(stat, z.int()),
});
export type Tenue = DeepReadonly<z.infer<typeof tenue>>;
export type BonusSet = DeepReadonly<z.infer<typeof bonusSet>>;

/** [STAT-3]: of each set that reaches a tier, every tier reached. Broken pieces do not count, and one item counts once. */
export function setBonuses(
  worn: readonly { readonly itemId: string; readonly proprietes: ProprietesInstance }[],
): BonusSet[] {
  const sets = new Map<string, { definition: NonNullable<ProprietesInstance["ensemble"]>; items: Set<string> }>();
  for (const { itemId, proprietes } of worn) {
    const { ensemble } = proprietes;
    if (ensemble === undefined || isBroken(proprietes)) continue;
    const set = sets.get(ensemble.ensembleId) ?? { definition: ensemble, items: new Set<string>() };
    sets.set(ensemble.ensembleId, set);
    set.items.add(itemId);
  }
  return [...sets.values()].flatMap(({ definition, items }) => {
    const reached = definition.paliers.filter((one) => one.pieces <= items.size);
    if (reached.length === 0) return [];
    const stats = reached.reduce<Bonus>((sum, one) => addBonus(sum, one.stats), {});
    return [{ ensembleId: definition.ensembleId, nom: definition.nom, pieces: items.size, stats }];
  });
}

/** [STAT-2], [STAT-3] */
export function equipmentBonus(
  worn: readonly { readonly itemId: string; readonly proprietes: ProprietesInstance }[],
): Bonus {
  const pieces = worn.reduce<Bonus>((sum, one) => addBonus(sum, pieceBonus(one.proprietes)), {});
  return setBonuses(worn).reduce<Bonus>((sum, one) => addBonus(sum, one.stats), pieces);
}
