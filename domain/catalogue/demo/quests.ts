import type { z } from "zod";
import type { queteDefinition, TypeObjectif } from "../definitions.ts";
import { ITEM, PNJ, QUEST, ZONE } from "./ids.ts";

type Quest = z.input<typeof queteDefinition>;

function goal(type: TypeObjectif, requis: number, description: string, cible?: string) {
  const objectifId = `${type.toLowerCase()}${cible === undefined ? "" : `-${cible.slice(-2)}`}`;
  return { objectifId, type, requis, description, ...(cible === undefined ? {} : { cible }) };
}

function after(...quetes: readonly string[]) {
  return { quetes: [...quetes] };
}

const likes = (pnjId: string, delta: number) => [{ pnjId, delta }];

/** The main story first, then what can be done beside it. */
export const quests: Readonly<Record<string, Quest>> = {
  [QUEST.bienvenue]: {
    nom: "Bienvenue à Bourg-Clochette",
    description: "La cloche a sonné votre arrivée. Dame Oriane voudrait savoir pourquoi.",
    typeQuete: "PRINCIPALE",
    zoneDepart: "Bourg-Clochette",
    objectifs: [goal("PARLER", 1, "Parler à Dame Oriane", PNJ.oriane)],
    recompenses: { experience: 40, or: 40, objets: [{ itemId: ITEM.potionDeSoin, quantite: 3 }] },
    dialogues: ["Allez donc voir la bourgmestre. Elle mord rarement."],
  },
  [QUEST.premiereLecon]: {
    nom: "Première leçon",
    typeQuete: "SECONDAIRE",
    zoneDepart: "Bourg-Clochette",
    pnjDonneur: PNJ.zephyrin,
    preRequis: after(QUEST.bienvenue),
    objectifs: [goal("APPRENDRE", 1, "Apprendre une compétence, n'importe laquelle")],
    recompenses: { experience: 60, or: 20, reputations: likes(PNJ.zephyrin, 10) },
  },
  [QUEST.sEquiper]: {
    nom: "S'équiper pour la route",
    typeQuete: "SECONDAIRE",
    zoneDepart: "Bourg-Clochette",
    preRequis: after(QUEST.bienvenue),
    objectifs: [
      goal("PARLER", 1, "Trouver Gaspard à la forge", PNJ.gaspard),
      goal("EQUIPER", 2, "Porter deux pièces d'équipement"),
    ],
    recompenses: { experience: 50, or: 30, objets: [{ itemId: ITEM.bottesDeMarche, quantite: 1 }] },
  },
  [QUEST.bruitDansLaCave]: {
    nom: "Le bruit dans la cave",
    description: "Ce ne sont que des rats. C'est ce que disait aussi l'aubergiste, avant de crier.",
    typeQuete: "PRINCIPALE",
    zoneDepart: "Bourg-Clochette",
    pnjDonneur: PNJ.oriane,
    preRequis: after(QUEST.bienvenue),
    objectifs: [goal("TUER", 3, "Chasser trois rats des caves", PNJ.ratDesCaves)],
    recompenses: {
      experience: 90,
      or: 50,
      objets: [{ itemId: ITEM.ragoutDeLAubergiste, quantite: 2 }],
      reputations: likes(PNJ.oriane, 15),
    },
  },
  [QUEST.chapardeurs]: {
    nom: "Chapardeurs !",
    typeQuete: "PRINCIPALE",
    niveauRequis: 2,
    zoneDepart: "Champs aux Lucioles",
    pnjDonneur: PNJ.oriane,
    preRequis: after(QUEST.bruitDansLaCave),
    objectifs: [
      goal("TUER", 4, "Mettre quatre gobelins en fuite, ou pire", PNJ.gobelin),
      goal("COLLECTER", 1, "Retrouver le médaillon d'Oriane", ITEM.medaillonDOriane),
    ],
    recompenses: {
      experience: 220,
      or: 90,
      objets: [{ itemId: ITEM.anneauDeCuivre, quantite: 1 }],
      reputations: likes(PNJ.oriane, 20),
    },
  },
  [QUEST.herbesPourAnselme]: {
    nom: "Des herbes pour Anselme",
    typeQuete: "SECONDAIRE",
    zoneDepart: "Bourg-Clochette",
    pnjDonneur: PNJ.anselme,
    objectifs: [
      goal("COLLECTER", 10, "Cueillir de la sauge", ITEM.sauge),
      goal("UTILISER", 1, "Goûter une potion de soin", ITEM.potionDeSoin),
    ],
    recompenses: {
      experience: 80,
      or: 25,
      objets: [{ itemId: ITEM.potionDeSoin, quantite: 5 }],
      reputations: likes(PNJ.anselme, 20),
    },
  },
  [QUEST.boisQuiParle]: {
    nom: "Le Bois qui parle",
    typeQuete: "PRINCIPALE",
    niveauRequis: 3,
    zoneDepart: "Bois-Murmure",
    preRequis: after(QUEST.chapardeurs),
    objectifs: [
      goal("EXPLORER", 1, "Entrer dans Bois-Murmure", ZONE.boisMurmure),
      goal("PARLER", 1, "Écouter le vieux Perrin", PNJ.perrin),
      goal("TUER", 5, "Éloigner les loups gris", PNJ.loupGris),
    ],
    recompenses: { experience: 520, or: 120, reputations: likes(PNJ.perrin, 20) },
  },
  [QUEST.ogreDuMoulin]: {
    nom: "L'ogre du moulin",
    description: "Plus de farine, plus de meunier, plus de moulin. Il reste un ogre.",
    typeQuete: "PRINCIPALE",
    niveauRequis: 6,
    niveauRecommande: 8,
    zoneDepart: "Moulin Brisé",
    pnjDonneur: PNJ.oriane,
    preRequis: after(QUEST.chapardeurs, QUEST.boisQuiParle),
    objectifs: [goal("VAINCRE_BOSS", 1, "Vaincre Grumgor", PNJ.grumgor)],
    recompenses: {
      experience: 2_200,
      or: 500,
      objets: [{ itemId: ITEM.amuletteDAmbre, quantite: 1 }],
      reputations: likes(PNJ.oriane, 40),
    },
  },
  [QUEST.corveeDuJour]: {
    nom: "La corvée du jour",
    typeQuete: "QUOTIDIENNE",
    repete: true,
    frequenceRepetition: "QUOTIDIEN",
    niveauRequis: 2,
    objectifs: [goal("GAGNER_COMBAT", 3, "Gagner trois combats", "PVE")],
    recompenses: { experience: 120, or: 60 },
  },
  [QUEST.cueilletteDuMatin]: {
    nom: "La cueillette du matin",
    typeQuete: "QUOTIDIENNE",
    repete: true,
    frequenceRepetition: "QUOTIDIEN",
    dureeLimiteMinutes: 1_440,
    pnjDonneur: PNJ.anselme,
    objectifs: [goal("COLLECTER", 5, "Rapporter des champignons de lune", ITEM.champignonDeLune)],
    recompenses: { experience: 60, or: 30, reputations: likes(PNJ.anselme, 5) },
  },
  [QUEST.courseContreLaBrume]: {
    nom: "Course contre la brume",
    description: "Elle se lève dans une demi-heure. Après, plus personne ne retrouve le chemin.",
    typeQuete: "SECONDAIRE",
    niveauRequis: 6,
    dureeLimiteMinutes: 30,
    zoneDepart: "Marais de Brume",
    objectifs: [
      goal("EXPLORER", 1, "Traverser le marais", ZONE.maraisDeBrume),
      goal("TUER", 2, "Écarter les araignées du passage", PNJ.araignee),
    ],
    recompenses: { experience: 450, or: 150, objets: [{ itemId: ITEM.antidote, quantite: 3 }] },
  },
  [QUEST.lesAffaires]: {
    nom: "Les affaires sont les affaires",
    typeQuete: "SECONDAIRE",
    niveauRequis: 3,
    pnjDonneur: PNJ.mirabelle,
    objectifs: [goal("COMMERCER", 5, "Acheter ou vendre au marché")],
    recompenses: { experience: 150, or: 100, reputations: likes(PNJ.mirabelle, 20) },
  },
  [QUEST.appelDuVillage]: {
    nom: "L'appel du village",
    description: "Quand tout le pays s'y met, mieux vaut en être.",
    typeQuete: "EVENEMENT",
    repete: true,
    frequenceRepetition: "HEBDOMADAIRE",
    objectifs: [goal("EVENEMENT", 1, "Prendre part à une récolte réussie", "RECOLTE")],
    recompenses: { experience: 200, or: 120, objets: [{ itemId: ITEM.pierreDEsprit, quantite: 1 }] },
  },
  [QUEST.voieDeLAventurier]: {
    nom: "La voie de l'aventurier",
    typeQuete: "SECONDAIRE",
    pnjDonneur: PNJ.zephyrin,
    objectifs: [goal("NIVEAU", 10, "Atteindre le niveau 10"), goal("EXPLORER", 5, "Découvrir cinq zones")],
    recompenses: { experience: 1_500, or: 400, objets: [{ itemId: ITEM.sacADoublesPoches, quantite: 1 }] },
  },
  [QUEST.duelDHonneur]: {
    nom: "Duel d'honneur",
    typeQuete: "SECONDAIRE",
    niveauRequis: 5,
    pnjDonneur: PNJ.laChouette,
    objectifs: [goal("GAGNER_COMBAT", 1, "Gagner un combat d'arène", "ARENE")],
    recompenses: { experience: 400, or: 200, reputations: likes(PNJ.laChouette, 25) },
  },
  [QUEST.dragonneDeCendres]: {
    nom: "La dragonne de cendres",
    description: "La cloche s'est tue. C'est pire.",
    typeQuete: "PRINCIPALE",
    niveauRequis: 16,
    niveauRecommande: 20,
    zoneDepart: "Cratère de Cendreline",
    pnjDonneur: PNJ.oriane,
    preRequis: {
      quetes: [QUEST.ogreDuMoulin, QUEST.voieDeLAventurier],
      reputations: [{ pnjId: PNJ.oriane, minimum: 50 }],
    },
    objectifs: [goal("VAINCRE_BOSS", 1, "Vaincre Cendreline", PNJ.cendreline)],
    recompenses: {
      experience: 12_000,
      or: 3_000,
      objets: [{ itemId: ITEM.pierreDeForce, quantite: 3 }],
      reputations: likes(PNJ.oriane, 100),
    },
  },
};
