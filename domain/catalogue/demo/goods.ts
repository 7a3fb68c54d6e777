import { ITEM } from "./ids.ts";
import type { Item } from "./weapons.ts";

const pile = { empilable: true, stackMax: 50 } as const;

function drink(nom: string, valeurOr: number, over: Partial<Item>): Item {
  return { nom, typeItem: "CONSOMMABLE", valeurOr, poids: 1, ...pile, stackMax: 20, ...over };
}

function material(nom: string, valeurOr: number, description: string, over: Partial<Item> = {}): Item {
  return { nom, description, typeItem: "MATERIAU", valeurOr, poids: 1, ...pile, stackMax: 99, ...over };
}

/** Nobody can sell or give away what a quest hangs on. It weighs nothing and piles up, for it is found more than once. */
function keepsake(nom: string, description: string): Item {
  return { nom, description, typeItem: "QUETE", poids: 0, ...pile, stackMax: 99, echangeable: false };
}

/** Drinks, materials and keepsakes. What heals does so in a combat (`usage`) and outside of one (`effets`) alike. */
export const goods: Readonly<Record<string, Item>> = {
  [ITEM.potionDeSoin]: drink("Potion de soin", 12, {
    description: "Un goût de menthe et de soulagement.",
    usage: { cible: "ALLIE", portee: 2, soin: { puissance: 45 } },
    effets: [{ type: "SOIN", ressource: "HP", puissance: 45 }],
  }),
  [ITEM.grandePotionDeSoin]: drink("Grande potion de soin", 45, {
    niveauRequis: 8,
    usage: { cible: "ALLIE", portee: 2, soin: { puissance: 140 } },
    effets: [{ type: "SOIN", ressource: "HP", puissance: 140 }],
  }),
  [ITEM.elixirDeMana]: drink("Élixir de mana", 15, {
    description: "Bleu, froid, et vaguement bavard.",
    usage: { cible: "SOI", soin: { ressource: "MP", puissance: 40 } },
    effets: [{ type: "SOIN", ressource: "MP", puissance: 40 }],
  }),
  [ITEM.infusionDOrtie]: drink("Infusion d'ortie", 8, {
    usage: { cible: "SOI", soin: { ressource: "STAMINA", puissance: 50 } },
    effets: [{ type: "SOIN", ressource: "STAMINA", puissance: 50 }],
  }),
  [ITEM.antidote]: drink("Antidote", 14, { usage: { cible: "ALLIE", portee: 2, dissipe: 2 } }),
  [ITEM.bombeDePoix]: drink("Bombe de poix", 30, {
    niveauRequis: 3,
    description: "Allumer, lancer, compter jusqu'à deux. Surtout pas trois.",
    usage: {
      cible: "ZONE",
      portee: 6,
      rayon: 1,
      degats: { element: "FEU", puissance: 30 },
      effets: [{ typeEffet: "BRULURE", puissance: 6, dureeTours: 2, chance: 60 }],
    },
  }),
  [ITEM.ragoutDeLAubergiste]: drink("Ragoût de l'aubergiste", 10, {
    description: "Tient au corps une demi-heure, et à la marmite bien plus.",
    effets: [{ type: "BONUS", stats: { hpMax: 20, attaque: 3, magie: 3 }, dureeMs: 1_800_000 }],
  }),
  [ITEM.grimoireUse]: drink("Grimoire usé", 100, {
    rarete: "RARE",
    description: "Les marges en disent plus que le texte.",
    effets: [{ type: "EXPERIENCE", montant: 250 }],
  }),
  [ITEM.sacADoublesPoches]: drink("Sac à doubles poches", 400, {
    rarete: "RARE",
    effets: [{ type: "CAPACITE", capacite: 10, poidsMax: 200 }],
  }),
  [ITEM.pierreDeForce]: material("Pierre de force", 150, "Le forgeron la fond dans l'acier.", {
    rarete: "RARE",
    effets: [{ type: "ENCHANTEMENT", nom: "Force", stats: { attaque: 5 } }],
  }),
  [ITEM.pierreDEsprit]: material("Pierre d'esprit", 150, "Elle pense à votre place, mais lentement.", {
    rarete: "RARE",
    effets: [{ type: "ENCHANTEMENT", nom: "Esprit", stats: { magie: 5, mpMax: 10 } }],
  }),
  [ITEM.sauge]: material("Sauge", 2, "Pousse où l'on ne la sème pas."),
  [ITEM.champignonDeLune]: material("Champignon de lune", 4, "Ne se cueille bien que la nuit."),
  [ITEM.mineraiDeFer]: material("Minerai de fer", 5, "Lourd, honnête, rouillé.", { poids: 3 }),
  [ITEM.ambreBrut]: material("Ambre brut", 12, "Un moucheron y attend son heure."),
  [ITEM.boisDIf]: material("Bois d'if", 6, "Plie et n'oublie pas.", { poids: 2 }),
  [ITEM.selDeBrume]: material("Sel de brume", 8, "Ce que le marais laisse quand il s'en va."),
  [ITEM.cristalDEcho]: material("Cristal d'écho", 18, "Répète la dernière chose qu'il a entendue."),
  [ITEM.peauDeLoup]: material("Peau de loup", 7, "Encore un peu vexée.", { poids: 2 }),
  [ITEM.soieDAraignee]: material("Soie d'araignée", 9, "Colle à tout, sauf à ce qu'il faut."),
  [ITEM.plumeDeHarpie]: material("Plume de harpie", 14, "Écrit toute seule, des injures surtout."),
  [ITEM.braiseEternelle]: material("Braise éternelle", 30, "À manipuler avec une pince et du respect.", {
    rarete: "RARE",
  }),
  [ITEM.lettreScellee]: keepsake(
    "Lettre scellée",
    "Le sceau de Dame Oriane, intact. Il vaudrait mieux qu'il le reste.",
  ),
  [ITEM.medaillonDOriane]: keepsake("Médaillon d'Oriane", "Volé un soir de fête, par quelqu'un de très petit."),
};
