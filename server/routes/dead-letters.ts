import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { cursorSchema, pageOf } from "../../projections/keyset.ts";
import type { Consumer } from "../../store/consumer.ts";
import { DEAD_LETTER_STATES, type DeadLetter, type LetterKey, listDeadLetters } from "../../store/dead-letters.ts";
import type { Redelivery } from "../../store/redelivery.ts";
import type { Door } from "../http.ts";
import { at, count, id, page } from "./answers.ts";

export interface DeadLetterServices {
  /** By name: projectors and sagas. */
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly pool: Pick<pg.Pool, "query">;
}

const list = z.strictObject({
  consumer: z.string().max(100).optional(),
  state: z.enum(DEAD_LETTER_STATES).optional(),
  aggregateId: z.uuid().optional(),
  after: cursorSchema(z.tuple([count, z.string().max(100)])).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

const letter = z.strictObject({
  id: z.string().meta({ description: "the consumer's name and the event's sequence: market-settlement:1234" }),
  consumer: z.string(),
  sequence: count,
  eventId: id,
  aggregateId: id,
  eventType: z.string(),
  state: z.enum(DEAD_LETTER_STATES),
  code: z.string().nullable(),
  error: z.string().nullable(),
  attempts: count,
  firstAt: at,
  lastAt: at,
});

const delivered = z.strictObject({
  delivered: count.meta({ description: "events taken, those that waited behind it included" }),
});

const SAYS = {
  retry: "Takes an event that failed once more, and then those that wait behind it.",
  discard: "Drops an event that failed, and takes those that wait behind it.",
} as const;

/** Events that read models and sagas could not take, and what is to become of them; for operators. */
export function deadLetterRoutes(api: FastifyInstance, door: Door, { consumers, pool }: DeadLetterServices): void {
  api.get(
    "/admin/dead-letters",
    door.guarded(
      {
        does: "Events that read models and sagas could not take, in the order of the log.",
        roles: ["admin"],
        takes: list,
        gives: page(letter),
      },
      async ({ body, reply }) => {
        const { limit } = body;
        const rows = await listDeadLetters(pool as pg.ClientBase, { ...body, limit: limit + 1 });
        const { items, ...next } = pageOf(rows, limit, ({ sequence, consumer }): LetterKey => [sequence, consumer]);
        return reply.send({ items: items.map(shown), ...next });
      },
    ),
  );

  for (const action of ["retry", "discard"] as const)
    api.post(
      `/admin/dead-letters/:id/${action}`,
      door.guarded(
        { does: SAYS[action], roles: ["admin"], takes: z.strictObject({}), gives: delivered },
        async ({ request, reply }) => {
          const [name = "", sequence] = (request.params as { readonly id: string }).id.split(":");
          const consumer = consumers.get(name);
          const of = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).safeParse(sequence);
          if (consumer === undefined || !of.success) return door.problem(reply, NONE);
          const done =
            action === "retry" ? await consumer.retryDeadLetter(of.data) : await consumer.discardDeadLetter(of.data);
          return done.ok ? reply.send({ delivered: done.delivered }) : door.problem(reply, refused(done));
        },
      ),
    );
}

const NONE = refusal("NOT_FOUND", "there is no such dead letter");

function refused(failure: Redelivery & { readonly ok: false }) {
  switch (failure.code) {
    case "NOT_FOUND":
      return NONE;
    case "NOT_FAILED": {
      const message = "this event has not failed: it was dealt with, or waits behind one that has";
      return { ok: false, code: "DEAD_LETTER_NOT_FAILED", message, retryable: false } as const;
    }
    case "FAILED_AGAIN": {
      const { sequence, delivered: taken } = failure;
      const message = `event ${sequence} could not be taken; before it ${taken} were`;
      return { ok: false, code: "DEAD_LETTER_FAILED_AGAIN", message, retryable: true } as const;
    }
  }
}

function shown(one: DeadLetter): z.infer<typeof letter> {
  return { id: `${one.consumer}:${one.sequence}`, ...one };
}
