import type { StoredEvent } from "../envelope.ts";
import type { PayloadOf } from "../world/events.ts";
import { payloadOf, type Saga, type Step } from "./saga.ts";

type Ended = PayloadOf<"EvenementTermine">;
type Gathered = PayloadOf<"RessourceRecoltee">;

/** [SAGA-9]: everyone who has contributed to a world event that succeeded gets the whole of what it promised. */
function rewards({ evenementId, resultat, participants, recompenses }: Ended): Step[] {
  if (resultat !== "REUSSI") return [];
  const { experience, or, objets } = recompenses;
  return participants.flatMap(({ joueurId: id }): Step[] => {
    const steps: Step[] = [];
    const from = { source: "MONDE", reference: evenementId } as const;
    const to = { to: "Joueur", id } as const;
    if (experience > 0) {
      const command = { type: "GagnerExperience", montant: experience, ...from } as const;
      steps.push({ name: `experience ${id}`, ...to, command });
    }
    if (or > 0) {
      const command = { type: "ModifierOr", delta: or, raison: from.source, reference: evenementId } as const;
      steps.push({ name: `or ${id}`, ...to, command });
    }
    if (objets.length > 0) {
      const command = { type: "RecevoirItems", objets, ...from } as const;
      steps.push({ name: `objets ${id}`, ...to, command });
    }
    return steps;
  });
}

/** [SAGA-10] */
function harvest({ ressourceId, joueurId, itemId, quantite }: Gathered): Step {
  const command = {
    type: "RecevoirItems",
    objets: [{ itemId, quantite }],
    source: "RECOLTE",
    reference: ressourceId,
  } as const;
  return { name: "recolte", to: "Joueur", id: joueurId, command };
}

/** What the world gives to players: for world events that succeed, and for what they gather. */
export const worldRewards: Saga = {
  name: "world-rewards",
  eventTypes: ["EvenementTermine", "RessourceRecoltee"],
  react: (event: StoredEvent): readonly Step[] =>
    event.eventType === "RessourceRecoltee" ? [harvest(payloadOf(event))] : rewards(payloadOf(event)),
};
