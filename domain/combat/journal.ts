import type { CombatEvent } from "./events.ts";
import type { CombatState, LigneJournal } from "./state.ts";

const KEPT = 20;

type Line = Pick<LigneJournal, "typeEvenement" | "code" | "acteurId" | "cibleId" | "valeur">;

function line(
  typeEvenement: LigneJournal["typeEvenement"],
  code: string,
  acteurId: string | null,
  cibleId: string | null,
  valeur: number,
): Line {
  return { typeEvenement, code, acteurId, cibleId, valeur };
}

/** What clients read of an event; undefined where the state says it all. */
function lineOf(event: CombatEvent): Line | undefined {
  switch (event.eventType) {
    case "CombatPrepare":
    case "CombatDemarre":
      return line("ETAT", event.eventType, null, null, event.payload.participants.length);
    case "CombatRejoint":
      return line("ETAT", event.eventType, event.payload.participantId, null, 0);
    case "TourDebute":
      return event.payload.passe === undefined
        ? undefined
        : line("EFFET", event.payload.passe, event.payload.participantId, null, 0);
    case "ActionExecutee": {
      const { participantId, typeAction, resultat, cibles, automatique } = event.payload;
      const type = automatique === undefined ? "ACTION" : "TIMEOUT";
      return line(type, `${typeAction}_${resultat}`, participantId, cibles[0] ?? null, cibles.length);
    }
    case "EffetStatutApplique":
      return line(
        "EFFET",
        event.payload.typeEffet,
        event.payload.source.participantId,
        event.payload.participantId,
        event.payload.puissance,
      );
    case "EffetStatutExpire":
      return line("EFFET", `${event.payload.typeEffet}_${event.payload.raison}`, null, event.payload.participantId, 0);
    case "DegatsInfliges":
      return line(
        "ACTION",
        event.payload.etatApres === "ACTIF" ? "DEGATS" : event.payload.etatApres,
        event.payload.source.participantId,
        event.payload.cible,
        event.payload.degatsFinaux,
      );
    case "SoinsRecus":
      return line(
        "ACTION",
        event.payload.ressource,
        event.payload.source.participantId,
        event.payload.cible,
        event.payload.soinFinal,
      );
    case "ParticipantRetire":
      return line("ETAT", event.payload.raison, event.payload.participantId, null, 0);
    case "CombatTermine":
      return line("ETAT", event.payload.raison, null, null, event.payload.tours);
    case "CombatAbandonne":
      return line("ETAT", "ABANDON", null, null, 0);
  }
}

/** The newest lines, with that of `event`; the same array where it adds none. */
export function journalAfter(state: CombatState, event: CombatEvent): CombatState["journal"] {
  const own = lineOf(event);
  if (own === undefined) return state.journal;
  const kept = state.journal.length < KEPT ? state.journal : state.journal.slice(1 - KEPT);
  return [...kept, { version: state.version + 1, numeroTour: state.tourActuel, ...own }];
}
