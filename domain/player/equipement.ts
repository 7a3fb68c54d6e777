import { z } from "zod";
import { type DeepReadonly, whole } from "../combat/values.ts";
import { emplacement } from "../values.ts";
import { bonusSum, MAX_IMPROVEMENT, proprietesInstance } from "./item-instance.ts";
import { tenue } from "./outfit.ts";

const id = z.uuid();
const count = z.int().min(0);

/** The set as it begins: nothing worn in any of the 13 places. */
const equipementCree = z.object({ joueurId: id, emplacements: z.record(emplacement, z.null()), tenue });

/**
 * What was done to a piece, and where it is worn meanwhile. What the piece is from then on says InstanceModifiee, which
 * comes right before it: each stream replays by itself.
 */
const travail = z.object({
  joueurId: id,
  slotId: id,
  itemId: id,
  emplacement: emplacement.nullable(),
  /** Gold. */
  cout: count,
  /** What wearing it adds by itself, afterwards. */
  bonus: bonusSum,
  tenue,
});
const equipementAmeliore = travail.extend({ avant: whole(0, MAX_IMPROVEMENT), apres: whole(1, MAX_IMPROVEMENT) });
/** Durability. */
const equipementRepare = travail.extend({ avant: count, apres: count, durabiliteMax: count });
/** All enchantments that the piece has now, the new one last. */
const enchantementsAppliques = travail.extend({
  materiauItemId: id,
  enchantements: proprietesInstance.shape.enchantements.unwrap(),
});

export const equipementPayloads = {
  EquipementCree: equipementCree,
  EquipementAmeliore: equipementAmeliore,
  EquipementRepare: equipementRepare,
  EnchantementsAppliques: enchantementsAppliques,
} as const;

type Payloads = {
  readonly [Type in keyof typeof equipementPayloads]: DeepReadonly<z.infer<(typeof equipementPayloads)[Type]>>;
};
export type EquipementEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];

/** How often each work was done. What is worn is the inventory's to know: its slots say where. */
export const equipementStateSchema = z.object({
  ameliorations: count,
  reparations: count,
  enchantements: count,
});
export type EquipementState = DeepReadonly<z.infer<typeof equipementStateSchema>>;

export const initialEquipement: EquipementState = { ameliorations: 0, reparations: 0, enchantements: 0 };

export function evolveEquipement(state: EquipementState, event: EquipementEvent): EquipementState {
  switch (event.eventType) {
    case "EquipementCree":
      return initialEquipement;
    case "EquipementAmeliore":
      return { ...state, ameliorations: state.ameliorations + 1 };
    case "EquipementRepare":
      return { ...state, reparations: state.reparations + 1 };
    case "EnchantementsAppliques":
      return { ...state, enchantements: state.enchantements + 1 };
  }
}
