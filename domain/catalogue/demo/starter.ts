import type { Classe } from "../../values.ts";
import { ITEM } from "./ids.ts";

const FIRST_WEAPON: Readonly<Record<Classe, string>> = {
  GUERRIER: ITEM.epeeEbrechee,
  MAGE: ITEM.batonDeNoisetier,
  ARCHER: ITEM.arcDeFrene,
  VOLEUR: ITEM.dagueDOccasion,
  CLERC: ITEM.masseDePelerin,
};

const FIRST_DRINK: Readonly<Record<Classe, string>> = {
  GUERRIER: ITEM.infusionDOrtie,
  MAGE: ITEM.elixirDeMana,
  ARCHER: ITEM.infusionDOrtie,
  VOLEUR: ITEM.infusionDOrtie,
  CLERC: ITEM.elixirDeMana,
};

/** What a new player of that class is given. */
export function starterItems(classe: Classe): readonly { readonly itemId: string; readonly quantite: number }[] {
  return [
    { itemId: FIRST_WEAPON[classe], quantite: 1 },
    { itemId: ITEM.tuniqueDeLin, quantite: 1 },
    { itemId: ITEM.potionDeSoin, quantite: 3 },
    { itemId: FIRST_DRINK[classe], quantite: 2 },
  ];
}
