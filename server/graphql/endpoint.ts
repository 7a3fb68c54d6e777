import { createInMemoryAPQStore, useAPQ } from "@graphql-yoga/plugin-apq";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GraphQLSchema, ValidationRule } from "graphql";
import { createYoga } from "graphql-yoga";
import { z } from "zod";
import type { Authenticate } from "../../rooms/principal.ts";
import type { Gate } from "../gate.ts";
import { type Call, type Door, EVERYONE } from "../http.ts";
import { json } from "../routes/answers.ts";
import { type Context, contextOf, type GraphqlServices } from "./context.ts";
import { createErrors, type ErrorServices } from "./errors.ts";
import { openLiveDoor } from "./live.ts";
import { isShallow, LONGEST_QUERY, NoSubscriptionRule, ownRules, parseOperation } from "./operation.ts";

export interface EndpointServices extends GraphqlServices, ErrorServices {
  readonly schema: GraphQLSchema;
  readonly authenticate: Authenticate;
  readonly gate: Gate;
  readonly flooded: (userId: string) => void;
  /** In production the schema is told to nobody. */
  readonly production: boolean;
}

/** How many queries are known by their hashes, and for how long after they came, in ms. */
const PERSISTED = { max: 1_000, ttl: 24 * 60 * 60 * 1_000 };

const values = z.record(z.string(), z.unknown()).refine(isShallow, "nested too deep").nullish();
const operation = z.strictObject({
  query: z.string().max(LONGEST_QUERY).optional(),
  operationName: z.string().max(200).nullish(),
  variables: values,
  extensions: values,
});
const NO_VALUES = "no JSON of an object, or nested too deep";
function holdsValues(text: string): boolean {
  try {
    return values.safeParse(JSON.parse(text)).success;
  } catch {
    // It throws for nothing else than what is no JSON.
    return false;
  }
}
/** Of a GET: variables and extensions are JSON in text. */
const inQuery = z.strictObject({
  query: z.string().max(LONGEST_QUERY).optional(),
  operationName: z.string().max(200).optional(),
  variables: z.string().max(LONGEST_QUERY).refine(holdsValues, NO_VALUES).optional(),
  extensions: z.string().max(2_000).refine(holdsValues, NO_VALUES).optional(),
});

/** `POST /graphql`, `GET /graphql` for queries, and a WebSocket for subscriptions: same tokens, limits and connections as REST. */
export function graphqlRoutes(api: FastifyInstance, door: Door, services: EndpointServices): void {
  const { schema, production } = services;
  const errors = createErrors(services);
  const rules = [...ownRules(production), NoSubscriptionRule];
  const yoga = createYoga<{ context: Context }, Context>({
    schema,
    graphqlEndpoint: "/graphql",
    graphiql: false,
    landingPage: false,
    batching: false,
    logging: false,
    cors: false,
    // All errors are made ours below, those of the parser and the validator too.
    maskedErrors: false,
    context: ({ context }: { context: Context }) => context,
    plugins: [
      useAPQ({ store: createInMemoryAPQStore(PERSISTED) }),
      {
        onParse({ setParseFn }: { setParseFn: (parse: typeof parseOperation) => void }) {
          setParseFn(parseOperation);
        },
        onValidate({ addValidationRule }: { addValidationRule: (rule: ValidationRule) => void }) {
          for (const rule of rules) addValidationRule(rule);
        },
        onResultProcess({ result, setResult }: { result: unknown; setResult: (result: never) => void }) {
          const { errors: found } = result as { errors?: readonly unknown[] };
          if (found !== undefined) setResult({ ...(result as object), errors: found.map(errors.told) } as never);
        },
      },
    ],
  });

  async function answer({ who, body, request, reply }: Call<unknown>): Promise<FastifyReply> {
    const { url, init } = requestOf(request, body);
    const context = contextOf(services, who);
    const response = await yoga.fetch(url, init, { context });
    reply.code(response.status);
    for (const [name, value] of response.headers) if (name !== "content-length") reply.header(name, value);
    return reply.send(await response.text());
  }

  const liveDoor = openLiveDoor(api.server, { ...services, admits: door.admits });
  api.addHook("preClose", () => liveDoor.close());

  const shared = { roles: EVERYONE, gives: json, onlyReads: true } as const;
  api.post("/graphql", door.guarded({ ...shared, does: "A GraphQL operation.", takes: operation }, answer));
  api.get("/graphql", door.guarded({ ...shared, does: "A GraphQL query.", takes: inQuery }, answer));
}

function requestOf(request: FastifyRequest, body: unknown): { url: string; init: RequestInit } {
  const accept = "application/json";
  if (request.method === "GET") return { url: `http://localhost${request.url}`, init: { headers: { accept } } };
  return {
    url: "http://localhost/graphql",
    init: {
      method: "POST",
      headers: { accept, "content-type": "application/json" },
      body: JSON.stringify(body),
    },
  };
}
