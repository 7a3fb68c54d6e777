import fc from "fast-check";
import type { GraphQLArgument, GraphQLObjectType, GraphQLSchema } from "graphql";
import { getNamedType, isObjectType } from "graphql";
import type { Role } from "../../domain/roles.ts";
import { pathsIn, replaced, valueAt, valuesOfJson } from "../support/hostile.ts";

/** What would be a command, if the text around it were built from it. */
export const FRAGMENTS: readonly string[] = [
  "'; DROP TABLE evenements CASCADE; --",
  "FLUSHALL\r\n",
  "' OR '1'='1",
  "*1\r\n$8\r\nFLUSHALL\r\n",
  "1); DELETE FROM joueurs CASCADE; --",
  "') redis.call('flushall') --",
  "\\'; SELECT pg_sleep(30); --",
  "aether:* \r\nCONFIG SET dir /tmp\r\n",
  "'||(SELECT payload::text FROM evenements LIMIT 1)||'",
];

/** One call over HTTP, with a fragment in one of its strings. */
export interface Injected {
  readonly method: string;
  readonly path: string;
  readonly role: Role | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Which string, for whoever reads of a failure. */
  readonly where: string;
}

interface Operation {
  readonly "x-roles"?: readonly Role[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
}
interface Schema {
  readonly type?: unknown;
  readonly anyOf?: unknown;
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** A body of the form that a call takes; undefined: it takes none. */
export function bodyOf({ requestBody }: Operation, seed: number): unknown {
  const schema = requestBody?.content["application/json"]?.schema;
  return schema === undefined ? undefined : fc.sample(valuesOfJson(schema), { seed, numRuns: 1 })[0];
}

export function* operations({ paths }: OpenApi): Generator<{ method: string; path: string; operation: Operation }> {
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) yield { method: method.toUpperCase(), path, operation };
}

/** With `per` fragments in each string of each call: in its path, its query, its headers, and wherever there is one in its body. */
export function* injectedCalls(document: OpenApi, per: number): Generator<Injected> {
  let n = 0;
  const some = (): string[] => Array.from({ length: per }, () => FRAGMENTS[n++ % FRAGMENTS.length] ?? "");
  let headers = 0;
  for (const { method, path, operation } of operations(document)) {
    const roles: readonly (Role | undefined)[] = operation["x-roles"] ?? [undefined];
    const role = roles.includes("joueur") ? "joueur" : roles[0];
    const filled = path.replace(/\{\w+\}/g, () => crypto.randomUUID());
    const body = bodyOf(operation, per);
    const own = { method, role, ...(body !== undefined && { body }) };
    for (const { name, in: place } of operation.parameters ?? []) {
      // All calls read headers in the same place.
      if (place === "header" && headers++ % 10 > 0) continue;
      for (const fragment of some()) {
        const where = `${method} ${path}: ${place} ${name}`;
        const text = encodeURIComponent(fragment);
        if (place === "path")
          yield { ...own, path: path.replace(`{${name}}`, text).replace(/\{\w+\}/g, crypto.randomUUID()), where };
        else if (place === "query") yield { ...own, path: `${filled}?${name}=${text}`, where };
        else yield { ...own, path: filled, headers: { [name]: fragment.replace(/[\r\n]/g, " ") }, where };
      }
    }
    for (const at of pathsIn(body).filter((at) => typeof valueAt(body, at) === "string"))
      for (const fragment of some())
        yield { ...own, path: filled, body: replaced(body, at, fragment), where: `${method} ${path}: ${at.join(".")}` };
  }
}

/** A GraphQL operation, with a fragment in one of its variables. */
export interface InjectedQuery {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const isText = ({ type }: GraphQLArgument): boolean => ["ID", "String"].includes(getNamedType(type).name);
const PLAIN: Readonly<Record<string, unknown>> = { ID: crypto.randomUUID(), String: "level", Int: 1, Float: 0 };

function* withArguments(
  args: readonly GraphQLArgument[],
  build: (given: string) => string,
  per: number,
): Generator<InjectedQuery> {
  const declared = args.map(({ name, type }) => `$${name}: ${String(type)}`).join(", ");
  const given = args.map(({ name }) => `${name}: $${name}`).join(", ");
  const plain = Object.fromEntries(args.map(({ name, type }) => [name, PLAIN[getNamedType(type).name]]));
  for (const [i, arg] of args.filter(isText).entries())
    for (let n = 0; n < per; n += 1) {
      const fragment = FRAGMENTS[(i + n * 3) % FRAGMENTS.length];
      yield { query: `(${declared}) { ${build(`(${given})`)} }`, variables: { ...plain, [arg.name]: fragment } };
    }
}

/** So for each argument of each query, and of what hangs upon a combat and a player that there are. */
export function* injectedQueries(
  schema: GraphQLSchema,
  there: Readonly<Record<string, string>>,
  per: number,
): Generator<InjectedQuery> {
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    yield* withArguments(field.args, (given) => `${field.name}${given} { __typename }`, per);
    const type = getNamedType(field.type);
    const anchor = there[field.name];
    if (anchor === undefined || !isObjectType(type)) continue;
    for (const nested of Object.values((type as GraphQLObjectType).getFields()))
      yield* withArguments(nested.args, (given) => `${anchor} { ${nested.name}${given} { __typename } }`, per);
  }
}

export function* injectedSubscriptions(schema: GraphQLSchema, per: number): Generator<InjectedQuery> {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {}))
    yield* withArguments(field.args, (given) => `${field.name}${given} { __typename }`, per);
}

/** A message with a fragment in each of its strings by turns. */
export function* injectedMessages(message: Readonly<Record<string, unknown>>, per: number): Generator<object> {
  let n = 0;
  for (const at of pathsIn(message).filter((at) => typeof valueAt(message, at) === "string"))
    for (let i = 0; i < per; i += 1) yield replaced(message, at, FRAGMENTS[n++ % FRAGMENTS.length]) as object;
}
