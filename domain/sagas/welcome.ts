import { starterItems } from "../catalogue/demo/starter.ts";
import type { PayloadOf } from "../player/state.ts";
import { payloadOf, type Saga } from "./saga.ts";

/** [SAGA-11]: a new player is given its class' first things, where the catalogue has them. */
export const welcome: Saga = {
  name: "welcome",
  eventTypes: ["JoueurCree"],
  react(event) {
    const { joueurId, classe } = payloadOf<PayloadOf<"JoueurCree">>(event);
    const command = {
      type: "RecevoirItems",
      objets: starterItems(classe),
      source: "CADEAU",
      reference: joueurId,
    } as const;
    return [{ name: "accueil", to: "Joueur", id: joueurId, command, fine: ["UNKNOWN_ITEM"] }];
  },
};
