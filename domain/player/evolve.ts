import { type CompetenceEvent, evolveCompetences } from "./competences.ts";
import { type EquipementEvent, evolveEquipement } from "./equipement.ts";
import { evolveInventaire, type InventaireEvent } from "./inventaire.ts";
import { evolveJoueur, type JoueurEvent } from "./joueur.ts";
import { evolveQuetes, type QueteEvent } from "./quetes.ts";
import { evolveRelations, type RelationEvent } from "./relations.ts";
import { type PlayerEvent, type PlayerState, partOf } from "./state.ts";

/** Folds one event into its part. Total: any event of the schema on any state gives a state, one version of its stream on. */
export function evolve(state: PlayerState, event: PlayerEvent): PlayerState {
  const part = partOf(event.eventType);
  const next = { ...state, versions: { ...state.versions, [part]: state.versions[part] + 1 } };
  // What the part is says the type's name; the compiler cannot follow that.
  switch (part) {
    case "Joueur":
      return { ...next, joueur: evolveJoueur(state.joueur, event as JoueurEvent) };
    case "Inventaire":
      return { ...next, inventaire: evolveInventaire(state.inventaire, event as InventaireEvent) };
    case "Equipement":
      return { ...next, equipement: evolveEquipement(state.equipement, event as EquipementEvent) };
    case "Competence":
      return { ...next, competences: evolveCompetences(state.competences, event as CompetenceEvent) };
    case "Quete":
      return { ...next, quetes: evolveQuetes(state.quetes, event as QueteEvent) };
    case "PNJ":
      return { ...next, relations: evolveRelations(state.relations, event as RelationEvent) };
  }
}
