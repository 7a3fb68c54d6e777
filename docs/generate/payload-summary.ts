import type { z } from "zod";

/** JSON Schema, as far as zod writes it. */
export type Schema = z.core.JSONSchema.BaseSchema;

/** Words of a closed list that are written out; a longer list is abridged. */
const WORDS = 6;

function primitive(schema: Schema): string {
  const { type, format } = schema;
  if (type === "string") return format === "uuid" ? "uuid" : format === "date-time" ? "instant" : "string";
  if (type === "integer" || type === "number") return "integer";
  return typeof type === "string" ? type : "any";
}

function words(values: readonly unknown[]): string {
  const shown = values.slice(0, WORDS).map((one) => JSON.stringify(one));
  return [...shown, ...(values.length > WORDS ? [`… ${values.length} in all`] : [])].join(" | ");
}

function isSchema(one: unknown): one is Schema {
  return typeof one === "object" && one !== null;
}

/** The kind of a value in few words. An object within shows the names of its fields, one within that only that it is one. */
export function kindOf(schema: Schema, depth = 0): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return words(schema.enum);
  const options = (schema.anyOf ?? schema.oneOf)?.filter(isSchema);
  if (options !== undefined) {
    if (options.every((one) => one.type === "object")) return `${options.length} kinds of object`;
    return options.map((one) => kindOf(one, depth)).join(" | ");
  }
  if (schema.type === "array" && isSchema(schema.items)) {
    const kind = kindOf(schema.items as Schema, depth);
    return kind.includes(" ") && !kind.startsWith("{") ? `(${kind})[]` : `${kind}[]`;
  }
  if (schema.type !== "object") return schema.type === "null" ? "null" : primitive(schema);
  const fields = fieldsOf(schema);
  if (fields.length > 0) return depth > 0 ? "object" : `{ ${fields.map(({ name }) => name).join(", ")} }`;
  const { additionalProperties } = schema;
  if (!isSchema(additionalProperties) || Object.keys(additionalProperties).length === 0) return "object";
  const names = isSchema(schema.propertyNames) ? (schema.propertyNames as Schema) : undefined;
  const key = names?.enum === undefined ? kindOf(names ?? { type: "string" }, 1) : `one of ${names.enum.length} words`;
  return `object by ${key}: ${kindOf(additionalProperties as Schema, 1)}`;
}

/** The fields of an object, in the schema's order; an optional one has a ? at its name's end. */
export function fieldsOf(schema: Schema): { readonly name: string; readonly schema: Schema }[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name: required.has(name) ? name : `${name}?`,
    schema: field as Schema,
  }));
}
