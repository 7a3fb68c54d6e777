import { type CompetenceDefinitionEvent, competenceDefinitionEvents } from "../domain/catalogue/competence.ts";
import type { CompetenceDefinition } from "../domain/catalogue/definitions.ts";
import { type AuthoredTable, projectAuthored, type Said } from "./authored.ts";
import type { Projector } from "./projector.ts";

const competences: AuthoredTable<CompetenceDefinition> = {
  table: "competences",
  key: "competence_id",

  read(event): Said<CompetenceDefinition> | undefined {
    if (!Object.hasOwn(competenceDefinitionEvents, event.eventType)) return undefined;
    const { eventType, payload } = event as unknown as CompetenceDefinitionEvent;
    switch (eventType) {
      case "CompetenceDefinie": {
        const { competenceId: id, ...defined } = payload;
        return { id, defined };
      }
      case "CompetenceModifiee":
        return { id: payload.competenceId, change: payload };
    }
  },

  columns: (one) => ({
    nom: one.nom,
    description: one.description,
    type_competence: one.typeCompetence,
    element: one.element,
    cible: one.cible,
    niveau_requis: one.niveauRequis,
    cout_mana: one.coutMana,
    cout_stamina: one.coutStamina,
    cooldown_tours: one.cooldownTours,
    portee: one.portee,
    effets: one.effets,
    modificateurs_niveau: one.modificateursNiveau,
    animation: one.animation ?? null,
    icone_url: one.iconeUrl ?? null,
    pre_requis: one.preRequis,
  }),
};

/** The table `competences`: skills as their authors define them. */
export const skillProjector: Projector = {
  name: "skills",
  eventTypes: Object.keys(competenceDefinitionEvents),
  tables: ["competences"],
  apply: (events, transaction) => projectAuthored(competences, events, transaction),
};
