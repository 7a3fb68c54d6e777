import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { cursorSchema, pageOf } from "../../projections/keyset.ts";
import { BOARDS, rankOf, readBoard } from "../../projections/leaderboard.ts";
import { wireId } from "../../rooms/wire.ts";
import { type Door, EVERYONE } from "../http.ts";
import { count, id, page } from "./answers.ts";

const boardQuery = z
  .strictObject({
    around: wireId.optional(),
    after: cursorSchema(z.int().min(0).max(2_000_000_000), 500).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  })
  .refine(({ around, after }) => around === undefined || after === undefined, "around or after, not both");
const board = z.enum(BOARDS);

const ranked = z.strictObject({
  rang: z.int().min(1),
  joueurId: id,
  pseudo: z.string(),
  classe: z.string(),
  niveau: count,
  titre: z.string().nullable(),
  guildeNom: z.string().nullable(),
  experience: count,
  scoreArene: count,
});

/** `GET /leaderboards/{level|arena}`: from the top, after a cursor, or `around` a player, who is in the middle; with a limit of 1, alone. */
export function leaderboardReads(api: FastifyInstance, door: Door, pool: Pick<pg.Pool, "query">): void {
  api.get(
    "/leaderboards/:board",
    door.guarded(
      {
        does: "A leaderboard, from the top, after a rank, or around a player.",
        roles: EVERYONE,
        takes: boardQuery,
        gives: page(ranked),
      },
      async ({ body: { around, after, limit }, request, reply }) => {
        const named = board.safeParse((request.params as { board: string }).board);
        if (!named.success) return door.problem(reply, refusal("NOT_FOUND", "there is no such leaderboard"));
        const rank = around === undefined ? undefined : await rankOf(pool, named.data, around);
        if (around !== undefined && rank === undefined)
          return door.problem(reply, refusal("NOT_FOUND", "the player is not ranked"));
        const from = rank === undefined ? after : Math.max(0, rank - 1 - Math.floor(limit / 2));
        const rows = await readBoard(pool, named.data, { after: from, limit: limit + 1 });
        return reply.send(pageOf(rows, limit, ({ rang }) => rang));
      },
    ),
  );
}
