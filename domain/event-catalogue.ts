import type { AggregateType } from "./envelope.ts";

/** The event types that the contract names, by the aggregate type of their stream. Every other type is ours. */
export const CONTRACT_EVENTS: Readonly<Record<AggregateType, readonly string[]>> = {
  Joueur: ["JoueurCree", "ExperienceGagnee", "NiveauAtteint", "StatsModifiees", "ClasseChangee"],
  Combat: [
    "CombatDemarre",
    "TourDebute",
    "ActionExecutee",
    "EffetStatutApplique",
    "EffetStatutExpire",
    "DegatsInfliges",
    "SoinsRecus",
    "CombatTermine",
  ],
  Inventaire: [
    "ItemAjoute",
    "ItemRetire",
    "ItemEquipe",
    "ItemDesequipe",
    "ItemUtilise",
    "ItemEchange",
    "CapaciteModifiee",
  ],
  Item: ["ItemCree", "ItemModifie", "ProprietesModifiees", "ItemDetruit"],
  Equipement: ["EquipementCree", "EquipementAmeliore", "EquipementRepare", "EnchantementsAppliques"],
  Quete: [
    "QueteCreee",
    "QueteAcceptee",
    "ObjectifProgresse",
    "ObjectifComplete",
    "QueteTerminee",
    "QueteEchouee",
    "RecompenseObtenue",
  ],
  Competence: ["CompetenceAprise", "CompetenceAmelioree", "CompetenceUtilisee", "CooldownDemarre"],
  PNJ: ["PNJCree", "DialogueDeclenche", "CommerceOuvert", "ReputationModifiee"],
  Economy: ["OrdreVenteCree", "OrdreAchatCree", "TransactionExecutee", "OrdreCancelled", "PrixMisAJour"],
  WorldState: ["EvenementMondialDeclenche", "ZoneDecouverte", "BossVaincu", "RessourceRegeneree"],
};
