import { z } from "zod";
import type { Route } from "./http.ts";
import { problem } from "./routes/answers.ts";

/** A route of the API port; without a declaration it is a probe, open to everybody. */
export interface Served {
  readonly method: string;
  /** As Fastify has it: `/combat/:id`. */
  readonly url: string;
  readonly route: Route<unknown> | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const MIN_SEQUENCE = {
  name: "minSequence",
  in: "query",
  description: "waits, for some seconds at most, until the answer holds what this event led to",
  schema: { type: "integer", minimum: 0 },
};
const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  description: "the commandId: the same one gets the first answer again",
  schema: { type: "string", format: "uuid" },
};
/** What any call may be refused with. */
const REFUSED = {
  description: "refused, with a code",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};
const PLAIN: Readonly<Record<string, string>> = { "/metrics": "text/plain" };

/** The API as OpenAPI 3.1, out of the forms by which it checks what it takes. */
export function openApiOf(served: readonly Served[], version: string): Json {
  // Forms that refer to themselves stand apart; a reference is from the document's root.
  const shared = new Map<string, unknown>();

  function schemaOf(form: z.ZodType, io: "input" | "output"): Json {
    // What has no JSON form of its own (a cursor is a string with a key in it) is described by its input.
    const { $schema: _, ...schema } = z.toJSONSchema(form, { io, unrepresentable: "any" }) as Record<string, unknown>;
    if (schema["$defs"] === undefined) return schema;
    const { $defs, ...own } = JSON.parse(
      JSON.stringify(schema).replace(/#\/\$defs\/__schema(\d+)/g, `#/components/schemas/Shared${shared.size}_$1`),
    ) as Record<string, unknown>;
    const at = shared.size;
    for (const [name, one] of Object.entries($defs as Json)) shared.set(name.replace("__schema", `Shared${at}_`), one);
    return own;
  }

  function parametersOf(method: string, url: string, route: Route<unknown> | undefined): readonly Json[] {
    const path = [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    }));
    if (route === undefined) return path;
    if (method !== "GET") return [...path, IDEMPOTENCY_KEY];
    const { properties = {}, required = [] } = schemaOf(route.takes, "input") as {
      properties?: Record<string, Json>;
      required?: readonly string[];
    };
    const query = Object.entries(properties).map(([name, schema]) => ({
      name,
      in: "query",
      required: required.includes(name),
      schema,
    }));
    return [...path, ...query, ...(route.of === undefined ? [] : [MIN_SEQUENCE])];
  }

  function operationOf({ method, url, route }: Served): Json {
    const parameters = parametersOf(method, url, route);
    if (route === undefined) {
      const content = { [PLAIN[url] ?? "application/json"]: {} };
      return { summary: "A probe.", security: [], parameters, responses: { 200: { description: "well", content } } };
    }
    const { does, roles, takes, gives, status = gives === undefined ? 204 : 200 } = route;
    const content = gives && { content: { "application/json": { schema: schemaOf(gives, "output") } } };
    const body = { required: false, content: { "application/json": { schema: schemaOf(takes, "input") } } };
    return {
      summary: does,
      description: `For: ${roles.join(", ")}.`,
      "x-roles": roles,
      tags: [url.split("/")[1] ?? ""],
      parameters,
      ...(method !== "GET" && { requestBody: body }),
      responses: { [status]: { description: "done", ...content }, default: REFUSED },
    };
  }

  const paths: Record<string, Record<string, Json>> = {};
  for (const one of served) {
    const path = one.url.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operationOf(one) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Aether Engine", version },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: { Problem: schemaOf(problem, "output"), ...Object.fromEntries(shared) },
    },
  };
}
