import type { z } from "zod";
import type { Bonus, Classe } from "../../values.ts";
import type { competenceDefinition } from "../definitions.ts";
import { SKILL } from "./ids.ts";

type Skill = z.input<typeof competenceDefinition>;
type Effect = NonNullable<Skill["effets"]>[number];
type Over = Omit<Partial<Skill>, "nom" | "classes" | "effets" | "typeCompetence" | "preRequis">;

const blow = (puissance: number, ratioAttaque: number): Effect => ({ type: "DEGATS", puissance, ratioAttaque });
const spell = (puissance: number, ratioMagie: number): Effect => ({ type: "DEGATS", puissance, ratioMagie });
const heal = (puissance: number, ratioMagie: number): Effect => ({ type: "SOIN", puissance, ratioMagie });
const status = (
  typeEffet: Extract<Effect, { type: "STATUT" }>["typeEffet"],
  puissance: number,
  dureeTours: number,
  chance = 100,
): Effect => ({ type: "STATUT", typeEffet, puissance, dureeTours, chance });

const FOE = { cible: "ENNEMI", portee: 2 } as const;
const FAR = { cible: "ENNEMI", portee: 8 } as const;
const FRIEND = { cible: "ALLIE", portee: 8 } as const;

function active(
  classe: Classe,
  niveauRequis: number,
  nom: string,
  over: Over & { cible: Skill["cible"] },
  ...effets: Effect[]
): Skill {
  return { nom, typeCompetence: "ACTIVE", classes: [classe], niveauRequis, effets, ...over };
}

function passive(classe: Classe, niveauRequis: number, nom: string, description: string, stats: Bonus): Skill {
  const effets: Effect[] = [{ type: "BONUS", stats }];
  return { nom, description, typeCompetence: "PASSIVE", cible: "SOI", classes: [classe], niveauRequis, effets };
}

/** Learnt only by who has mastered `first` to level 3. */
function ultimate(
  classe: Classe,
  first: string,
  nom: string,
  over: Over & { cible: Skill["cible"] },
  ...effets: Effect[]
): Skill {
  const preRequis = { competences: [{ competenceId: first, niveau: 3 }] };
  const base = {
    nom,
    typeCompetence: "ULTIMATE" as const,
    classes: [classe],
    niveauRequis: 10,
    coutPoints: 2,
    niveauMax: 3,
  };
  return { ...base, preRequis, effets, cooldownTours: 8, cooldownMs: 600_000, ...over };
}

/** No player reaches this level: these are the creatures' own. */
const CREATURES_ONLY = 1_000;

function creature(nom: string, over: Over & { cible: Skill["cible"] }, ...effets: Effect[]): Skill {
  return { nom, typeCompetence: "ACTIVE", niveauRequis: CREATURES_ONLY, effets, ...over };
}

