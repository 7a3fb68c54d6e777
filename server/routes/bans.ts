import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { Bans } from "../entrance.ts";
import { correlationOf, type Door, idIn } from "../http.ts";
import { at, id } from "./answers.ts";

const order = z.strictObject({
  reason: z.string().trim().min(1).max(500),
  until: z.iso.datetime({ offset: true }).optional().meta({ description: "default: until it is lifted" }),
});

const ban = z.strictObject({ userId: id, reason: z.string(), bannedBy: id, bannedAt: at, until: at.nullable() });

const NO_ID = refusal("BAD_REQUEST", "a player's id is a UUID");

/** Shutting players out, and letting them in again; for operators. */
export function banRoutes(api: FastifyInstance, door: Door, bans: Bans): void {
  api.post(
    "/admin/players/:id/ban",
    door.guarded(
      {
        does: "Shuts a player out: no door opens to them, and their sessions end, on every node.",
        roles: ["admin"],
        takes: order,
        gives: ban,
        status: 201,
      },
      async ({ who, body, request, reply }) => {
        const userId = idIn(request, "id");
        if (userId === undefined) return door.problem(reply, NO_ID);
        if (body.until !== undefined && Date.parse(body.until) <= Date.now())
          return door.problem(reply, refusal("BAD_REQUEST", "that time has passed"));
        const { reason, until = null } = body;
        const by = { bannedBy: who.userId, correlationId: correlationOf(request) };
        return reply.code(201).send(await bans.ban({ userId, reason, until, ...by }));
      },
    ),
  );

  api.delete(
    "/admin/players/:id/ban",
    door.guarded(
      {
        does: "Lets a player in again. Sessions that were ended stay so.",
        roles: ["admin"],
        takes: z.strictObject({}),
      },
      async ({ who, request, reply }) => {
        const userId = idIn(request, "id");
        if (userId === undefined) return door.problem(reply, NO_ID);
        if (!(await bans.lift({ userId, liftedBy: who.userId, correlationId: correlationOf(request) })))
          return door.problem(reply, refusal("NOT_FOUND", "this player is not shut out"));
        return reply.code(204).send();
      },
    ),
  );
}
