import type { z } from "zod";
import type { Bonus, Classe } from "../../values.ts";
import type { itemDefinition } from "../definitions.ts";
import { ITEM } from "./ids.ts";

export type Item = z.input<typeof itemDefinition>;

type Rank = readonly [niveauRequis: number, rarete: NonNullable<Item["rarete"]>, valeurOr: number];
const FIRST: Rank = [1, "COMMUN", 20];
const SECOND: Rank = [5, "COMMUN", 180];
const THIRD: Rank = [10, "RARE", 900];

function weapon(classe: Classe, [niveauRequis, rarete, valeurOr]: Rank, stats: Bonus, nom: string, text: string): Item {
  return {
    nom,
    description: text,
    typeItem: "ARME",
    rarete,
    niveauRequis,
    classes: [classe],
    emplacements: ["ARME_PRINCIPALE"],
    stats,
    durabiliteMax: 100 + 20 * niveauRequis,
    valeurOr,
    poids: 8,
  };
}

/** Three for each class: what one starts with, what the smith sells, what one finds. */
export const weapons: Readonly<Record<string, Item>> = {
  [ITEM.epeeEbrechee]: weapon(
    "GUERRIER",
    FIRST,
    { attaque: 3 },
    "Épée ébréchée",
    "Elle a connu trois maîtres et une charrette.",
  ),
  [ITEM.espadonDuGue]: weapon(
    "GUERRIER",
    SECOND,
    { attaque: 10, blocage: 2 },
    "Espadon du gué",
    "Forgé pour tenir un pont, pas pour le décorer.",
  ),
  [ITEM.lameDuVeilleur]: weapon(
    "GUERRIER",
    THIRD,
    { attaque: 22, defense: 6, critique: 3 },
    "Lame du Veilleur",
    "Elle ne dort que dans son fourreau.",
  ),
  [ITEM.batonDeNoisetier]: weapon(
    "MAGE",
    FIRST,
    { magie: 4, mpMax: 10 },
    "Bâton de noisetier",
    "Les écureuils vous regardent de travers.",
  ),
  [ITEM.batonDeBraise]: weapon(
    "MAGE",
    SECOND,
    { magie: 12, mpMax: 25 },
    "Bâton de braise",
    "Toujours tiède, ne jamais ranger au grenier.",
  ),
  [ITEM.sceptreDesMarees]: weapon(
    "MAGE",
    THIRD,
    { magie: 26, mpMax: 60, defenseMagique: 5 },
    "Sceptre des marées",
    "On y entend la mer, et parfois des reproches.",
  ),
  [ITEM.arcDeFrene]: weapon("ARCHER", FIRST, { attaque: 3 }, "Arc de frêne", "Simple, souple, têtu."),
  [ITEM.arcDIf]: weapon(
    "ARCHER",
    SECOND,
    { attaque: 10, precision: 1 },
    "Arc d'if",
    "Le vieux Perrin a mis deux hivers à le tailler.",
  ),
  [ITEM.arcDuVentHurleur]: weapon(
    "ARCHER",
    THIRD,
    { attaque: 21, critique: 5, initiative: 3 },
    "Arc du Vent-Hurleur",
    "La flèche part, le cri suit.",
  ),
  [ITEM.dagueDOccasion]: weapon(
    "VOLEUR",
    FIRST,
    { attaque: 3, initiative: 1 },
    "Dague d'occasion",
    "Le vendeur n'a pas voulu dire d'où elle venait.",
  ),
  [ITEM.stiletDeVerre]: weapon(
    "VOLEUR",
    SECOND,
    { attaque: 9, critique: 4 },
    "Stilet de verre",
    "On ne le voit qu'une fois.",
  ),
  [ITEM.crocDOmbre]: weapon(
    "VOLEUR",
    THIRD,
    { attaque: 20, critique: 6, esquive: 3 },
    "Croc d'Ombre",
    "Il mord avant la main.",
  ),
  [ITEM.masseDePelerin]: weapon(
    "CLERC",
    FIRST,
    { attaque: 2, magie: 3 },
    "Masse de pèlerin",
    "Sert aussi à casser les noix.",
  ),
  [ITEM.masseDuSolstice]: weapon(
    "CLERC",
    SECOND,
    { attaque: 5, magie: 9, hpMax: 15 },
    "Masse du solstice",
    "Le plus long jour tient dans sa tête dorée.",
  ),
  [ITEM.encensoirDOr]: weapon(
    "CLERC",
    THIRD,
    { attaque: 9, magie: 20, mpMax: 40 },
    "Encensoir d'or",
    "La fumée choisit son camp.",
  ),
};
