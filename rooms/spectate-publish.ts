import type { AnsweredEvent } from "../domain/codes.ts";
import type { CombatEvent } from "../domain/combat/events.ts";
import type { ParticipantInitial } from "../domain/combat/participant.ts";

/** An event as those see it who do not take part: of a fighter what the view shows, and not what it carries, can do, or takes home. */
export function publishWatchedEvent(event: AnsweredEvent): AnsweredEvent {
  return { ...event, payload: payloadFor(event as unknown as CombatEvent) };
}

function payloadFor(event: CombatEvent): unknown {
  switch (event.eventType) {
    case "CombatPrepare":
    case "CombatDemarre": {
      // Whoever knows the seed can foretell every roll.
      const { graine: _, observation: __, recompenses: ___, participants, ...shown } = event.payload;
      return { ...shown, participants: participants.map(fighterFor) };
    }
    case "ActionExecutee": {
      const { objet: _, ...cout } = event.payload.cout;
      return { ...event.payload, cout };
    }
    case "CombatTermine": {
      const { recompenses: _, retours: __, ...shown } = event.payload;
      return shown;
    }
    case "CombatAbandonne": {
      const { retours: _, ...shown } = event.payload;
      return shown;
    }
    case "CombatRejoint":
    case "ParticipantRetire":
    case "TourDebute":
    case "EffetStatutApplique":
    case "EffetStatutExpire":
    case "DegatsInfliges":
    case "SoinsRecus":
      return event.payload;
  }
}

function fighterFor({
  participantId,
  entiteId,
  typeEntite,
  equipe,
  nom,
  niveau,
  position,
  hpActuel,
  hpMax,
  mpActuel,
  mpMax,
  staminaActuel,
  staminaMax,
}: ParticipantInitial): Partial<ParticipantInitial> {
  const vitals = { hpActuel, hpMax, mpActuel, mpMax, staminaActuel, staminaMax };
  return { participantId, entiteId, typeEntite, equipe, nom, niveau, position, ...vitals };
}
