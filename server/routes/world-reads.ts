import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { CachedReads } from "../../projections/cached-reads.ts";
import { cursorSchema } from "../../projections/keyset.ts";
import { FACTS, listFacts } from "../../projections/world-queries.ts";
import { sendTagged } from "../etag.ts";
import { type Door, EVERYONE } from "../http.ts";
import { page } from "./answers.ts";
import { fact, world } from "./world-answers.ts";

const WORLD = ["world"];
const history = z.strictObject({
  type: z.enum(FACTS).optional(),
  after: cursorSchema(z.tuple([z.int().min(0)])).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** `GET /world`, and `GET /world/history?type=BOSS_VAINCU|EVENEMENT_TERMINE`: defeats of bosses and events that ended. */
export function worldReads(api: FastifyInstance, door: Door, pool: Pick<pg.Pool, "query">, cached: CachedReads): void {
  api.get(
    "/world",
    door.guarded(
      {
        does: "The world: its day and season, zones, resources, events and bosses.",
        roles: EVERYONE,
        takes: z.strictObject({}),
        gives: world,
        of: WORLD,
        tagged: true,
        refuses: ["NOT_FOUND"],
      },
      async ({ minSequence, request, reply }) => {
        const found = await cached.world(minSequence);
        if (found === undefined) return door.problem(reply, refusal("NOT_FOUND", "there is no world yet"));
        return sendTagged(request, reply, found.sequence, found);
      },
    ),
  );

  api.get(
    "/world/history",
    door.guarded(
      {
        does: "Defeats of bosses and events that ended, the newest first.",
        roles: EVERYONE,
        takes: history,
        gives: page(fact),
        of: WORLD,
      },
      async ({ body: { type, ...from }, reply }) => reply.send(await listFacts(pool, type, from)),
    ),
  );
}
