import { z } from "zod";
import type { DeepReadonly } from "../combat/values.ts";
import type { Aggregate, Decision, EventDefinitions } from "../decider.ts";
import {
  type Authored,
  amended,
  among,
  authoredSchema,
  type Changes,
  changeSchema,
  changesOf,
  defined,
  UNDEFINED,
} from "./authored.ts";
import { amend, define } from "./decisions.ts";
import { type PnjDefinition, pnjDefinition } from "./definitions.ts";
import { pnjProblems } from "./problems.ts";

// Events

const pnjId = z.uuid();

const payloads = {
  PNJCree: pnjDefinition.extend({ pnjId }),
  /** Ours, beyond the contract's list. */
  PNJModifie: z.object({ pnjId, ...changeSchema<PnjDefinition>(pnjDefinition) }),
} as const;

type Payloads = { readonly [Type in keyof typeof payloads]: DeepReadonly<z.infer<(typeof payloads)[Type]>> };
export type PnjDefinitionEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];

export const pnjDefinitionEvents: EventDefinitions = Object.fromEntries(
  Object.entries(payloads).map(([type, schema]) => [type, { schemaVersion: 1, schema }]),
);

// State

export type PnjDefinitionState = Authored<PnjDefinition>;

// Commands

export const pnjDefinitionCommand = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("CreerPnj"), pnjId, definition: pnjDefinition }),
  z.strictObject({ type: z.literal("ModifierPnj"), pnjId, changements: changesOf<PnjDefinition>(pnjDefinition) }),
]);

export type PnjDefinitionCommand =
  | { readonly type: "CreerPnj"; readonly pnjId: string; readonly definition: PnjDefinition }
  | { readonly type: "ModifierPnj"; readonly pnjId: string; readonly changements: Changes<PnjDefinition> };

// Evolve

function evolve(state: PnjDefinitionState, event: PnjDefinitionEvent): PnjDefinitionState {
  switch (event.eventType) {
    case "PNJCree": {
      const { pnjId: id, ...definition } = event.payload;
      return defined(state, id, definition);
    }
    case "PNJModifie":
      return amended(state, event.payload);
  }
}

// Decide

function decide(state: PnjDefinitionState, command: PnjDefinitionCommand): Decision<PnjDefinitionEvent> {
  const id = command.pnjId;
  switch (command.type) {
    case "CreerPnj":
      return define(state, id, command.definition, pnjProblems, () => ({
        eventType: "PNJCree",
        payload: { ...command.definition, pnjId: id },
      }));
    case "ModifierPnj":
      return amend(state, id, command.changements, pnjProblems, (change) => [
        { eventType: "PNJModifie", payload: { pnjId: id, ...change } },
      ]);
  }
}

/** The definition of a non-player; one stream each, whose id is the pnjId. Rules: docs/catalogue-rules.md. */
export const pnj: Aggregate<PnjDefinitionState, PnjDefinitionCommand, PnjDefinitionEvent> = {
  type: "PNJ",
  events: pnjDefinitionEvents,
  initial: UNDEFINED,
  decide,
  evolve: among(pnjDefinitionEvents, evolve),
  begins: true,
  snapshot: { schema: authoredSchema<PnjDefinition>(pnjDefinition), version: 1 },
};
