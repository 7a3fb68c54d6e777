import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { type WorldCommand, worldCommand } from "../../domain/world/commands.ts";
import { WORLD_ID } from "../../domain/world/values.ts";
import type { Commands } from "../../rooms/commands.ts";
import { commandIdOf, correlationOf, type Door, NO_ID } from "../http.ts";
import { accepted } from "./answers.ts";

export interface WorldRouteServices {
  readonly commands: Commands<{ WorldState: WorldCommand }>;
}

/** What an operator may tell the world; the rest comes from players and sagas. */
const OPERATORS_COMMANDS: readonly string[] = ["CreerMonde", "DeclencherEvenement", "AnnulerEvenement"];

const OPERATORS = z.union(worldCommand.options.filter(({ shape }) => OPERATORS_COMMANDS.includes(shape.type.value)));

/** `POST /world/commands`, for operators. */
export function worldRoutes(api: FastifyInstance, door: Door, services: WorldRouteServices): void {
  api.post(
    "/world/commands",
    door.guarded(
      {
        does: "What operators may tell the world.",
        roles: ["admin"],
        takes: z.looseObject({}),
        holds: OPERATORS,
        gives: accepted,
      },
      async ({ who, body, request, reply }) => {
        const commandId = commandIdOf(request);
        if (commandId === undefined) return door.problem(reply, NO_ID);
        const parsed = worldCommand.safeParse(body);
        if (!parsed.success || !OPERATORS_COMMANDS.includes(parsed.data.type))
          return door.problem(reply, refusal("BAD_REQUEST", "no such command, or not of its form"));
        const answer = await services.commands.send("WorldState", WORLD_ID, {
          commandId,
          command: parsed.data,
          userId: who.userId,
          correlationId: correlationOf(request),
        });
        return door.respond(reply, answer);
      },
    ),
  );
}
