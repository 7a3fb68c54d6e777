import fc from "fast-check";
import { z } from "zod";

type Node = Readonly<Record<string, unknown>>;

/** Ids that a test gives a meaning of its own, by the field in which they stand; see `withIds`. */
const placeholder = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const PLACEHOLDER = /^00000000-0000-4000-8000-(\d{12})$/;
const ids = fc.integer({ min: 0, max: 40 }).map(placeholder);

const TIMES = ["0000-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "9999-12-31T23:59:59.999Z"];
const WORDS = ["a", "Alix", "alix_1", "x.y-z", "É", "a b", "x@example.org", "test", "constructor", "toString"];

/** What is sent in the place of a value by somebody who means no good. */
export const NASTY: readonly unknown[] = [
  ...[-1, 0, -0, 1.5, -0.1, 2 ** 31, 2 ** 53, 1e300, -1e300, Number.NaN, Number.POSITIVE_INFINITY, 5e-324],
  ...["", " ", "NaN", "1e9", "0x10", "-1", "null", "true", "[object Object]", "x".repeat(10_000)],
  ...["__proto__", "constructor", "prototype", "hasOwnProperty", "\u0000", "\ud800", "\u202e", "🜁".repeat(300)],
  ...["'; DROP TABLE events; --", "1 OR 1=1", "$1", "{{7*7}}", "#{7*7}", "%00", "../../etc/passwd", "<script>"],
  ...["FLUSHALL\r\n", "*1\r\n$8\r\nFLUSHALL\r\n", "aether:*", "EVAL 'x' 0"],
  ...[
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "FFFFFFFF-0000-4000-8000-00000000000A",
  ],
  ...[null, true, false, [], {}, [[]], ["a"], { length: 1 }, JSON.parse('{"__proto__":{"admin":true}}')],
];

function stringOf({ format, pattern, minLength = 0, maxLength = 60 }: Node): fc.Arbitrary<unknown> {
  if (format === "uuid") return ids;
  if (format === "date-time") return fc.constantFrom(...TIMES);
  if (format === "email") return fc.constant("alix@example.org");
  const words = fc.oneof(fc.constantFrom(...WORDS), fc.string({ minLength: 1, maxLength: 12 }), ids);
  const fits = (word: string): boolean =>
    word.length >= Number(minLength) &&
    word.length <= Number(maxLength) &&
    (typeof pattern !== "string" || new RegExp(pattern, "u").test(word));
  return words.filter(fits);
}

/** Mostly what is near the lower end: there is little that anybody has a thousand of. */
function numberOf({ minimum, maximum }: Node): fc.Arbitrary<unknown> {
  const [min, max] = [Number(minimum ?? -100), Number(maximum ?? 100)];
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(min, max) },
    { weight: 6, arbitrary: fc.integer({ min, max: Math.min(max, min + 4) }) },
    { weight: 1, arbitrary: fc.integer({ min, max }) },
  );
}

function objectOf(node: Node, at: (node: unknown) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const properties = Object.entries((node["properties"] ?? {}) as Node);
  const { propertyNames, additionalProperties } = node;
  if (properties.length === 0 && typeof additionalProperties === "object") {
    const names = propertyNames === undefined ? fc.constantFrom(...WORDS) : at(propertyNames);
    return fc.dictionary(names as fc.Arbitrary<string>, at(additionalProperties), { maxKeys: 3 });
  }
  return fc.record<Record<string, unknown>>(Object.fromEntries(properties.map(([key, value]) => [key, at(value)])), {
    requiredKeys: (node["required"] ?? []) as string[],
  });
}

/** Values of the form that a schema takes; ids are placeholders. */
export function valuesOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  return valuesOfJson(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
}

/** So of a JSON Schema; what it refers to is anything. */
export function valuesOfJson(root: unknown): fc.Arbitrary<unknown> {
  function at(given: unknown): fc.Arbitrary<unknown> {
    const node = given as Node;
    const union = node["oneOf"] ?? node["anyOf"];
    if (typeof node["$ref"] === "string") return fc.constantFrom<unknown>(1, "a", {}, null);
    if (Array.isArray(union)) return fc.oneof(...union.map(at));
    if ("const" in node) return fc.constant(node["const"]);
    if (Array.isArray(node["enum"])) return fc.constantFrom<unknown>(...node["enum"]);
    switch (node["type"]) {
      case "object":
        return objectOf(node, at);
      case "array": {
        const { minItems = 0, maxItems = 3 } = node;
        const maxLength = Math.max(Number(minItems), Math.min(3, Number(maxItems)));
        return fc.array(at(node["items"]), { minLength: Number(minItems), maxLength });
      }
      case "string":
        return stringOf(node);
      case "integer":
      case "number":
        return numberOf(node);
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      default:
        return fc.constantFrom<unknown>(1, "a", {});
    }
  }
  return at(root);
}

/** The value with each placeholder replaced by the id that `idFor` has for the field and the number. */
export function withIds(value: unknown, idFor: (key: string, n: number) => string, key = ""): unknown {
  if (typeof value === "string") {
    const n = PLACEHOLDER.exec(value)?.[1];
    return n === undefined ? value : idFor(key, Number(n));
  }
  if (Array.isArray(value)) return value.map((one) => withIds(one, idFor, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, own]) => [
      PLACEHOLDER.test(name) ? withIds(name, idFor, key) : name,
      withIds(own, idFor, name),
    ]),
  );
}

/** The places of everything in a value, the value itself excepted. */
export function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const own = path.length === 0 ? [] : [path];
  if (typeof value !== "object" || value === null) return own;
  return [...own, ...Object.entries(value).flatMap(([key, one]) => pathsIn(one, [...path, key]))];
}

function changed(
  value: unknown,
  path: readonly string[],
  change: (parent: Record<string, unknown>, key: string) => void,
) {
  const copy: unknown = structuredClone(value);
  let parent = copy as Record<string, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  change(parent, path.at(-1) ?? "");
  return copy;
}

/** The value, with something else in that place. */
export function replaced(value: unknown, path: readonly string[], other: unknown): unknown {
  return changed(value, path, (parent, key) => {
    parent[key] = other;
  });
}

/** What is in that place of it. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], value);
}

export interface Broken {
  readonly message: unknown;
  readonly how: string;
}

/** How to break a message in one place: which place, and how, in numbers. */
export const breakage = fc.record({ where: fc.nat(1_000), how: fc.nat(99), what: fc.nat(NASTY.length - 1) });

/** The message with one field missing, nasty, or too many. */
export function broken(message: unknown, { where, how, what }: { where: number; how: number; what: number }): Broken {
  const paths = pathsIn(message);
  const path = paths[where % Math.max(1, paths.length)] ?? [];
  if (how < 10) {
    const copy = changed(message, path, (parent, key) => Reflect.deleteProperty(parent, key));
    return { message: copy, how: `without ${path.join(".")}` };
  }
  if (how < 20) {
    const key = ["admin", "constructor", "joueurId", "definitions", "toString", "type "][what % 6] ?? "admin";
    const copy = changed(message, [key], (parent) => Object.assign(parent, { [key]: NASTY[what] }));
    return { message: copy, how: `with ${key}` };
  }
  const copy = changed(message, path, (parent, key) => {
    Object.defineProperty(parent, key, { value: NASTY[what], enumerable: true, configurable: true, writable: true });
  });
  return { message: copy, how: `${path.join(".")} = ${String(JSON.stringify(NASTY[what])).slice(0, 60)}` };
}
