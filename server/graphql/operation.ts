import {
  type ASTVisitor,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  type Source,
  specifiedRules,
  type ValidationContext,
  type ValidationRule,
  validate,
} from "graphql";
import { isStorable, NOT_STORABLE } from "../../rooms/wire.ts";

/** Characters. */
export const LONGEST_QUERY = 20_000;
/** Names, signs and values. Parser and validator call themselves for each level, and a stack ends at some 2,500. */
const MOST_TOKENS = 2_000;

/** Of variables; no input is nested as deep. */
const DEEPEST = 20;

/** Whether this is not nested too deep to be handed on. */
export function isShallow(given: unknown): boolean {
  let level: unknown[] = [given];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return false;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return true;
}

/** @throws GraphQLError */
export function parseOperation(source: string | Source): DocumentNode {
  return parse(source, { maxTokens: MOST_TOKENS });
}

/** Text that the database cannot take is told as what it is, and not as a fault of the server's. */
function StorableTextRule(context: ValidationContext): ASTVisitor {
  return {
    StringValue(node) {
      if (!isStorable(node.value)) context.reportError(new GraphQLError(NOT_STORABLE, { nodes: node }));
    },
  };
}

/** Over HTTP there is one answer. */
export function NoSubscriptionRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(node) {
      if (node.operation === "subscription")
        context.reportError(new GraphQLError("subscriptions go over graphql-transport-ws", { nodes: node }));
    },
  };
}

/** Beside the specified rules. In production the schema is told to nobody. */
export function ownRules(production: boolean): readonly ValidationRule[] {
  return production ? [StorableTextRule, NoSchemaIntrospectionCustomRule] : [StorableTextRule];
}

/** The operation, or why it is none of this schema's. */
export function readOperation(
  schema: GraphQLSchema,
  query: string,
  rules: readonly ValidationRule[],
): DocumentNode | readonly GraphQLError[] {
  if (query.length > LONGEST_QUERY) return [new GraphQLError(`a query has ${LONGEST_QUERY} characters at most`)];
  try {
    const document = parseOperation(query);
    const errors = validate(schema, document, [...specifiedRules, ...rules]);
    return errors.length > 0 ? errors : document;
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}
