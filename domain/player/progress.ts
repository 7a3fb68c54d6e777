import type { Draft } from "./draft.ts";
import type { SourceItem } from "./inventaire.ts";
import { advanceObjectives, type Fait } from "./objectives.ts";
import type { PlayerEvent } from "./state.ts";

/** [GOAL-6]: what players could pass back and forth, and what only moves, is not collected. */
const COLLECTED: Readonly<Record<SourceItem, boolean>> = {
  COMBAT: true,
  QUETE: true,
  MONDE: true,
  RECOLTE: true,
  CADEAU: true,
  PNJ: true,
  AUTRE: true,
  MARCHE: false,
  RETOUR: false,
  ECHANGE: false,
  DIVISION: false,
  EMPILEMENT: false,
};

/** [GOAL-5] */
function factOf(event: PlayerEvent): Fait | undefined {
  switch (event.eventType) {
    case "ItemAjoute": {
      const { itemId: cible, quantite, source } = event.payload;
      return COLLECTED[source] ? { type: "COLLECTER", cible, quantite } : undefined;
    }
    case "ItemUtilise":
      return { type: "UTILISER", cible: event.payload.itemId, quantite: event.payload.quantite };
    case "ItemRetire": {
      const { itemId: cible, quantite, raison } = event.payload;
      return raison === "COMBAT" ? { type: "UTILISER", cible, quantite } : undefined;
    }
    case "ItemEquipe":
      return { type: "EQUIPER", cible: event.payload.itemId, quantite: 1 };
    case "DialogueDeclenche":
      return { type: "PARLER", cible: event.payload.pnjId, quantite: 1 };
    case "CompetenceAprise":
      return { type: "APPRENDRE", cible: event.payload.competenceId, quantite: 1 };
    case "NiveauAtteint":
      return { type: "NIVEAU", quantite: event.payload.nouveauNiveau };
    default:
      return undefined;
  }
}

/**
 * Counts the player's own events of a decision towards its open quests, in that decision. It completes objectives and no
 * more, and what it emits counts for nothing, so once is enough.
 */
export function progressQuests(draft: Draft): void {
  const facts = new Map<string, Fait[]>();
  for (const event of draft.events) {
    const fact = factOf(event);
    if (fact !== undefined) facts.set(event.eventType, [...(facts.get(event.eventType) ?? []), fact]);
  }
  for (const [type, ones] of facts) advanceObjectives(draft, ones, type);
}
