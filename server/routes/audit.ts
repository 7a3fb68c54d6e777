import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { eventTypes } from "../../domain/all-events.ts";
import { refusal } from "../../domain/codes.ts";
import { AGGREGATE_TYPES, type StoredEvent } from "../../domain/envelope.ts";
import { isStorable, wireId } from "../../rooms/wire.ts";
import type { Audit, EventFilter } from "../../store/audit.ts";
import type { EventStore } from "../../store/event-store.ts";
import { AGGREGATE_NAMES } from "../aggregates.ts";
import { type Door, idIn } from "../http.ts";
import type { Moment, TimeTravel } from "../time-travel.ts";
import { at, count, id, json, page } from "./answers.ts";

export interface AuditServices {
  readonly audit: Audit;
  /** Its reads are taken from the connections for reads. */
  readonly store: Pick<EventStore, "highWaterMark" | "readCauses" | "readEffects" | "readTopic">;
  readonly timeTravel: TimeTravel;
}

const sequence = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const instant = z.iso.datetime({ offset: true }).refine((text) => text >= "1970" && text < "3000", "of this era");
const contained = z
  .string()
  .max(10_000)
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      context.addIssue({ code: "custom", message: "no JSON" });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.unknown()).refine(isStorable, "cannot be stored, so nothing contains it"));

const logQuery = z.strictObject({
  after: sequence.optional(),
  before: sequence.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  type: z.string().max(1_000).optional().meta({ description: "one type, or several with commas between" }),
  aggregateId: wireId.optional(),
  aggregateType: z.enum(AGGREGATE_TYPES).optional(),
  correlationId: wireId.optional(),
  userId: z.string().min(1).max(100).optional(),
  from: instant.optional(),
  to: instant.optional(),
  payload: contained.optional().meta({ description: "JSON that the payload contains" }),
});

const logged = z.strictObject({
  eventId: id,
  eventType: z.string(),
  timestamp: at,
  aggregateId: id,
  aggregateType: z.enum(AGGREGATE_TYPES),
  version: count,
  sequence: count,
  payload: json,
  metadata: json,
});
const chain = z.strictObject({ items: z.array(logged), truncated: z.boolean() });
const CHAIN_AT_MOST = 1_000;

const moment = z.union([z.coerce.number().int().min(1).max(2_147_483_647), instant]).optional();
const past = z.strictObject({ type: z.enum(AGGREGATE_NAMES), id, version: count, state: json });
const named = z.enum(AGGREGATE_NAMES);
const nothing = z.strictObject({});

const WITHOUT_INDEX = refusal(
  "BAD_REQUEST",
  "userId and payload are looked for together with aggregateId, correlationId, type, or a time of 31 days at most",
);
const MONTH_MS = 31 * 24 * 60 * 60 * 1_000;

/** No index holds users or payloads: what is read for them must be bounded by what an index holds. */
function isBounded({ aggregateId, correlationId, eventTypes: types, from, to, userId, payload }: EventFilter): boolean {
  if (userId === undefined && payload === undefined) return true;
  if (aggregateId !== undefined || correlationId !== undefined || types !== undefined) return true;
  return from !== undefined && Date.parse(to ?? new Date().toISOString()) - Date.parse(from) <= MONTH_MS;
}

function momentOf(given: z.infer<typeof moment>): Moment {
  if (given === undefined) return undefined;
  return typeof given === "number" ? { version: given } : { time: given };
}

