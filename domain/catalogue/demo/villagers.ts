import type { z } from "zod";
import type { pnjDefinition } from "../definitions.ts";
import { ITEM, PNJ, ZONE } from "./ids.ts";

export type Character = z.input<typeof pnjDefinition>;
type Dialogue = NonNullable<Character["dialogues"]>[number];

function says(dialogueId: string, texte: string, ...choix: readonly (readonly [string, string, number])[]): Dialogue {
  return {
    dialogueId,
    texte,
    choix: choix.map(([choixId, text, reputation]) => ({ choixId, texte: text, reputation })),
  };
}

function sells(...articles: readonly (readonly [itemId: string, prix: number, reputationMin?: number])[]) {
  return articles.map(([itemId, prix, reputationMin]) => ({
    itemId,
    prix,
    ...(reputationMin === undefined ? {} : { reputationMin }),
  }));
}

const HOME = { zoneId: ZONE.bourgClochette } as const;

/** Those who talk, trade and give quests. None of them fights. */
export const villagers: Readonly<Record<string, Character>> = {
  [PNJ.mirabelle]: {
    ...HOME,
    nom: "Mirabelle la colporteuse",
    description: "Son âne porte tout, sauf ses secrets.",
    niveau: 5,
    commerce: {
      articles: sells(
        [ITEM.potionDeSoin, 15],
        [ITEM.grandePotionDeSoin, 60],
        [ITEM.elixirDeMana, 19],
        [ITEM.infusionDOrtie, 10],
        [ITEM.antidote, 18],
        [ITEM.bombeDePoix, 38],
        [ITEM.capeDeVoyage, 24],
        [ITEM.patteDeLapin, 80],
        [ITEM.anneauDeCuivre, 32],
        [ITEM.sacADoublesPoches, 500, 50],
        [ITEM.grimoireUse, 150, 20],
      ),
      rachatPourcent: 30,
    },
    dialogues: [
      says(
        "accueil",
        "Approchez, approchez ! Regarder ne coûte rien. Toucher, presque rien.",
        ["flatter", "Votre âne a belle allure.", 3],
        ["marchander", "C'est hors de prix.", -2],
        ["partir", "Une autre fois.", 0],
      ),
    ],
  },
  [PNJ.gaspard]: {
    ...HOME,
    nom: "Gaspard Enclume",
    description: "Forgeron. Parle peu, tape juste.",
    niveau: 12,
    commerce: {
      articles: sells(
        [ITEM.epeeEbrechee, 26],
        [ITEM.batonDeNoisetier, 26],
        [ITEM.arcDeFrene, 26],
        [ITEM.dagueDOccasion, 26],
        [ITEM.masseDePelerin, 26],
        [ITEM.espadonDuGue, 230],
        [ITEM.batonDeBraise, 230],
        [ITEM.stiletDeVerre, 230],
        [ITEM.masseDuSolstice, 230],
        [ITEM.bouclierDeChene, 150],
        [ITEM.gantsDeCuir, 20],
        [ITEM.bottesDeMarche, 20],
        [ITEM.tuniqueDeLin, 16],
        [ITEM.braiesRapiecees, 10],
        [ITEM.pourpointDeCuir, 200],
        [ITEM.chapeauPointu, 180],
        [ITEM.capucheDeRodeur, 180],
        [ITEM.pierreDeForce, 190, 40],
      ),
      rachatPourcent: 25,
    },
    dialogues: [
      says(
        "accueil",
        "Si c'est pour réparer, posez-le là. Si c'est pour causer, posez-vous là.",
        ["aider", "Je peux tenir le soufflet.", 5],
        ["presser", "C'est pour hier.", -3],
      ),
      says("metal", "Le fer d'Échofer chante quand on le frappe. Parfois il répond."),
    ],
  },
  [PNJ.oriane]: {
    ...HOME,
    nom: "Dame Oriane",
    description: "Bourgmestre de Bourg-Clochette, et seule à savoir où est la clef de la cloche.",
    niveau: 15,
    dialogues: [
      says(
        "accueil",
        "Bienvenue. Ici, la cloche sonne toute seule. On s'y fait.",
        ["saluer", "Mes respects, Dame.", 5],
        ["cloche", "Pourquoi sonne-t-elle ?", 2],
        ["ricaner", "Et ça vous amuse ?", -5],
      ),
      says("cloche", "Elle sonne avant les ennuis. Cette semaine, elle n'a pas dormi."),
    ],
  },
  [PNJ.anselme]: {
    ...HOME,
    nom: "Frère Anselme",
    description: "Herboriste, et accessoirement moine.",
    niveau: 9,
    commerce: {
      articles: sells([ITEM.potionDeSoin, 14, 10], [ITEM.antidote, 15, 10], [ITEM.pierreDEsprit, 190, 60]),
      rachatPourcent: 35,
    },
    dialogues: [
      says(
        "accueil",
        "Ne marchez pas sur la sauge, elle vous a vu.",
        ["excuse", "Pardon, la sauge.", 4],
        ["soin", "Soignez-moi, s'il vous plaît.", 1],
      ),
    ],
  },
  [PNJ.perrin]: {
    nom: "Vieux Perrin",
    zoneId: ZONE.boisMurmure,
    description: "Garde-chasse. Il connaît chaque arbre par son surnom.",
    niveau: 14,
    commerce: { articles: sells([ITEM.arcDIf, 220, 10], [ITEM.arcDeFrene, 25]), rachatPourcent: 30 },
    dialogues: [
      says(
        "accueil",
        "Chut. Le Bois parle, et vous marchez comme une armoire.",
        ["ecouter", "J'écoute.", 5],
        ["armoire", "Une belle armoire, alors.", 2],
      ),
    ],
  },
  [PNJ.zephyrin]: {
    ...HOME,
    nom: "Maître Zéphyrin",
    description: "Enseigne tout à tous, sauf la ponctualité.",
    niveau: 18,
    dialogues: [
      says(
        "accueil",
        "Vous êtes en retard. Moi aussi. Commençons.",
        ["apprendre", "Apprenez-moi quelque chose.", 3],
        ["douter", "À quoi bon ?", -1],
      ),
    ],
  },
  [PNJ.laChouette]: {
    nom: "La Chouette",
    zoneId: ZONE.maraisDeBrume,
    description: "On ne la trouve pas. Elle vous trouve.",
    niveau: 16,
    commerce: {
      articles: sells([ITEM.anneauDuRenard, 340, 20], [ITEM.bombeDePoix, 34], [ITEM.antidote, 16]),
      rachatPourcent: 40,
    },
    dialogues: [
      says(
        "accueil",
        "Vous n'avez vu personne. Moi non plus.",
        ["complice", "Personne, en effet.", 5],
        ["denoncer", "Je vous vois très bien.", -10],
      ),
    ],
  },
};
