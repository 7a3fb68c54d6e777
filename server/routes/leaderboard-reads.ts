import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { BoardAnswer, BoardReads } from "../../projections/boards-reads.ts";
import { cursorSchema, pageOf } from "../../projections/keyset.ts";
import { BOARDS, type Ranked, type RankedGuild } from "../../projections/leaderboard.ts";
import { wireId } from "../../rooms/wire.ts";
import { type Door, EVERYONE } from "../http.ts";
import { count, page } from "./answers.ts";
import { publicPlayer } from "./player-answers.ts";

const boardQuery = z
  .strictObject({
    around: wireId.optional(),
    after: cursorSchema(z.int().min(0).max(2_000_000_000), 500).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  })
  .refine(({ around, after }) => around === undefined || after === undefined, "around or after, not both");
const board = z.enum(BOARDS);

const ranked = publicPlayer.extend({ rang: z.int().min(1), experience: count, scoreArene: count });

const guild = z.strictObject({
  rang: z.int().min(1),
  guildeId: z.string(),
  nom: z.string(),
  membres: count,
  points: count,
});

/**
 * `GET /leaderboards/{level|arena|guild}`: from the top, after a cursor, or `around` a player or its guild, which is in the middle; with a
 * limit of 1, alone. `live`: ranks of all players as they are now, else as of the last refresh, of players who were seen in the last 30
 * days. With `minSequence` only live ones are answered.
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
        of: ["players"],
      },
      async ({ body: { around, after, limit }, minSequence, request, reply }) => {
        const named = board.safeParse((request.params as { board: string }).board);
        if (!named.success) return door.problem(reply, refusal("NOT_FOUND", "there is no such leaderboard"));
        const place = { around, after, limit, minSequence };
        const found: BoardAnswer<Ranked | RankedGuild> =
          named.data === "guild" ? await boards.guilds(place) : await boards.players(named.data, place);
        if (found === "NOT_RANKED") return door.problem(reply, refusal("NOT_FOUND", "the player is not ranked"));
        if (found === "NOT_YET")
          return door.problem(reply, refusal("NOT_YET", "the leaderboard has not come that far yet"));
        return reply.send({ ...pageOf(found.rows, limit, ({ rang }) => rang), live: found.live });
      },
    ),
  );
}
