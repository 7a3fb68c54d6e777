import { ITEM, PNJ, SKILL, ZONE } from "./ids.ts";
import type { Character } from "./villagers.ts";

type Fight = NonNullable<Character["combat"]>;
type Drop = readonly [itemId: string, chance: number, quantite?: number];

function drops(list: readonly Drop[]) {
  return list.map(([itemId, chance, quantite = 1]) => ({ itemId, chance, quantite }));
}

interface Foe {
  readonly nom: string;
  readonly zoneId: string;
  readonly niveau: number;
  readonly combat: Fight;
  readonly experience: number;
  readonly or: number;
  readonly objets: readonly Drop[];
  readonly description?: string;
}

function foe({ experience, or, objets, ...rest }: Foe): Character {
  return { ...rest, butin: { experience, or, objets: drops(objets) } };
}

const knows = (...ids: readonly string[]) => ids.map((competenceId) => ({ competenceId }));

/** Those who fight, weakest first; the last two are bosses. */
export const creatures: Readonly<Record<string, Character>> = {
  [PNJ.ratDesCaves]: foe({
    nom: "Rat des caves",
    zoneId: ZONE.bourgClochette,
    niveau: 1,
    combat: { initiative: 6, hpMax: 28, statsCombat: { attaque: 6, defense: 1, precision: 85, critique: 2 } },
    experience: 18,
    or: 3,
    objets: [[ITEM.champignonDeLune, 25]],
  }),
  [PNJ.gobelin]: foe({
    nom: "Gobelin chapardeur",
    description: "Il rend toujours ce qu'il vole, mais à quelqu'un d'autre.",
    zoneId: ZONE.champsAuxLucioles,
    niveau: 2,
    combat: { initiative: 14, hpMax: 40, statsCombat: { attaque: 9, defense: 3, precision: 88, esquive: 8 } },
    experience: 30,
    or: 8,
    objets: [
      [ITEM.medaillonDOriane, 40],
      [ITEM.potionDeSoin, 20],
      [ITEM.gantsDeCuir, 5],
    ],
  }),
  [PNJ.loupGris]: foe({
    nom: "Loup gris",
    zoneId: ZONE.boisMurmure,
    niveau: 3,
    combat: {
      initiative: 18,
      hpMax: 62,
      statsCombat: { attaque: 12, defense: 5, deplacement: 5 },
      competences: knows(SKILL.morsure),
    },
    experience: 48,
    or: 4,
    objets: [
      [ITEM.peauDeLoup, 60],
      [ITEM.patteDeLapin, 4],
    ],
  }),
  [PNJ.araignee]: foe({
    nom: "Araignée tisserande",
    zoneId: ZONE.maraisDeBrume,
    niveau: 6,
    combat: {
      initiative: 15,
      hpMax: 95,
      statsCombat: { attaque: 17, magie: 8, defense: 9, defenseMagique: 6 },
      resistances: { POISON: 60, FEU: -30 },
      competences: knows(SKILL.toileGluante, SKILL.morsure),
    },
    experience: 110,
    or: 10,
    objets: [
      [ITEM.soieDAraignee, 70, 2],
      [ITEM.antidote, 25],
    ],
  }),
  [PNJ.bandit]: foe({
    nom: "Bandit de grand chemin",
    zoneId: ZONE.moulinBrise,
    niveau: 7,
    combat: {
      initiative: 20,
      hpMax: 120,
      statsCombat: { attaque: 21, defense: 13, esquive: 8, critique: 8 },
      competences: knows(SKILL.surin),
    },
    experience: 135,
    or: 35,
    objets: [
      [ITEM.potionDeSoin, 40, 2],
      [ITEM.lettreScellee, 15],
      [ITEM.stiletDeVerre, 3],
    ],
  }),
  [PNJ.squelette]: foe({
    nom: "Veilleur d'Échofer",
    description: "Mort à son poste. N'a pas été relevé.",
    zoneId: ZONE.minesDEchofer,
    niveau: 10,
    combat: {
      initiative: 12,
      hpMax: 190,
      statsCombat: { attaque: 28, defense: 26, defenseMagique: 10, blocage: 15 },
      resistances: { POISON: 100, OMBRE: 40, LUMIERE: -40 },
      competences: knows(SKILL.coupDeBouclier),
      comportement: "DEFENSIF",
    },
    experience: 240,
    or: 45,
    objets: [
      [ITEM.heaumeDuVeilleur, 5],
      [ITEM.cuirasseDuVeilleur, 3],
      [ITEM.ganteletsDuVeilleur, 6],
      [ITEM.jambieresDuVeilleur, 5],
      [ITEM.mineraiDeFer, 60, 3],
    ],
  }),
  [PNJ.harpie]: foe({
    nom: "Harpie des falaises",
    zoneId: ZONE.falaises,
    niveau: 13,
    combat: {
      initiative: 32,
      hpMax: 210,
      mpMax: 60,
      statsCombat: { attaque: 36, magie: 18, defense: 20, defenseMagique: 18, esquive: 14, deplacement: 6 },
      resistances: { FOUDRE: 30, GLACE: -25 },
      competences: knows(SKILL.hurlement, SKILL.morsure),
    },
    experience: 360,
    or: 50,
    objets: [
      [ITEM.plumeDeHarpie, 70, 2],
      [ITEM.arcDuVentHurleur, 2],
    ],
  }),
  [PNJ.elementaire]: foe({
    nom: "Élémentaire de braise",
    zoneId: ZONE.cratere,
    niveau: 16,
    combat: {
      initiative: 24,
      hpMax: 280,
      mpMax: 120,
      statsCombat: { attaque: 34, magie: 44, defense: 30, defenseMagique: 30 },
      resistances: { FEU: 150, GLACE: -50, PHYSIQUE: 20 },
      competences: knows(SKILL.etincelle, SKILL.souffleDeCendres),
    },
    experience: 520,
    or: 60,
    objets: [
      [ITEM.braiseEternelle, 50],
      [ITEM.pierreDEsprit, 6],
    ],
  }),
  [PNJ.chevalierDOmbre]: foe({
    nom: "Chevalier d'ombre",
    zoneId: ZONE.cratere,
    niveau: 20,
    combat: {
      initiative: 30,
      hpMax: 420,
      mpMax: 140,
      statsCombat: { attaque: 58, magie: 36, defense: 52, defenseMagique: 34, blocage: 18, critique: 8 },
      resistances: { OMBRE: 80, LUMIERE: -50 },
      competences: knows(SKILL.etreinteDOmbre, SKILL.tailleFranche),
    },
    experience: 820,
    or: 120,
    objets: [
      [ITEM.crocDOmbre, 4],
      [ITEM.lameDuVeilleur, 4],
      [ITEM.pierreDeForce, 10],
      [ITEM.grandePotionDeSoin, 50, 2],
    ],
  }),
  [PNJ.grumgor]: {
    ...foe({
      nom: "Grumgor, l'Ogre du moulin",
      description: "Il a mangé le meunier, puis la farine, puis le pain qu'il n'y avait plus.",
      zoneId: ZONE.moulinBrise,
      niveau: 8,
      combat: {
        initiative: 8,
        hpMax: 700,
        staminaMax: 200,
        statsCombat: { attaque: 42, defense: 20, defenseMagique: 14, deplacement: 2, portee: 2 },
        resistances: { PHYSIQUE: 10, POISON: 30, FEU: -20 },
        competences: knows(SKILL.ecrasement, SKILL.hurlement),
        phases: [
          { seuilHp: 60, comportement: "AGRESSIF", competences: [SKILL.ecrasement] },
          { seuilHp: 25, comportement: "AGRESSIF", competences: [SKILL.hurlement, SKILL.ecrasement] },
        ],
      },
      experience: 600,
      or: 300,
      objets: [
        [ITEM.couronneDeGrumgor, 25],
        [ITEM.ambreBrut, 100, 3],
        [ITEM.pierreDeForce, 30],
        [ITEM.grimoireUse, 40],
      ],
    }),
    typeEntite: "BOSS",
  },
  [PNJ.cendreline]: {
    ...foe({
      nom: "Cendreline, la dragonne de cendres",
      description: "Elle dort sur mille ans de regrets. Ne marchez pas dessus.",
      zoneId: ZONE.cratere,
      niveau: 20,
      combat: {
        initiative: 26,
        hpMax: 2_800,
        mpMax: 400,
        staminaMax: 300,
        statsCombat: { attaque: 95, magie: 90, defense: 48, defenseMagique: 42, portee: 2, critique: 8 },
        resistances: { FEU: 120, GLACE: -30, OMBRE: 20 },
        competences: knows(SKILL.souffleDeCendres, SKILL.ecrasement, SKILL.hurlement, SKILL.morsure),
        phases: [
          { seuilHp: 70, comportement: "AGRESSIF", competences: [SKILL.souffleDeCendres] },
          { seuilHp: 40, comportement: "DEFENSIF", competences: [SKILL.ecrasement] },
          { seuilHp: 15, comportement: "AGRESSIF", competences: [SKILL.souffleDeCendres, SKILL.hurlement] },
        ],
      },
      experience: 4_000,
      or: 2_500,
      objets: [
        [ITEM.coeurDeCendreline, 15],
        [ITEM.sceptreDesMarees, 10],
        [ITEM.encensoirDOr, 10],
        [ITEM.arcDuVentHurleur, 10],
        [ITEM.braiseEternelle, 100, 5],
        [ITEM.pierreDEsprit, 50],
      ],
    }),
    typeEntite: "BOSS",
  },
};
