import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";

/** Rows on one page: at most, and if nothing is asked for. */
export const pageLimit = z.coerce.number().int().min(1).max(100).default(50);

/** The form of a cursor whose row's key is of the form `key`. Callers get it with a page, and give it back as it is. */
export function cursorOf<Key>(key: z.ZodType<Key>) {
  return z
    .string()
    .max(500)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        context.addIssue({ code: "custom", message: "not a cursor of this list" });
        return z.NEVER;
      }
    })
    .pipe(key as z.ZodType<Key, unknown>);
}

/** Of `limit + 1` rows that were read, those of the page, and the cursor of the next one if there is more. */
export function pageOf<Row, Key>(rows: readonly Row[], limit: number, keyOf: (row: Row) => Key) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, next: Buffer.from(JSON.stringify(keyOf(last))).toString("base64url") };
}

/** Tags the answer with the sequence of the event that wrote the rows last; true: the caller has them already (RFC 9110, 13.1.2). */
export function isKnown(request: FastifyRequest, reply: FastifyReply, sequence: number): boolean {
  const tag = `"${sequence}"`;
  reply.header("etag", tag).header("cache-control", "private, no-cache");
  const known = request.headers["if-none-match"] ?? "";
  return known.trim() === "*" || known.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}
