import { competenceDefinitionEvents } from "./catalogue/competence.ts";
import { itemEvents } from "./catalogue/item.ts";
import { pnjDefinitionEvents } from "./catalogue/pnj.ts";
import { queteDefinitionEvents } from "./catalogue/quete.ts";
import { combatEvents } from "./combat/events.ts";
import type { EventDefinition, EventDefinitions } from "./decider.ts";
import type { AggregateType } from "./envelope.ts";
import { marketEvents } from "./market/events.ts";
import { banEvents } from "./player/bans.ts";
import { PART_TYPES, partOf, playerEvents } from "./player/state.ts";
import { worldEvents } from "./world/events.ts";

/** The events of every aggregate: what a registry is made of. */
export const allEvents: readonly EventDefinitions[] = [
  combatEvents,
  playerEvents,
  banEvents,
  itemEvents,
  competenceDefinitionEvents,
  queteDefinitionEvents,
  pnjDefinitionEvents,
  marketEvents,
  worldEvents,
];

export interface EventType {
  readonly eventType: string;
  /** Of the stream that its events are in. */
  readonly aggregateType: AggregateType;
  readonly definition: EventDefinition;
}

function typesOf(aggregateType: AggregateType, definitions: EventDefinitions): EventType[] {
  return Object.entries(definitions).map(([eventType, definition]) => ({ eventType, aggregateType, definition }));
}

function playerTypesOf(part: AggregateType): EventType[] {
  return typesOf(part, playerEvents).filter(({ eventType }) => partOf(eventType) === part);
}

/** Every event type with the stream that it belongs to. A stream of skills, quests or relations may be a player's or a definition's. */
export const eventTypes: readonly EventType[] = [
  ...typesOf("Combat", combatEvents),
  ...PART_TYPES.flatMap(playerTypesOf),
  ...typesOf("Joueur", banEvents),
  ...typesOf("Item", itemEvents),
  ...typesOf("Competence", competenceDefinitionEvents),
  ...typesOf("Quete", queteDefinitionEvents),
  ...typesOf("PNJ", pnjDefinitionEvents),
  ...typesOf("Economy", marketEvents),
  ...typesOf("WorldState", worldEvents),
];
