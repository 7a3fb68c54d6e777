import type { CombatSnapshot } from "../client/combat.ts";
import type { AnsweredEvent } from "../domain/codes.ts";
import type { CombatEvent } from "../domain/combat/events.ts";

const ACTIONS = {
  ATTAQUE: "attacks",
  COMPETENCE: "uses",
  OBJET: "uses an item",
  DEPLACEMENT: "moves",
  DEFENSE: "defends",
  FUITE: "tries to flee",
} as const;

/** Tells one event as a line; undefined for those that a reader can do without. */
export function tell(
  event: AnsweredEvent,
  state: CombatSnapshot,
  skills: ReadonlyMap<string, string>,
): string | undefined {
  const name = (id: string): string => state.participants[id]?.nom ?? id.slice(0, 8);
  const told = event as AnsweredEvent & CombatEvent;
  switch (told.eventType) {
    case "CombatPrepare":
      return "The combat is prepared.";
    case "CombatRejoint":
      return `${name(told.payload.participantId)} has arrived.`;
    case "CombatDemarre":
      return `The fight begins: ${told.payload.participants.map(({ nom, equipe }) => `${nom} (${equipe})`).join(", ")}.`;
    case "TourDebute":
      return told.payload.passe === undefined
        ? undefined
        : `  ${name(told.payload.participantId)} is stunned and loses the turn.`;
    case "ActionExecutee": {
      const { participantId, typeAction, competenceId, cibles, resultat, deplacement } = told.payload;
      const skill = competenceId === undefined ? "" : ` ${skills.get(competenceId) ?? "a skill"}`;
      const targets = cibles.length === 0 || typeAction === "DEFENSE" ? "" : ` on ${cibles.map(name).join(", ")}`;
      const way = deplacement === undefined ? "" : ` from ${deplacement.de} to ${deplacement.vers}`;
      const outcome = resultat === "SUCCES" ? "" : ` – ${resultat.toLowerCase()}`;
      return `${name(participantId)} ${ACTIONS[typeAction]}${skill}${targets}${way}${outcome}`;
    }
    case "DegatsInfliges": {
      const { cible, degatsFinaux, hpAvant, hpApres, critique, etatApres } = told.payload;
      const end = etatApres === "ACTIF" ? "" : ` – ${etatApres}`;
      return `  ${name(cible)} loses ${degatsFinaux} hit points${critique ? " (critical)" : ""}: ${hpAvant} → ${hpApres}${end}`;
    }
    case "SoinsRecus":
      return `  ${name(told.payload.cible)} regains ${told.payload.soinFinal} ${told.payload.ressource}: ${told.payload.avant} → ${told.payload.apres}`;
    case "EffetStatutApplique":
      return `  ${name(told.payload.participantId)} is under ${told.payload.typeEffet} for ${told.payload.dureeTours} turns`;
    case "EffetStatutExpire":
      return `  ${told.payload.typeEffet} leaves ${name(told.payload.participantId)}`;
    case "ParticipantRetire":
      return `${name(told.payload.participantId)} gives up (${told.payload.raison}).`;
    case "CombatTermine":
      return `The fight is over: ${told.payload.resultat} (${told.payload.raison}).`;
    case "CombatAbandonne":
      return "The fight is abandoned.";
  }
}
