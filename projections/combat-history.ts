import type { CombatEvent, PayloadOf } from "../domain/combat/events.ts";
import { canonical, type HistoryRow } from "./combat-rows.ts";

export type HistoryLine = Pick<HistoryRow, "type_evenement" | "acteur_id" | "severite" | "details">;

function line(
  type_evenement: HistoryRow["type_evenement"],
  severite: HistoryRow["severite"],
  acteur: string | null,
  details: object,
): HistoryLine {
  return { type_evenement, severite, acteur_id: acteur === null ? null : canonical(acteur), details };
}

type Beginning = PayloadOf<"CombatPrepare"> | PayloadOf<"CombatDemarre">;

/**
 * Of those who take part, what everyone in the room may see. Whoever knows the seed can foretell every roll: it stays in the log,
 * and so does what the others carry and how they are to be hurt.
 */
function beginning({ graine: _, participants, ...settings }: Beginning): object {
  return {
    ...settings,
    participants: participants.map((one) => ({
      participantId: one.participantId,
      entiteId: one.entiteId,
      typeEntite: one.typeEntite,
      equipe: one.equipe,
      nom: one.nom,
      niveau: one.niveau,
      initiative: one.initiative,
      position: one.position,
      hpActuel: one.hpActuel,
      hpMax: one.hpMax,
      mpActuel: one.mpActuel,
      mpMax: one.mpMax,
      staminaActuel: one.staminaActuel,
      staminaMax: one.staminaMax,
    })),
  };
}

/** An event as a line of the history: [PCOMBAT-9] says what is critical, what important. The acting one is a participant. */
export function historyLine(event: CombatEvent): HistoryLine {
  const { payload } = event;
  switch (event.eventType) {
    case "CombatPrepare":
      return line("ETAT", "INFO", null, beginning(event.payload));
    case "CombatDemarre":
      return line("ETAT", "IMPORTANT", null, beginning(event.payload));
    case "CombatRejoint":
      return line("ETAT", "INFO", event.payload.participantId, payload);
    case "TourDebute":
      return line(event.payload.passe === undefined ? "ETAT" : "EFFET", "INFO", event.payload.participantId, payload);
    case "ActionExecutee": {
      const { automatique, participantId, typeAction, resultat } = event.payload;
      const fled = typeAction === "FUITE" && resultat === "SUCCES";
      const severite = fled || resultat === "CRITIQUE" ? "IMPORTANT" : "INFO";
      return line(automatique === undefined ? "ACTION" : "TIMEOUT", severite, participantId, payload);
    }
    case "EffetStatutApplique":
      return line("EFFET", "INFO", event.payload.source.participantId, payload);
    case "EffetStatutExpire":
      return line("EFFET", "INFO", event.payload.participantId, payload);
    case "DegatsInfliges": {
      const { source, etatApres, critique } = event.payload;
      const severite = etatApres !== "ACTIF" ? "CRITIQUE" : critique ? "IMPORTANT" : "INFO";
      return line(source.effetId === undefined ? "ACTION" : "EFFET", severite, source.participantId, payload);
    }
    case "SoinsRecus": {
      const { source } = event.payload;
      return line(source.effetId === undefined ? "ACTION" : "EFFET", "INFO", source.participantId, payload);
    }
    case "ParticipantRetire":
      return line(
        event.payload.raison === "INACTIVITE" ? "TIMEOUT" : "ETAT",
        "IMPORTANT",
        event.payload.participantId,
        payload,
      );
    case "CombatTermine":
    case "CombatAbandonne":
      return line("ETAT", "CRITIQUE", null, payload);
  }
}
