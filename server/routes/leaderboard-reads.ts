import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { BoardPage, BoardReads } from "../../projections/boards-reads.ts";
import { cursorSchema, pageOf } from "../../projections/keyset.ts";
import { BOARDS, type Ranked, type RankedGuild } from "../../projections/leaderboard.ts";
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

const guild = z.strictObject({
  rang: z.int().min(1),
  guildeId: z.string(),
  nom: z.string(),
  membres: count,
  points: count,
});

/**
 * `GET /leaderboards/{level|arena|guild}`: from the top, after a cursor, or `around` a player or its guild, which is in the middle; with a
 * limit of 1, alone. `live`: ranks are as they are now, else as of the last refresh, of players who were seen in the last 30 days.
 */
export function leaderboardReads(api: FastifyInstance, door: Door, boards: BoardReads): void {
  api.get(
    "/leaderboards/:board",
    door.guarded(
      {
        does: "A leaderboard, from the top, after a rank, or around a player.",
        roles: EVERYONE,
        takes: boardQuery,
        gives: page(z.union([ranked, guild])).extend({ live: z.boolean() }),
      },
      async ({ body: { around, after, limit }, request, reply }) => {
        const named = board.safeParse((request.params as { board: string }).board);
        if (!named.success) return door.problem(reply, refusal("NOT_FOUND", "there is no such leaderboard"));
        const rank = around === undefined ? undefined : await boards.rankOf(named.data, around);
        if (around !== undefined && rank === undefined)
          return door.problem(reply, refusal("NOT_FOUND", "the player is not ranked"));
        const from = {
          after: rank === undefined ? after : Math.max(0, rank - 1 - Math.floor(limit / 2)),
          limit: limit + 1,
        };
        const { rows, live }: BoardPage<Ranked | RankedGuild> =
          named.data === "guild" ? await boards.guilds(from) : await boards.players(named.data, from);
        return reply.send({ ...pageOf(rows, limit, ({ rang }) => rang), live });
      },
    ),
  );
}
