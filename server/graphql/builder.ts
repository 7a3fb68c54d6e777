import SchemaBuilder, { type ObjectRef } from "@pothos/core";
import complexity from "@pothos/plugin-complexity";
import { GraphQLError } from "graphql";
import { z } from "zod";
import { REFUSALS, type RefusalCode } from "../../domain/codes.ts";
import { cursorOf, cursorSchema, type Page } from "../../projections/keyset.ts";
import { isStorable } from "../../rooms/wire.ts";
import type { Context } from "./context.ts";

/** What one operation may ask for; a list counts as often as it may be long. */
export const LIMITS = { complexity: 20_000, depth: 12, breadth: 200 };
/** Of a list that says nothing of its length, and the longest one. */
export const DEFAULT_LENGTH = 20;
export const LONGEST = 100;

interface Types {
  Context: Context;
  Scalars: { JSON: { Input: unknown; Output: unknown } };
}
export type Builder = ReturnType<typeof createBuilder>;

export function createBuilder() {
  const builder = new SchemaBuilder<Types>({
    plugins: [complexity],
    complexity: {
      defaultComplexity: 1,
      defaultListMultiplier: 5,
      limit: LIMITS,
      complexityError: (kind) => refuse("TOO_COMPLEX", `the operation's ${kind.toLowerCase()} is over the limit`),
    },
  });
  builder.scalarType("JSON", {
    description: "Of the domain's, as its events have it.",
    serialize: (value) => value,
  });
  return builder;
}

/** A refusal as GraphQL tells it: its code is in `extensions.code`. */
export function refuse(
  code: RefusalCode,
  message: string = REFUSALS[code].message,
  retryAfterMs?: number,
): GraphQLError {
  const later = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new GraphQLError(message, { extensions: { code, retryable: REFUSALS[code].retryable, ...later } });
}

type Scalar = "String" | "Int" | "Float" | "Boolean" | "ID" | "JSON";
/** Fields that an object has by the same names; `!`: never null; `[…]`: a list. */
export type Plain = Readonly<Record<string, Scalar | `${Scalar}!` | `[${Scalar}]`>>;

interface FieldMaker<Parent> {
  field(options: {
    readonly type: Scalar | [Scalar];
    readonly nullable: boolean;
    readonly resolve: (parent: Parent) => never;
  }): unknown;
}

export function plain<Parent, T>(t: T, fields: Plain): Record<string, never> {
  const maker = t as unknown as FieldMaker<Parent>;
  return Object.fromEntries(
    Object.entries(fields).map(([name, form]) => {
      const bare = form.replace(/[![\]]/g, "") as Scalar;
      const type: Scalar | [Scalar] = form.startsWith("[") ? [bare] : bare;
      const resolve = (parent: Parent) => (parent as Readonly<Record<string, unknown>>)[name] as never;
      return [name, maker.field({ type, nullable: !form.endsWith("!"), resolve }) as never];
    }),
  );
}

export interface Connection<Item> {
  readonly edges: readonly { readonly cursor: string; readonly node: Item }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

export interface PageArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** How long a page is, and where it begins. @throws a refusal */
export function placeOf<Key>(args: PageArgs, key: z.ZodType<Key>): { readonly limit: number; readonly after?: Key } {
  const limit = args.first ?? DEFAULT_LENGTH;
  if (limit < 1 || limit > LONGEST) throw refuse("BAD_REQUEST", `first is between 1 and ${LONGEST}`);
  if (args.after === undefined || args.after === null) return { limit };
  const after = cursorSchema(key).safeParse(args.after);
  if (!after.success || !isStorable(after.data)) throw refuse("BAD_REQUEST", "after is no cursor of this list");
  return { limit, after: after.data };
}

/** An id, as the database has it. @throws a refusal */
export function idOf(given: string | number): string {
  const id = z.uuid().safeParse(given);
  if (!id.success) throw refuse("BAD_REQUEST", "an id is a UUID");
  return id.data.toLowerCase();
}

/** A filter's value, if one is given. @throws a refusal */
export function choice<Value extends string>(
  name: string,
  values: readonly Value[],
  given: string | null | undefined,
): Value | undefined {
  const found = values.find((value) => value === given);
  if (found === undefined && given !== null && given !== undefined)
    throw refuse("BAD_REQUEST", `${name} is one of ${values.join(", ")}`);
  return found;
}

/** A page as a connection; `keyOf` gives the key of which a row's cursor is made. */
export function connectionOf<Item>(
  page: Page<Item>,
  keyOf: (item: Item) => unknown,
  { after }: PageArgs,
): Connection<Item> {
  const edges = page.items.map((node) => ({ cursor: cursorOf(keyOf(node)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.next !== undefined,
      hasPreviousPage: after !== undefined && after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** Up to `limit + 1` rows as a page. */
export function pageOfRows<Item>(rows: readonly Item[], limit: number): Page<Item> {
  return { items: rows.slice(0, limit), ...(rows.length > limit && { next: "" }) };
}

const pageInfos = new WeakMap<Builder, ObjectRef<Types & never, Connection<unknown>["pageInfo"]>>();

/** The connection type of a node's. */
export function connectionType<Item>(builder: Builder, name: string, node: ObjectRef<never, Item>) {
  let info = pageInfos.get(builder) as never as ReturnType<typeof makePageInfo> | undefined;
  if (info === undefined) {
    info = makePageInfo(builder);
    pageInfos.set(builder, info as never);
  }
  const pageInfo = info;
  const edge = builder.objectRef<Connection<Item>["edges"][number]>(`${name}Edge`);
  edge.implement({
    fields: (t) => ({
      ...plain(t, { cursor: "String!" }),
      node: t.field({ type: node as never, nullable: false, resolve: (one) => one.node as never }),
    }),
  });
  const connection = builder.objectRef<Connection<Item>>(`${name}Connection`);
  connection.implement({
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        nullable: false,
        // How long the list may be is counted where it is asked for.
        complexity: { field: 0, multiplier: 1 },
        resolve: (page) => [...page.edges],
      }),
      pageInfo: t.field({ type: pageInfo, nullable: false, complexity: 0, resolve: (page) => page.pageInfo }),
    }),
  });
  return connection;
}

function makePageInfo(builder: Builder) {
  const info = builder.objectRef<Connection<unknown>["pageInfo"]>("PageInfo");
  info.implement({
    fields: (t) =>
      plain(t, { hasNextPage: "Boolean!", hasPreviousPage: "Boolean!", startCursor: "String", endCursor: "String" }),
  });
  return info;
}

/** The cost of a list: as much as it may hold. */
export const listCost = (args: PageArgs) => ({ field: 1, multiplier: args.first ?? DEFAULT_LENGTH });
