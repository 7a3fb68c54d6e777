import type { EventDefinitions } from "../decider.ts";
import type { DomainEvent } from "../envelope.ts";
import { type Authored, UNDEFINED } from "./authored.ts";
import {
  type CompetenceDefinitionEvent,
  type CompetenceDefinitionState,
  competence,
  competenceDefinitionEvents,
} from "./competence.ts";
import type { ItemDefinition } from "./definitions.ts";
import { type ItemEvent, type ItemState, item, itemEvents } from "./item.ts";
import { type PnjDefinitionEvent, type PnjDefinitionState, pnj, pnjDefinitionEvents } from "./pnj.ts";
import { type QueteDefinitionEvent, type QueteDefinitionState, quete, queteDefinitionEvents } from "./quete.ts";

/** Every event type of the catalogue. */
export const catalogueEvents: EventDefinitions = {
  ...itemEvents,
  ...competenceDefinitionEvents,
  ...queteDefinitionEvents,
  ...pnjDefinitionEvents,
};

/** What a reader of the whole log has to be given, to fold a Catalogue. */
export const CATALOGUE_EVENT_TYPES: readonly string[] = Object.keys(catalogueEvents);

/**
 * All definitions as they are now, by id. Unlike an aggregate's state it is a cache of one reader's, written to in place:
 * thousands of entries are not copied for one that changed.
 */
export interface Catalogue {
  readonly items: Map<string, ItemState>;
  readonly competences: Map<string, CompetenceDefinitionState>;
  readonly quetes: Map<string, QueteDefinitionState>;
  readonly pnj: Map<string, PnjDefinitionState>;
  /** By queteId, every item that it ever promised: who accepted it before a change is still given that. */
  readonly promis: Map<string, Set<string>>;
}

export function emptyCatalogue(): Catalogue {
  return { items: new Map(), competences: new Map(), quetes: new Map(), pnj: new Map(), promis: new Map() };
}

function fold<Definition, E extends DomainEvent>(
  entries: Map<string, Authored<Definition>>,
  id: string,
  event: E,
  evolve: (state: Authored<Definition>, event: E) => Authored<Definition>,
): void {
  entries.set(id, evolve(entries.get(id) ?? UNDEFINED, event));
}

type CatalogueEvent = ItemEvent | CompetenceDefinitionEvent | QueteDefinitionEvent | PnjDefinitionEvent;

function remember({ quetes, promis }: Catalogue, queteId: string): void {
  const items = promis.get(queteId) ?? new Set();
  for (const { itemId } of quetes.get(queteId)?.definition?.recompenses.objets ?? []) items.add(itemId);
  promis.set(queteId, items);
}

function apply(catalogue: Catalogue, event: CatalogueEvent): void {
  switch (event.eventType) {
    case "ItemCree":
    case "ItemModifie":
    case "ProprietesModifiees":
    case "ItemDetruit":
      fold(catalogue.items, event.payload.itemId, event, item.evolve);
      break;
    case "CompetenceDefinie":
    case "CompetenceModifiee":
      fold(catalogue.competences, event.payload.competenceId, event, competence.evolve);
      break;
    case "QueteCreee":
    case "QueteModifiee":
      fold(catalogue.quetes, event.payload.queteId, event, quete.evolve);
      remember(catalogue, event.payload.queteId);
      break;
    case "PNJCree":
    case "PNJModifie":
      fold(catalogue.pnj, event.payload.pnjId, event, pnj.evolve);
      break;
  }
}

/** Folds an event that has been read from the log, in the log's order; one of another aggregate changes nothing. Returns the same catalogue. */
export function applyToCatalogue(catalogue: Catalogue, event: DomainEvent): Catalogue {
  // Readers of the log hold a payload against its type's schema, so the type tells the shape.
  if (Object.hasOwn(catalogueEvents, event.eventType)) apply(catalogue, event as CatalogueEvent);
  return catalogue;
}

/** [CATALOG-7]: of what has been withdrawn nothing new is made. */
export function itemIn(catalogue: Catalogue, itemId: string): ItemDefinition | undefined {
  const found = catalogue.items.get(itemId);
  return found === undefined || found.retire ? undefined : (found.definition ?? undefined);
}
