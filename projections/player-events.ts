import type { StoredEvent } from "../domain/envelope.ts";
import type { PlayerEvent } from "../domain/player/state.ts";

/** Of the streams Joueur and PNJ, after the player's creation. */
export const JOUEUR_EVENTS = [
  "ExperienceGagnee",
  "NiveauAtteint",
  "StatsModifiees",
  "ClasseChangee",
  "OrModifie",
  "CombatQuitte",
  "CoteModifiee",
  "JoueurConnecte",
  "GuildeRejointe",
  "ReputationModifiee",
  "DonneesPersonnellesEffacees",
] as const;

/** Of the streams Inventaire and Equipement. */
export const INVENTAIRE_EVENTS = [
  "ItemAjoute",
  "ItemRetire",
  "ItemUtilise",
  "ItemEquipe",
  "ItemDesequipe",
  "ItemDeplace",
  "InstanceModifiee",
  "CapaciteModifiee",
  "EquipementCree",
  "EquipementAmeliore",
  "EquipementRepare",
  "EnchantementsAppliques",
] as const;

/** Of the streams Competence and Quete. */
export const PROGRESS_EVENTS = [
  "CompetenceAprise",
  "CompetenceAmelioree",
  "CompetenceUtilisee",
  "CooldownDemarre",
  "QueteAcceptee",
  "ObjectifProgresse",
  "ObjectifComplete",
  "QueteTerminee",
  "QueteEchouee",
  "QueteAbandonnee",
] as const;

/** All that some table of players is about. */
export const PLAYER_EVENTS = ["JoueurCree", ...JOUEUR_EVENTS, ...INVENTAIRE_EVENTS, ...PROGRESS_EVENTS] as const;

/** An event of the log with the payload of its type. */
export type Told<Type extends (typeof PLAYER_EVENTS)[number] = (typeof PLAYER_EVENTS)[number]> = StoredEvent &
  Extract<PlayerEvent, { eventType: Type }>;
export type JoueurTold = Told<(typeof JOUEUR_EVENTS)[number]>;
export type InventaireTold = Told<(typeof INVENTAIRE_EVENTS)[number]>;
export type ProgressTold = Told<(typeof PROGRESS_EVENTS)[number]>;

export function isJoueurEvent(event: Told): event is JoueurTold {
  return (JOUEUR_EVENTS as readonly string[]).includes(event.eventType);
}

export function isInventaireEvent(event: Told): event is InventaireTold {
  return (INVENTAIRE_EVENTS as readonly string[]).includes(event.eventType);
}
