import type { CombatDefinition, CombatDefinitionInput } from "./definition.ts";
import { combatDefinition } from "./definition.ts";

/** Fixed ids, so that a client, a bench and a test can name the demo's skills and items. */
export const DEMO_SKILLS = {
  frappe: "5e000000-0000-4000-8000-000000000001",
  bouleDeFeu: "5e000000-0000-4000-8000-000000000002",
  soin: "5e000000-0000-4000-8000-000000000003",
  bouclier: "5e000000-0000-4000-8000-000000000004",
  dardEmpoisonne: "5e000000-0000-4000-8000-000000000005",
  assommer: "5e000000-0000-4000-8000-000000000006",
  pluieDeGlace: "5e000000-0000-4000-8000-000000000007",
  criDeGuerre: "5e000000-0000-4000-8000-000000000008",
  purification: "5e000000-0000-4000-8000-000000000009",
} as const;

export const DEMO_ITEMS = {
  potion: "17e00000-0000-4000-8000-000000000001",
  bombe: "17e00000-0000-4000-8000-000000000002",
  pieceDor: "17e00000-0000-4000-8000-000000000003",
} as const;

const DEMO_ZONE = "20e00000-0000-4000-8000-000000000001";
const DEMO_ALLIES = ["a11e0000-0000-4000-8000-000000000001", "a11e0000-0000-4000-8000-000000000002"] as const;

type Skill = NonNullable<CombatDefinitionInput["participants"][number]["competences"]>[number];
type Fighter = CombatDefinitionInput["participants"][number];

const skills: Readonly<Record<keyof typeof DEMO_SKILLS, Skill>> = {
  frappe: {
    competenceId: DEMO_SKILLS.frappe,
    nom: "Frappe",
    cible: "ENNEMI",
    portee: 2,
    coutStamina: 15,
    recharge: 1,
    degats: { element: "PHYSIQUE", puissance: 15, ratioAttaque: 120 },
  },
  bouleDeFeu: {
    competenceId: DEMO_SKILLS.bouleDeFeu,
    nom: "Boule de feu",
    cible: "ENNEMI",
    portee: 8,
    coutMp: 20,
    recharge: 2,
    degats: { element: "FEU", puissance: 20, ratioMagie: 100 },
    effets: [{ typeEffet: "BRULURE", puissance: 5, dureeTours: 2, chance: 50 }],
  },
  soin: {
    competenceId: DEMO_SKILLS.soin,
    nom: "Soin",
    cible: "ALLIE",
    portee: 8,
    coutMp: 15,
    soin: { puissance: 20, ratioMagie: 80 },
  },
  bouclier: {
    competenceId: DEMO_SKILLS.bouclier,
    nom: "Bouclier",
    cible: "ALLIE",
    portee: 8,
    coutMp: 15,
    recharge: 3,
    effets: [{ typeEffet: "BOUCLIER", puissance: 25, ratioMagie: 50, dureeTours: 3 }],
  },
  dardEmpoisonne: {
    competenceId: DEMO_SKILLS.dardEmpoisonne,
    nom: "Dard empoisonné",
    cible: "ENNEMI",
    portee: 6,
    coutMp: 10,
    degats: { element: "POISON", puissance: 5, ratioAttaque: 30 },
    effets: [{ typeEffet: "POISON", puissance: 6, dureeTours: 3 }],
  },
  assommer: {
    competenceId: DEMO_SKILLS.assommer,
    nom: "Assommer",
    cible: "ENNEMI",
    portee: 2,
    coutStamina: 25,
    recharge: 4,
    degats: { element: "PHYSIQUE", puissance: 5, ratioAttaque: 50 },
    effets: [{ typeEffet: "STUN", dureeTours: 1, chance: 75 }],
  },
  pluieDeGlace: {
    competenceId: DEMO_SKILLS.pluieDeGlace,
    nom: "Pluie de glace",
    cible: "ZONE",
    portee: 8,
    rayon: 2,
    coutMp: 30,
    recharge: 3,
    degats: { element: "GLACE", puissance: 15, ratioMagie: 60 },
    effets: [{ typeEffet: "RALENTI", puissance: 10, dureeTours: 2 }],
  },
  criDeGuerre: {
    competenceId: DEMO_SKILLS.criDeGuerre,
    nom: "Cri de guerre",
    cible: "TOUS",
    coutStamina: 20,
    recharge: 5,
    effets: [{ typeEffet: "FORCE", puissance: 20, dureeTours: 3 }],
  },
  purification: {
    competenceId: DEMO_SKILLS.purification,
    nom: "Purification",
    cible: "ALLIE",
    portee: 8,
    coutMp: 10,
    recharge: 2,
    dissipe: 2,
  },
};

