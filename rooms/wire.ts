import { z } from "zod";

/**
 * An id from outside. In capitals it is the same id: to the database it is, and an aggregate kept in memory under both spellings
 * would run twice.
 */
export const wireId = z.uuid().toLowerCase();

/** The types of messages that these schemas tell apart. */
export function typesOf(
  ...schemas: readonly { readonly options: readonly { readonly shape: { readonly type: z.ZodLiteral<string> } }[] }[]
): readonly string[] {
  return schemas.flatMap(({ options }) => options.map(({ shape }) => shape.type.value));
}

/** NUL and half a surrogate pair, which JSON can say and PostgreSQL's JSON cannot keep. */
function isText(text: string): boolean {
  return !text.includes("\u0000") && text.isWellFormed();
}

/** Whether the log could keep all text of a message. Without recursion: a body of 256 KB may nest as deep. */
export function isStorable(message: unknown): boolean {
  const waiting: unknown[] = [message];
  for (let value = waiting.pop(); value !== undefined || waiting.length > 0; value = waiting.pop()) {
    if (typeof value === "string" && !isText(value)) return false;
    if (typeof value !== "object" || value === null) continue;
    for (const [key, one] of Object.entries(value)) {
      if (!isText(key)) return false;
      waiting.push(one);
    }
  }
  return true;
}

export const NOT_STORABLE = "text may hold neither NUL nor half a surrogate pair";
