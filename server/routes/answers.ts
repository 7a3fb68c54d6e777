import { z } from "zod";

/** Forms that the answers of several calls have in common, for who reads about them and for the tests that hold answers to them. */
export const id = z.uuid();
export const at = z.iso.datetime();
export const count = z.int().min(0);
/** Of the domain's, as its events have it. */
export const json = z.record(z.string(), z.unknown());

export const page = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    items: z.array(item),
    next: z.string().optional().meta({ description: "`after` of the next page" }),
  });

/** The answer to a command that was accepted. */
export const accepted = z.strictObject({
  ok: z.literal(true),
  version: count,
  sequence: count.meta({ description: "of the last event: `minSequence` of a read that is to show it" }),
  events: z.array(z.strictObject({ eventType: z.string(), version: count, sequence: count, payload: json })),
});

/** RFC 9457, with a code that stays. */
export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.int().min(1).optional().meta({ description: "ms after which to come again, of RATE_LIMITED" }),
});