const potion = {
  itemId: DEMO_ITEMS.potion,
  nom: "Potion",
  cible: "ALLIE",
  portee: 2,
  quantite: 3,
  soin: { puissance: 40 },
} as const;

const bombe = {
  itemId: DEMO_ITEMS.bombe,
  nom: "Bombe",
  cible: "ZONE",
  portee: 5,
  rayon: 1,
  quantite: 1,
  degats: { element: "FEU", puissance: 30 },
} as const;

function hero(entiteId: string, nom: string, equipe: string, position: number): Fighter {
  return {
    entiteId,
    typeEntite: "JOUEUR",
    equipe,
    nom,
    niveau: 5,
    initiative: 20,
    position,
    hpMax: 150,
    mpMax: 80,
    statsCombat: { attaque: 25, magie: 25, defense: 20, defenseMagique: 15, blocage: 10, critique: 10, portee: 2 },
    resistances: { FEU: 10 },
    competences: [
      skills.frappe,
      skills.bouleDeFeu,
      skills.soin,
      skills.bouclier,
      skills.dardEmpoisonne,
      skills.assommer,
      skills.pluieDeGlace,
      skills.criDeGuerre,
    ],
    objets: [potion, bombe],
  };
}

function ally(index: 0 | 1, equipe: string, position: number): Fighter {
  return {
    entiteId: DEMO_ALLIES[index],
    typeEntite: "PNJ",
    equipe,
    nom: index === 0 ? "Soigneuse" : "Garde",
    niveau: 4,
    initiative: 12,
    position,
    hpMax: 110,
    mpMax: 90,
    statsCombat: { attaque: 18, magie: 20, defense: 15, defenseMagique: 15, blocage: index === 0 ? 0 : 20, portee: 2 },
    resistances: index === 0 ? { LUMIERE: 50, OMBRE: -25 } : { PHYSIQUE: 10, FOUDRE: -25 },
    comportement: index === 0 ? "SOIGNEUR" : "DEFENSIF",
    competences:
      index === 0 ? [skills.soin, skills.purification, skills.dardEmpoisonne] : [skills.bouclier, skills.frappe],
  };
}

/** The players of the demo by their ids (UUIDs), and what a caller may change of it. */
export interface DemoCombat {
  readonly graine: string;
  readonly dureeTourMs?: number;
  readonly delaiPnjMs?: number;
  readonly preparationMs?: number;
  readonly observation?: CombatDefinitionInput["observation"];
}

/** Two players, each with a non-player ally, five positions apart: a definition for PreparerCombat, the same for the same input. */
export function demoCombat(playerA: string, playerB: string, options: DemoCombat): CombatDefinition {
  return combatDefinition.parse({
    typeCombat: "PVP",
    zone: { zoneId: DEMO_ZONE, nom: "Arène d'essai" },
    ...options,
    recompenses: { experience: 100, or: 50, objets: [{ itemId: DEMO_ITEMS.pieceDor, quantite: 1, chance: 50 }] },
    participants: [hero(playerA, "Alix", "A", 7), ally(0, "A", 5), hero(playerB, "Bruno", "B", 9), ally(1, "B", 11)],
  });
}