/** What ever happened, why, and how everything was at any time; for operators. */
export function auditRoutes(api: FastifyInstance, door: Door, { audit, store, timeTravel }: AuditServices): void {
  api.get(
    "/events",
    door.guarded(
      {
        does: "The log, oldest first after a sequence, newest first before one.",
        roles: ["admin"],
        takes: logQuery,
        gives: page(logged),
      },
      async ({ body: { after, before, limit, type, ...rest }, reply }) => {
        const filter = { ...rest, ...(type !== undefined && { eventTypes: type.split(",") }) };
        if (after !== undefined && before !== undefined)
          return door.problem(reply, refusal("BAD_REQUEST", "after or before, not both"));
        if (!isBounded(filter)) return door.problem(reply, WITHOUT_INDEX);
        const found = await audit.find(filter, { after, before, limit: limit + 1 }, await store.highWaterMark());
        const items = found.slice(0, limit);
        return reply.send({ items, ...(found.length > limit && { next: String(items.at(-1)?.sequence) }) });
      },
    ),
  );

  api.get(
    "/events/:id",
    door.guarded({ does: "An event.", roles: ["admin"], takes: nothing, gives: logged }, async ({ request, reply }) => {
      const eventId = idIn(request, "id");
      const event = eventId === undefined ? undefined : await audit.event(eventId);
      return event === undefined ? door.problem(reply, refusal("NOT_FOUND")) : reply.send(event);
    }),
  );

  function chained(
    path: string,
    does: string,
    read: (eventId: string, limit: number) => Promise<readonly StoredEvent[]>,
  ) {
    api.get(
      `/events/:id/${path}`,
      door.guarded({ does, roles: ["admin"], takes: nothing, gives: chain }, async ({ request, reply }) => {
        const eventId = idIn(request, "id");
        const found = eventId === undefined ? [] : await read(eventId, CHAIN_AT_MOST + 1);
        if (found.length === 0) return door.problem(reply, refusal("NOT_FOUND"));
        return reply.send({ items: found.slice(0, CHAIN_AT_MOST), truncated: found.length > CHAIN_AT_MOST });
      }),
    );
  }
  chained("causes", "An event and what led to it, back to the first cause.", (...asked) => store.readCauses(...asked));
  chained("effects", "An event and all that followed from it.", (...asked) => store.readEffects(...asked));

  api.get(
    "/aggregates/:type/:id",
    door.guarded(
      {
        does: "An aggregate as it was: at a version, at a time, or now.",
        roles: ["admin"],
        takes: z.strictObject({ at: moment }),
        gives: past,
      },
      async ({ body, request, reply }) => {
        const type = named.safeParse((request.params as { type: string }).type);
        const aggregateId = idIn(request, "id");
        if (!type.success || aggregateId === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        const found = await timeTravel.at(type.data, aggregateId, momentOf(body.at));
        if (found === undefined) return door.problem(reply, refusal("NOT_FOUND", "there was no such thing then"));
        if (found === "TOO_EXPENSIVE") return door.problem(reply, refusal("TOO_EXPENSIVE"));
        return reply.send({ type: type.data, ...found });
      },
    ),
  );

  api.get(
    "/aggregates/:type",
    door.guarded(
      {
        does: "All aggregates of a type as they were at a time, by id. A page may be shorter than its limit.",
        roles: ["admin"],
        takes: z.strictObject({
          at: instant.optional(),
          after: wireId.optional(),
          limit: z.coerce.number().int().min(1).max(100).default(20),
        }),
        gives: page(past),
      },
      async ({ body: { at: time, after, limit }, request, reply }) => {
        const type = named.safeParse((request.params as { type: string }).type);
        if (!type.success) return door.problem(reply, refusal("NOT_FOUND"));
        const found = await timeTravel.allAt(type.data, time === undefined ? undefined : { time }, after, limit);
        if (found === "TOO_EXPENSIVE") return door.problem(reply, refusal("TOO_EXPENSIVE"));
        const items = found.items.map((one) => ({ type: type.data, ...one }));
        return reply.send({ items, ...(found.last !== undefined && { next: found.last }) });
      },
    ),
  );

  api.get(
    "/admin/event-types",
    door.guarded(
      {
        does: "Every event type: whose it is, its version, and the form of its payload.",
        roles: ["admin"],
        takes: nothing,
        gives: page(
          z.strictObject({
            eventType: z.string(),
            aggregateType: z.enum(AGGREGATE_TYPES),
            schemaVersion: count,
            schema: json,
          }),
        ),
      },
      async ({ reply }) => {
        const items = eventTypes.map(({ eventType, aggregateType, definition }) => ({
          eventType,
          aggregateType,
          schemaVersion: definition.schemaVersion,
          schema: z.toJSONSchema(definition.schema, { unrepresentable: "any" }),
        }));
        return reply.send({ items });
      },
    ),
  );
}
