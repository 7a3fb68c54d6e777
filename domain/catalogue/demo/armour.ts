import type { Bonus, Classe, Emplacement } from "../../values.ts";
import { ITEM, SET_OF_THE_WATCHER } from "./ids.ts";
import type { Item } from "./weapons.ts";

type Extra = Partial<Pick<Item, "rarete" | "niveauRequis" | "description" | "durabiliteMax" | "poids" | "ensemble">>;

function piece(
  nom: string,
  where: readonly Emplacement[],
  stats: Bonus,
  valeurOr: number,
  extra: Extra = {},
  classes: readonly Classe[] = [],
): Item {
  return {
    nom,
    typeItem: "ARMURE",
    emplacements: [...where],
    classes: [...classes],
    stats,
    valeurOr,
    durabiliteMax: 120,
    poids: 6,
    ...extra,
  };
}

const HEAVY = ["GUERRIER", "CLERC"] as const;
const LIGHT = ["ARCHER", "VOLEUR"] as const;

function watcher(nom: string, where: Emplacement, stats: Bonus): Item {
  const paliers = [
    { pieces: 2, stats: { defense: 5, hpMax: 20 } },
    { pieces: 4, stats: { defense: 12, hpMax: 60, blocage: 5 } },
  ];
  const ensemble = { ensembleId: SET_OF_THE_WATCHER, nom: "Panoplie du Veilleur", paliers };
  const description = "Portée par ceux qui gardaient Échofer, avant que la mine ne réponde.";
  return piece(
    nom,
    [where],
    stats,
    600,
    { rarete: "RARE", niveauRequis: 9, durabiliteMax: 300, poids: 14, description, ensemble },
    HEAVY,
  );
}

const jewel = { durabiliteMax: 0, poids: 1 };

export const armour: Readonly<Record<string, Item>> = {
  [ITEM.tuniqueDeLin]: piece("Tunique de lin", ["TORSE"], { defense: 2, hpMax: 5 }, 12),
  [ITEM.bottesDeMarche]: piece("Bottes de marche", ["PIEDS"], { initiative: 1, staminaMax: 5 }, 15),
  [ITEM.capeDeVoyage]: piece("Cape de voyage", ["DOS"], { defenseMagique: 2 }, 18),
  [ITEM.gantsDeCuir]: piece("Gants de cuir", ["MAINS"], { defense: 1, precision: 1 }, 16),
  [ITEM.braiesRapiecees]: piece("Braies rapiécées", ["JAMBES"], { defense: 1 }, 8, {
    description: "Plus de pièces que de braies.",
  }),
  [ITEM.chapeauPointu]: piece("Chapeau pointu", ["TETE"], { magie: 4, mpMax: 15 }, 140, { niveauRequis: 4 }, ["MAGE"]),
  [ITEM.robeConstellee]: piece(
    "Robe constellée",
    ["TORSE"],
    { magie: 6, mpMax: 30, defenseMagique: 8 },
    320,
    { niveauRequis: 7, rarete: "RARE" },
    ["MAGE", "CLERC"],
  ),
  [ITEM.capucheDeRodeur]: piece(
    "Capuche de rôdeur",
    ["TETE"],
    { esquive: 2, initiative: 2 },
    140,
    { niveauRequis: 4 },
    LIGHT,
  ),
  [ITEM.pourpointDeCuir]: piece(
    "Pourpoint de cuir",
    ["TORSE"],
    { defense: 8, esquive: 1 },
    160,
    { niveauRequis: 5 },
    LIGHT,
  ),
  [ITEM.bouclierDeChene]: piece(
    "Bouclier de chêne",
    ["ARME_SECONDAIRE"],
    { defense: 4, blocage: 6 },
    120,
    { niveauRequis: 3, poids: 10 },
    HEAVY,
  ),
  [ITEM.heaumeDuVeilleur]: watcher("Heaume du Veilleur", "TETE", { defense: 7, defenseMagique: 3 }),
  [ITEM.cuirasseDuVeilleur]: watcher("Cuirasse du Veilleur", "TORSE", { defense: 14, hpMax: 30 }),
  [ITEM.ganteletsDuVeilleur]: watcher("Gantelets du Veilleur", "MAINS", { defense: 5, attaque: 3 }),
  [ITEM.jambieresDuVeilleur]: watcher("Jambières du Veilleur", "JAMBES", { defense: 8 }),
  [ITEM.anneauDeCuivre]: piece("Anneau de cuivre", ["DOIGT_1", "DOIGT_2"], { hpMax: 8 }, 25, jewel),
  [ITEM.anneauDuRenard]: piece("Anneau du renard", ["DOIGT_1", "DOIGT_2"], { esquive: 2, critique: 2 }, 260, {
    ...jewel,
    niveauRequis: 6,
    rarete: "RARE",
  }),
  [ITEM.amuletteDAmbre]: piece("Amulette d'ambre", ["COU"], { mpMax: 20, defenseMagique: 4 }, 220, {
    ...jewel,
    niveauRequis: 5,
  }),
  [ITEM.patteDeLapin]: piece("Patte de lapin", ["ACCESSOIRE_1", "ACCESSOIRE_2"], { critique: 1, esquive: 1 }, 60, {
    ...jewel,
    description: "Elle n'a pas porté chance au lapin.",
  }),
  [ITEM.couronneDeGrumgor]: piece("Couronne de Grumgor", ["TETE"], { hpMax: 60, attaque: 8, magie: 8 }, 800, {
    niveauRequis: 7,
    rarete: "EPIQUE",
    description: "Une roue de charrette tordue. Elle fait son effet.",
  }),
  [ITEM.coeurDeCendreline]: piece(
    "Cœur de Cendreline",
    ["ACCESSOIRE_1", "ACCESSOIRE_2"],
    { hpMax: 120, attaque: 20, magie: 20, critique: 5 },
    5_000,
    { ...jewel, niveauRequis: 18, rarete: "LEGENDAIRE", description: "Il bat encore, lentement, comme on réfléchit." },
  ),
};
