import type { StoredEvent } from "../envelope.ts";
import type { PayloadOf as MarketPayload } from "../market/events.ts";
import type { PayloadOf as WorldPayload } from "../world/events.ts";
import { payloadOf, type Saga, type Step } from "./saga.ts";

type Facts = Extract<Extract<Step, { to: "Joueur" }>["command"], { type: "ProgresserObjectifs" }>["faits"];

function progressed(joueurId: string, fait: Facts[number], reference: string): Step {
  const command = { type: "ProgresserObjectifs", faits: [fait], reference } as const;
  return { name: `quetes ${joueurId}`, to: "Joueur", id: joueurId, command };
}

/**
 * [SAGA-8]: what happens to a player elsewhere counts towards its quests. What its own actor decides counts there, in the same
 * commit; what a combat brings comes with the combat's rewards.
 */
export const questProgress: Saga = {
  name: "quest-progress",
  eventTypes: ["ZoneDecouverte", "EvenementTermine", "TransactionExecutee"],
  react(event: StoredEvent): readonly Step[] {
    const { eventId } = event;
    switch (event.eventType) {
      case "ZoneDecouverte": {
        const { joueurId, zoneId } = payloadOf<WorldPayload<"ZoneDecouverte">>(event);
        return [progressed(joueurId, { type: "EXPLORER", cible: zoneId, quantite: 1 }, eventId)];
      }
      case "EvenementTermine": {
        const { resultat, type, participants } = payloadOf<WorldPayload<"EvenementTermine">>(event);
        if (resultat !== "REUSSI") return [];
        const fait = { type: "EVENEMENT", cible: type, quantite: 1 } as const;
        return participants.map(({ joueurId }) => progressed(joueurId, fait, eventId));
      }
      default: {
        const { vendeurId, acheteurId, itemId, quantite } = payloadOf<MarketPayload<"TransactionExecutee">>(event);
        const fait = { type: "COMMERCER", cible: itemId, quantite } as const;
        return [progressed(vendeurId, fait, eventId), progressed(acheteurId, fait, eventId)];
      }
    }
  },
};
