import { z } from "zod";
import { REFUSALS, type RefusalCode } from "../domain/codes.ts";
import type { Declared } from "./http.ts";
import { refusalsOf } from "./refusals-of.ts";
import { problem } from "./routes/answers.ts";

/** A route of the API port. */
export interface Served {
  readonly method: string;
  /** As Fastify has it: `/combat/:id`. */
  readonly url: string;
  readonly route: Declared;
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
const CORRELATION_ID = {
  name: "X-Correlation-Id",
  in: "header",
  description: "what the call belongs to: it is returned, and stands in the events that the call leads to",
  schema: { type: "string", format: "uuid" },
};
const IF_NONE_MATCH = {
  name: "If-None-Match",
  in: "header",
  description: "the `ETag` of an answer that the caller has: 304 if it would be the same",
  schema: { type: "string" },
};
const RETRY_AFTER = { "Retry-After": { description: "seconds", schema: { type: "integer" } } };
/** What the game itself refuses is of no list: each kind of aggregate has its own codes. */
const GAME = "the game's rules say no, for good: the code is one of theirs, or ";

/** By status, what is said with it and with which codes. */
function refusedOf(codes: readonly RefusalCode[], isCommand: boolean): Json {
  const byStatus = Map.groupBy(codes, (code) => REFUSALS[code].status);
  const all = isCommand ? byStatus.set(409, ["ALREADY_EXISTS", "SESSION_REPLACED", "WRONG_VERSION"]) : byStatus;
  return Object.fromEntries(
    [...all]
      .sort(([one], [other]) => one - other)
      .map(([status, own]) => {
        const listed = status === 409 ? {} : { properties: { code: { enum: own } } };
        const schema = { allOf: [{ $ref: "#/components/schemas/Problem" }, listed] };
        const told = own.map((code) => `${code}: ${REFUSALS[code].message}`).join("; ");
        return [
          status,
          {
            description: status === 409 ? `${GAME}${told}` : told,
            ...((status === 429 || status === 503) && { headers: RETRY_AFTER }),
            content: { "application/problem+json": { schema } },
          },
        ];
      }),
  );
}

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

  function parametersOf({ method, url, route }: Served): readonly Json[] {
    const path = [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    }));
    if (!("takes" in route)) return path;
    if (!("roles" in route)) return [...path, CORRELATION_ID];
    if (method !== "GET") return [...path, IDEMPOTENCY_KEY, CORRELATION_ID];
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
    return [
      ...path,
      ...query,
      ...(route.of === undefined ? [] : [MIN_SEQUENCE]),
      ...(route.tagged === true ? [IF_NONE_MATCH] : []),
      CORRELATION_ID,
    ];
  }

  function answersOf({ route }: Served): Json {
    const { gives, mediaType = "application/json" } = route;
    const usual = gives === undefined && mediaType === "application/json" ? 204 : 200;
    const { status = usual } = "takes" in route ? route : {};
    const { tagged = false } = "roles" in route ? route : {};
    const schema = gives && schemaOf(gives, "output");
    const isEmpty = status === 204;
    const headers = tagged && { headers: { ETag: { schema: { type: "string" } } } };
    const done = {
      description: "done",
      ...headers,
      ...(!isEmpty && { content: { [mediaType]: { ...(schema && { schema }) } } }),
    };
    return { [status]: done, ...(tagged && { 304: { description: "the caller has it already" } }) };
  }

  function operationOf(one: Served): Json {
    const { method, url, route } = one;
    const isCommand = "roles" in route && method !== "GET";
    const common = {
      summary: route.does,
      parameters: parametersOf(one),
      responses: { ...answersOf(one), ...refusedOf(refusalsOf(method, url, route), isCommand) },
    };
    const tags = [url.split("/")[1] ?? ""];
    const open = { ...common, description: "For everybody.", security: [] };
    if (!("takes" in route)) return { ...open, tags: ["probes"] };
    const held = "roles" in route ? route.holds : undefined;
    const body = {
      required: false,
      content: { "application/json": { schema: schemaOf(held ?? route.takes, "input") } },
    };
    if (!("roles" in route)) return { ...open, tags, requestBody: { ...body, required: true } };
    return {
      ...common,
      description: `For: ${route.roles.join(", ")}.`,
      "x-roles": route.roles,
      tags,
      ...(isCommand && { requestBody: body }),
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
