import { z } from "zod";
import type { DeepReadonly } from "../combat/values.ts";
import { type Aggregate, accept, type Decision, type EventDefinitions } from "../decider.ts";
import {
  type Authored,
  amended,
  authoredSchema,
  type Change,
  type Changes,
  changeSchema,
  changesOf,
  defined,
  isEmpty,
  UNDEFINED,
} from "./authored.ts";
import { amend, define } from "./decisions.ts";
import { type ItemDefinition, itemDefinition } from "./definitions.ts";
import { itemProblems } from "./problems.ts";
import { refuse } from "./rejections.ts";

// Events

const itemId = z.uuid();
const raison = z.string().min(1).max(200);

/** What an item does, as opposed to what it is called and worth. */
const PROPERTIES = ["stats", "effets", "usage", "ensemble"] as const satisfies readonly (keyof ItemDefinition)[];
const propriete = { stats: true, effets: true, usage: true, ensemble: true } as const;

const payloads = {
  ItemCree: itemDefinition.extend({ itemId }),
  ItemModifie: z.object({ itemId, ...changeSchema<ItemDefinition>(itemDefinition.omit(propriete)) }),
  ProprietesModifiees: z.object({ itemId, ...changeSchema<ItemDefinition>(itemDefinition.pick(propriete)) }),
  /** Withdrawn: those that exist live on, no new ones are made. */
  ItemDetruit: z.object({ itemId, raison }),
} as const;

type Payloads = { readonly [Type in keyof typeof payloads]: DeepReadonly<z.infer<(typeof payloads)[Type]>> };
export type ItemEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];

export const itemEvents: EventDefinitions = Object.fromEntries(
  Object.entries(payloads).map(([type, schema]) => [type, { schemaVersion: 1, schema }]),
);

// State

export type ItemState = Authored<ItemDefinition>;

// Commands

export const itemCommand = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("CreerItem"), itemId, definition: itemDefinition }),
  z.strictObject({
    type: z.literal("ModifierItem"),
    itemId,
    changements: changesOf<ItemDefinition>(itemDefinition),
  }),
  z.strictObject({ type: z.literal("RetirerItem"), itemId, raison }),
]);

export type ItemCommand =
  | { readonly type: "CreerItem"; readonly itemId: string; readonly definition: ItemDefinition }
  | { readonly type: "ModifierItem"; readonly itemId: string; readonly changements: Changes<ItemDefinition> }
  | { readonly type: "RetirerItem"; readonly itemId: string; readonly raison: string };

// Evolve

function evolve(state: ItemState, event: ItemEvent): ItemState {
  switch (event.eventType) {
    case "ItemCree": {
      const { itemId: id, ...definition } = event.payload;
      return defined(state, id, definition);
    }
    case "ItemModifie":
    case "ProprietesModifiees":
      return amended(state, event.payload);
    case "ItemDetruit":
      return { ...state, version: state.version + 1, retire: true };
  }
}

// Decide

function part(change: Change<ItemDefinition>, properties: boolean): Change<ItemDefinition> {
  const of = (fields: Partial<ItemDefinition>): Partial<ItemDefinition> =>
    Object.fromEntries(
      Object.entries(fields).filter(([key]) => PROPERTIES.some((one) => one === key) === properties),
    ) as Partial<ItemDefinition>;
  return { avant: of(change.avant), apres: of(change.apres) };
}

/** [CATALOG-3]: what it is and what it does are told apart. */
function modified(id: string, change: Change<ItemDefinition>): ItemEvent[] {
  const described = part(change, false);
  const properties = part(change, true);
  const events: ItemEvent[] = [];
  if (!isEmpty(described)) events.push({ eventType: "ItemModifie", payload: { itemId: id, ...described } });
  if (!isEmpty(properties)) events.push({ eventType: "ProprietesModifiees", payload: { itemId: id, ...properties } });
  return events;
}

/** [CATALOG-4] */
function withdraw(state: ItemState, command: Extract<ItemCommand, { type: "RetirerItem" }>): Decision<ItemEvent> {
  if (state.definition === null || state.id !== command.itemId) return refuse("DEFINITION_NOT_FOUND");
  if (state.retire) return accept([]);
  return accept([{ eventType: "ItemDetruit", payload: { itemId: command.itemId, raison: command.raison } }]);
}

function decide(state: ItemState, command: ItemCommand): Decision<ItemEvent> {
  const id = command.itemId;
  switch (command.type) {
    case "CreerItem":
      return define(state, id, command.definition, itemProblems, () => ({
        eventType: "ItemCree",
        payload: { ...command.definition, itemId: id },
      }));
    case "ModifierItem":
      return amend(state, id, command.changements, itemProblems, (change) => modified(id, change));
    case "RetirerItem":
      return withdraw(state, command);
  }
}

/** The definition of an item; one stream each, whose id is the itemId. Rules: docs/catalogue-rules.md. */
export const item: Aggregate<ItemState, ItemCommand, ItemEvent> = {
  type: "Item",
  events: itemEvents,
  initial: UNDEFINED,
  decide,
  evolve,
  begins: true,
  snapshot: { schema: authoredSchema<ItemDefinition>(itemDefinition), version: 1 },
};
