import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { type WorldCommand, worldCommand } from "../../domain/world/commands.ts";
import type { WorldState } from "../../domain/world/state.ts";
import { WORLD_ID } from "../../domain/world/values.ts";
import type { Commands } from "../../rooms/commands.ts";
import { projectWorld, WorldView } from "../../rooms/world-view.ts";
import { commandIdOf, correlationOf, type Door, EVERYONE, NO_ID } from "../http.ts";
import { accepted, json } from "./answers.ts";

export interface WorldRouteServices {
  readonly commands: Commands<{ WorldState: WorldCommand }>;
  read(): Promise<WorldState | undefined>;
}

/** What an operator may tell the world; the rest comes from players and sagas. */
const OPERATORS_COMMANDS: readonly string[] = ["CreerMonde", "DeclencherEvenement", "AnnulerEvenement"];

/** `GET /world`, and for operators `POST /world/commands`. */
export function worldRoutes(api: FastifyInstance, door: Door, services: WorldRouteServices): void {
  api.get(
    "/world",
    door.guarded(
      {
        does: "The world: its day and season, zones, resources, events and bosses.",
        roles: EVERYONE,
        takes: z.strictObject({}),
        gives: json,
      },
      async ({ reply }) => {
        const state = await services.read();
        if (state === undefined) return door.problem(reply, refusal("NOT_FOUND", "there is no world yet"));
        const view = new WorldView();
        projectWorld(view, state, undefined);
        return reply.send(view.toJSON());
      },
    ),
  );

  api.post(
    "/world/commands",
    door.guarded(
      { does: "What operators may tell the world.", roles: ["admin"], takes: z.looseObject({}), gives: accepted },
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
