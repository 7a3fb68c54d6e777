import type { z } from "zod";
import type { evenementDefinition, mondeDefinition } from "../../world/definition.ts";
import { EVENT, ITEM, PNJ, RESOURCE, ZONE } from "./ids.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function grows(ressourceId: string, nom: string, itemId: string, capacite: number, minutes: number) {
  return { ressourceId, nom, itemId, capacite, regenerationMs: minutes * MINUTE };
}

/** Eight zones, from the first steps to the dragon. */
export const lands: z.input<typeof mondeDefinition> = {
  heureMs: MINUTE,
  zones: [
    { zoneId: ZONE.bourgClochette, nom: "Bourg-Clochette", niveauMin: 1, niveauMax: 3 },
    {
      zoneId: ZONE.champsAuxLucioles,
      nom: "Champs aux Lucioles",
      niveauMin: 1,
      niveauMax: 4,
      ressources: [
        grows(RESOURCE.saugeDesChamps, "Sauge des champs", ITEM.sauge, 400, 2),
        grows(RESOURCE.champignonsDeLune, "Ronds de lune", ITEM.champignonDeLune, 150, 5),
      ],
    },
    {
      zoneId: ZONE.boisMurmure,
      nom: "Bois-Murmure",
      niveauMin: 2,
      niveauMax: 6,
      ressources: [grows(RESOURCE.ifsTordus, "Ifs tordus", ITEM.boisDIf, 200, 5)],
    },
    {
      zoneId: ZONE.moulinBrise,
      nom: "Moulin Brisé",
      niveauMin: 6,
      niveauMax: 9,
      boss: [PNJ.grumgor],
      ressources: [grows(RESOURCE.ambreDuMoulin, "Ambre du bief", ITEM.ambreBrut, 60, 10)],
    },
    {
      zoneId: ZONE.maraisDeBrume,
      nom: "Marais de Brume",
      niveauMin: 6,
      niveauMax: 11,
      ressources: [grows(RESOURCE.selDuMarais, "Sel du marais", ITEM.selDeBrume, 120, 5)],
    },
    {
      zoneId: ZONE.minesDEchofer,
      nom: "Mines d'Échofer",
      niveauMin: 9,
      niveauMax: 13,
      ressources: [
        grows(RESOURCE.filonDeFer, "Filon chantant", ITEM.mineraiDeFer, 300, 3),
        grows(RESOURCE.cristauxDEcho, "Cristaux d'écho", ITEM.cristalDEcho, 40, 15),
      ],
    },
    {
      zoneId: ZONE.falaises,
      nom: "Falaises du Vent-Hurleur",
      niveauMin: 12,
      niveauMax: 17,
      ressources: [grows(RESOURCE.saugeDesFalaises, "Sauge des corniches", ITEM.sauge, 100, 4)],
    },
    {
      zoneId: ZONE.cratere,
      nom: "Cratère de Cendreline",
      niveauMin: 16,
      niveauMax: 20,
      boss: [PNJ.cendreline],
      ressources: [grows(RESOURCE.braisesDuCratere, "Braises du cratère", ITEM.braiseEternelle, 30, 20)],
    },
  ],
};

/** World events that a game master may trigger, one for each kind of goal. */
export const festivities: Readonly<Record<string, z.input<typeof evenementDefinition>>> = {
  [EVENT.grandeMoisson]: {
    type: "RECOLTE",
    nom: "La Grande Moisson",
    description: "Tout ce qui pousse, avant la pluie.",
    zoneId: ZONE.champsAuxLucioles,
    objectif: 1_000,
    dureeMs: 2 * HOUR,
    recompenses: { experience: 150, or: 60, objets: [{ itemId: ITEM.ragoutDeLAubergiste, quantite: 2 }] },
  },
  [EVENT.nuitDesGobelins]: {
    type: "INVASION",
    nom: "La Nuit des Gobelins",
    description: "Ils sont partout, et ils ont trouvé les cuillères.",
    zoneId: ZONE.champsAuxLucioles,
    objectif: 200,
    dureeMs: HOUR,
    recompenses: { experience: 300, or: 120 },
  },
  [EVENT.chasseAuxGeants]: {
    type: "CHASSE",
    nom: "La Chasse aux géants",
    objectif: 20,
    dureeMs: 24 * HOUR,
    recompenses: { experience: 1_000, or: 400, objets: [{ itemId: ITEM.pierreDeForce, quantite: 1 }] },
  },
  [EVENT.routesOuvertes]: {
    type: "EXPLORATION",
    nom: "Les Routes ouvertes",
    objectif: 100,
    dureeMs: 24 * HOUR,
    recompenses: { experience: 200, or: 80 },
  },
};
