import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { cursorSchema } from "../../projections/keyset.ts";
import { FACTS, listFacts } from "../../projections/world-queries.ts";
import { type Door, EVERYONE } from "../http.ts";
import { at, count, id, json, page } from "./answers.ts";

const history = z.strictObject({
  type: z.enum(FACTS).optional(),
  after: cursorSchema(z.tuple([z.int().min(0)])).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

const fact = z.strictObject({
  typeFait: z.enum(FACTS),
  referenceId: id,
  nom: z.string(),
  zoneId: id.nullable(),
  survenuA: at,
  details: json,
  sequence: count,
});

/** `GET /world/history?type=BOSS_VAINCU|EVENEMENT_TERMINE`: defeats of bosses and events that ended, the newest first. */
export function worldReads(api: FastifyInstance, door: Door, pool: Pick<pg.Pool, "query">): void {
  api.get(
    "/world/history",
    door.guarded(
      {
        does: "Defeats of bosses and events that ended, the newest first.",
        roles: EVERYONE,
        takes: history,
        gives: page(fact),
        of: ["world"],
      },
      async ({ body: { type, ...from }, reply }) => reply.send(await listFacts(pool, type, from)),
    ),
  );
}
