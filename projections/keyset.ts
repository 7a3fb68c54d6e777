import { z } from "zod";

/** A page of a list: what is on it, and the cursor of the next one if there may be more. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** Where a page begins, and how long it is at most. `after`: the key of the last row before it. */
export interface From<Key> {
  readonly after?: Key | undefined;
  readonly limit: number;
}

/** A cursor is its row's key, in a form that nobody is tempted to make by hand. */
export function cursorOf(key: unknown): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/** The form of a cursor whose key is of the form `key`, `longest` characters at most. */
export function cursorSchema<Key>(key: z.ZodType<Key>, longest = 1_000): z.ZodType<Key, string> {
  return z
    .string()
    .max(longest)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        context.addIssue({ code: "custom", message: "this is no cursor of this list" });
        return z.NEVER;
      }
    })
    .pipe(key as z.ZodType<Key, unknown>);
}

/** A page out of up to `limit + 1` rows. */
export function pageOf<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => unknown): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined ? { items, next: cursorOf(keyOf(last)) } : { items };
}

/** Conditions of a WHERE clause with their values, for filters of which any may be absent. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #texts: string[] = [];

  /** @param text with `?` in the place of each value, in their order */
  and(text: string, ...values: readonly unknown[]): this {
    let at = this.values.length;
    this.#texts.push(text.replaceAll("?", () => `$${++at}`));
    this.values.push(...values);
    return this;
  }

  get sql(): string {
    return this.#texts.length === 0 ? "true" : this.#texts.join(" AND ");
  }
}