/** Five for each class, of which one is passive and one an ultimate; then the creatures'. */
export const skills: Readonly<Record<string, Skill>> = {
  [SKILL.tailleFranche]: active("GUERRIER", 1, "Taille franche", { ...FOE, coutStamina: 12 }, blow(6, 120)),
  [SKILL.coupDeBouclier]: active(
    "GUERRIER",
    3,
    "Coup de bouclier",
    { ...FOE, coutStamina: 20, cooldownTours: 3 },
    blow(2, 70),
    status("STUN", 0, 1, 60),
  ),
  [SKILL.criDeRalliement]: active(
    "GUERRIER",
    5,
    "Cri de ralliement",
    { cible: "TOUS", coutStamina: 25, cooldownTours: 5 },
    status("FORCE", 15, 3),
  ),
  [SKILL.peauDeFer]: passive("GUERRIER", 2, "Peau de fer", "À force de coups, on en garde.", { defense: 6, hpMax: 25 }),
  [SKILL.tempeteDAcier]: ultimate(
    "GUERRIER",
    SKILL.tailleFranche,
    "Tempête d'acier",
    { cible: "ZONE", portee: 2, rayon: 2, coutStamina: 50 },
    blow(25, 160),
    status("FAIBLESSE", 15, 2),
  ),
  [SKILL.etincelle]: active("MAGE", 1, "Étincelle", { ...FAR, element: "FEU", coutMana: 8 }, spell(6, 90)),
  [SKILL.lanceDeGivre]: active(
    "MAGE",
    3,
    "Lance de givre",
    { ...FAR, element: "EAU", coutMana: 16, cooldownTours: 1 },
    spell(10, 110),
    status("RALENTI", 8, 2, 70),
  ),
  [SKILL.voileDArcane]: active(
    "MAGE",
    5,
    "Voile d'arcane",
    { ...FRIEND, element: "LUMIERE", coutMana: 22, cooldownTours: 3, cooldownMs: 30_000 },
    { type: "STATUT", typeEffet: "BOUCLIER", puissance: 25, ratioMagie: 60, dureeTours: 3 },
  ),
  [SKILL.espritClair]: passive("MAGE", 2, "Esprit clair", "Compter les étoiles, et n'en oublier aucune.", {
    mpMax: 30,
    magie: 4,
  }),
  [SKILL.pluieDEtoiles]: ultimate(
    "MAGE",
    SKILL.etincelle,
    "Pluie d'étoiles",
    { cible: "ZONE", portee: 10, rayon: 3, element: "FEU", coutMana: 60 },
    spell(30, 170),
    status("BRULURE", 10, 3, 80),
  ),
  [SKILL.flecheVive]: active("ARCHER", 1, "Flèche vive", { ...FAR, coutStamina: 10, precision: 5 }, blow(5, 115)),
  [SKILL.flecheBarbelee]: active(
    "ARCHER",
    3,
    "Flèche barbelée",
    { ...FAR, element: "TERRE", coutStamina: 16, cooldownTours: 2 },
    blow(3, 80),
    status("POISON", 5, 3),
  ),
  [SKILL.piedLeger]: active(
    "ARCHER",
    5,
    "Pied léger",
    { cible: "SOI", element: "AIR", coutStamina: 12, cooldownTours: 4 },
    status("HATE", 10, 3),
  ),
  [SKILL.oeilDeFaucon]: passive("ARCHER", 2, "Œil de faucon", "Voir venir, c'est déjà viser.", {
    precision: 4,
    critique: 4,
  }),
  [SKILL.voleeNoire]: ultimate(
    "ARCHER",
    SKILL.flecheVive,
    "Volée noire",
    { cible: "ZONE", portee: 10, rayon: 3, coutStamina: 45 },
    blow(20, 150),
    status("RALENTI", 12, 2),
  ),
  [SKILL.surin]: active("VOLEUR", 1, "Surin", { ...FOE, coutStamina: 10, precision: 5 }, blow(5, 125)),
  [SKILL.poudreAveuglante]: active(
    "VOLEUR",
    3,
    "Poudre aveuglante",
    { ...FOE, coutStamina: 15, cooldownTours: 3 },
    status("FAIBLESSE", 25, 2),
    status("SILENCE", 0, 2, 75),
  ),
  [SKILL.lamePoisseuse]: active(
    "VOLEUR",
    5,
    "Lame poisseuse",
    { ...FOE, element: "TERRE", coutStamina: 18, cooldownTours: 2 },
    blow(6, 90),
    status("POISON", 9, 3),
  ),
  [SKILL.doigtsAgiles]: passive("VOLEUR", 2, "Doigts agiles", "Et le reste suit.", { esquive: 4, initiative: 4 }),
  [SKILL.danseDesOmbres]: ultimate(
    "VOLEUR",
    SKILL.surin,
    "Danse des ombres",
    { ...FOE, element: "OMBRE", coutStamina: 45 },
    blow(40, 240),
    status("STUN", 0, 1, 80),
  ),
  [SKILL.chatiment]: active("CLERC", 1, "Châtiment", { ...FAR, element: "LUMIERE", coutMana: 8 }, spell(5, 90)),
  [SKILL.mainsDeLumiere]: active(
    "CLERC",
    2,
    "Mains de lumière",
    { ...FRIEND, element: "LUMIERE", coutMana: 14, cooldownMs: 15_000 },
    heal(20, 90),
  ),
  [SKILL.benediction]: active(
    "CLERC",
    5,
    "Bénédiction",
    { ...FRIEND, element: "LUMIERE", coutMana: 18, cooldownTours: 3 },
    status("REGEN", 10, 4),
    { type: "DISSIPE", nombre: 2 },
  ),
  [SKILL.foiTranquille]: passive("CLERC", 2, "Foi tranquille", "Elle ne déplace rien. Elle reste.", {
    defenseMagique: 5,
    mpMax: 20,
    hpMax: 15,
  }),
  [SKILL.aubeSouveraine]: ultimate(
    "CLERC",
    SKILL.chatiment,
    "Aube souveraine",
    { cible: "TOUS", element: "LUMIERE", coutMana: 60 },
    spell(20, 90),
    heal(50, 120),
  ),
  [SKILL.morsure]: creature("Morsure", { cible: "ENNEMI", coutStamina: 10 }, blow(2, 120)),
  [SKILL.toileGluante]: creature(
    "Toile gluante",
    { cible: "ENNEMI", portee: 5, element: "TERRE", coutStamina: 15, cooldownTours: 3 },
    blow(2, 40),
    status("RALENTI", 10, 2),
    status("POISON", 4, 3),
  ),
  [SKILL.hurlement]: creature(
    "Hurlement",
    { cible: "TOUS", coutStamina: 20, cooldownTours: 5 },
    status("FAIBLESSE", 15, 2),
    status("FORCE", 15, 2),
  ),
  [SKILL.ecrasement]: creature(
    "Écrasement",
    { cible: "ZONE", portee: 2, rayon: 1, coutStamina: 25, cooldownTours: 3, precision: -10 },
    blow(10, 130),
    status("STUN", 0, 1, 30),
  ),
  [SKILL.souffleDeCendres]: creature(
    "Souffle de cendres",
    { cible: "ZONE", portee: 8, rayon: 3, element: "FEU", coutMana: 30, cooldownTours: 3 },
    spell(20, 110),
    status("BRULURE", 15, 3, 70),
  ),
  [SKILL.etreinteDOmbre]: creature(
    "Étreinte d'ombre",
    { cible: "ENNEMI", portee: 5, element: "OMBRE", coutMana: 20, cooldownTours: 2 },
    spell(15, 100),
    status("SILENCE", 0, 2, 50),
  ),
};
