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
import { type CompetenceDefinition, competenceDefinition } from "./definitions.ts";
import { competenceProblems } from "./problems.ts";

// Events

const competenceId = z.uuid();

const payloads = {
  /** Ours, beyond the contract's list: both. */
  CompetenceDefinie: competenceDefinition.extend({ competenceId }),
  CompetenceModifiee: z.object({ competenceId, ...changeSchema<CompetenceDefinition>(competenceDefinition) }),
} as const;

type Payloads = { readonly [Type in keyof typeof payloads]: DeepReadonly<z.infer<(typeof payloads)[Type]>> };
export type CompetenceDefinitionEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];

export const competenceDefinitionEvents: EventDefinitions = Object.fromEntries(
  Object.entries(payloads).map(([type, schema]) => [type, { schemaVersion: 1, schema }]),
);

// State

export type CompetenceDefinitionState = Authored<CompetenceDefinition>;

// Commands

export const competenceDefinitionCommand = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("DefinirCompetence"), competenceId, definition: competenceDefinition }),
  z.strictObject({
    type: z.literal("ModifierCompetence"),
    competenceId,
    changements: changesOf<CompetenceDefinition>(competenceDefinition),
  }),
]);

export type CompetenceDefinitionCommand =
  | { readonly type: "DefinirCompetence"; readonly competenceId: string; readonly definition: CompetenceDefinition }
  | {
      readonly type: "ModifierCompetence";
      readonly competenceId: string;
      readonly changements: Changes<CompetenceDefinition>;
    };

// Evolve

function evolve(state: CompetenceDefinitionState, event: CompetenceDefinitionEvent): CompetenceDefinitionState {
  switch (event.eventType) {
    case "CompetenceDefinie": {
      const { competenceId: id, ...definition } = event.payload;
      return defined(state, id, definition);
    }
    case "CompetenceModifiee":
      return amended(state, event.payload);
  }
}

// Decide

function decide(
  state: CompetenceDefinitionState,
  command: CompetenceDefinitionCommand,
): Decision<CompetenceDefinitionEvent> {
  const id = command.competenceId;
  switch (command.type) {
    case "DefinirCompetence":
      return define(state, id, command.definition, competenceProblems, () => ({
        eventType: "CompetenceDefinie",
        payload: { ...command.definition, competenceId: id },
      }));
    case "ModifierCompetence":
      return amend(state, id, command.changements, competenceProblems, (change) => [
        { eventType: "CompetenceModifiee", payload: { competenceId: id, ...change } },
      ]);
  }
}

/** The definition of a skill; one stream each, whose id is the competenceId. Rules: docs/catalogue-rules.md. */
export const competence: Aggregate<CompetenceDefinitionState, CompetenceDefinitionCommand, CompetenceDefinitionEvent> =
  {
    type: "Competence",
    events: competenceDefinitionEvents,
    initial: UNDEFINED,
    decide,
    evolve: among(competenceDefinitionEvents, evolve),
    begins: true,
    snapshot: { schema: authoredSchema<CompetenceDefinition>(competenceDefinition), version: 1 },
  };
