import type { QueteDefinition } from "../domain/catalogue/definitions.ts";
import { type QueteDefinitionEvent, queteDefinitionEvents } from "../domain/catalogue/quete.ts";
import { type AuthoredTable, projectAuthored, type Said } from "./authored.ts";
import type { Projector } from "./projector.ts";

const quetes: AuthoredTable<QueteDefinition> = {
  table: "quetes",
  key: "quete_id",

  read(event): Said<QueteDefinition> | undefined {
    if (!Object.hasOwn(queteDefinitionEvents, event.eventType)) return undefined;
    const { eventType, payload } = event as unknown as QueteDefinitionEvent;
    switch (eventType) {
      case "QueteCreee": {
        const { queteId: id, ...defined } = payload;
        return { id, defined };
      }
      case "QueteModifiee":
        return { id: payload.queteId, change: payload };
    }
  },

  columns: (one) => ({
    nom: one.nom,
    description: one.description,
    type_quete: one.typeQuete,
    niveau_requis: one.niveauRequis,
    niveau_recommande: one.niveauRecommande ?? null,
    pre_requis: one.preRequis,
    objectifs: one.objectifs,
    recompenses: one.recompenses,
    zone_depart: one.zoneDepart ?? null,
    pnj_donneur: one.pnjDonneur ?? null,
    duree_limite_minutes: one.dureeLimiteMinutes ?? null,
    repete: one.repete,
    frequence_repetition: one.frequenceRepetition ?? null,
    dialogues: one.dialogues,
  }),
};

/** The table `quetes`: quests as their authors define them. */
export const questProjector: Projector = {
  name: "quests",
  eventTypes: Object.keys(queteDefinitionEvents),
  tables: ["quetes"],
  apply: (events, transaction) => projectAuthored(quetes, events, transaction),
};
