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
import { type QueteDefinition, queteDefinition } from "./definitions.ts";
import { queteProblems } from "./problems.ts";

// Events

const queteId = z.uuid();

const payloads = {
  QueteCreee: queteDefinition.extend({ queteId }),
  /** Ours, beyond the contract's list. */
  QueteModifiee: z.object({ queteId, ...changeSchema<QueteDefinition>(queteDefinition) }),
} as const;

type Payloads = { readonly [Type in keyof typeof payloads]: DeepReadonly<z.infer<(typeof payloads)[Type]>> };
export type QueteDefinitionEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];

export const queteDefinitionEvents: EventDefinitions = Object.fromEntries(
  Object.entries(payloads).map(([type, schema]) => [type, { schemaVersion: 1, schema }]),
);

// State

export type QueteDefinitionState = Authored<QueteDefinition>;

// Commands

export const queteDefinitionCommand = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("CreerQuete"), queteId, definition: queteDefinition }),
  z.strictObject({
    type: z.literal("ModifierQuete"),
    queteId,
    changements: changesOf<QueteDefinition>(queteDefinition),
  }),
]);

export type QueteDefinitionCommand =
  | { readonly type: "CreerQuete"; readonly queteId: string; readonly definition: QueteDefinition }
  | { readonly type: "ModifierQuete"; readonly queteId: string; readonly changements: Changes<QueteDefinition> };

// Evolve

function evolve(state: QueteDefinitionState, event: QueteDefinitionEvent): QueteDefinitionState {
  switch (event.eventType) {
    case "QueteCreee": {
      const { queteId: id, ...definition } = event.payload;
      return defined(state, id, definition);
    }
    case "QueteModifiee":
      return amended(state, event.payload);
  }
}

// Decide

function decide(state: QueteDefinitionState, command: QueteDefinitionCommand): Decision<QueteDefinitionEvent> {
  const id = command.queteId;
  switch (command.type) {
    case "CreerQuete":
      return define(state, id, command.definition, queteProblems, () => ({
        eventType: "QueteCreee",
        payload: { ...command.definition, queteId: id },
      }));
    case "ModifierQuete":
      return amend(state, id, command.changements, queteProblems, (change) => [
        { eventType: "QueteModifiee", payload: { queteId: id, ...change } },
      ]);
  }
}

/** The definition of a quest; one stream each, whose id is the queteId. Rules: docs/catalogue-rules.md. */
export const quete: Aggregate<QueteDefinitionState, QueteDefinitionCommand, QueteDefinitionEvent> = {
  type: "Quete",
  events: queteDefinitionEvents,
  initial: UNDEFINED,
  decide,
  evolve: among(queteDefinitionEvents, evolve),
  begins: true,
  snapshot: { schema: authoredSchema<QueteDefinition>(queteDefinition), version: 1 },
};
