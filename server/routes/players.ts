import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { playerCommand, wirePlayerCommand } from "../../domain/player/commands.ts";
import { wireExchangeCommand } from "../../domain/player/exchange-commands.ts";
import type { Commands } from "../../rooms/commands.ts";
import type { PlayerDesk } from "../../rooms/player-desk.ts";
import { parsePlayerCommand, type UnfilledPlayerCommand } from "../../rooms/player-room.ts";
import { wireId } from "../../rooms/wire.ts";
import { commandIdOf, correlationOf, type Door, idIn, NO_ID } from "../http.ts";
import { accepted } from "./answers.ts";

export interface PlayerRouteServices {
  readonly commands: Commands<{ Joueur: UnfilledPlayerCommand }>;
  readonly desk: PlayerDesk;
}

const body = z.looseObject({ commandId: wireId.optional(), expectedVersion: z.int().min(0).optional() });

/** What an operator may give or take; a player may not. */
const OPERATORS_COMMANDS: readonly string[] = [
  "GagnerExperience",
  "ModifierOr",
  "RecevoirItems",
  "RejoindreGuilde",
  "EchouerQuete",
];

function operatorsCommand(message: Readonly<Record<string, unknown>>): UnfilledPlayerCommand | undefined {
  if (!OPERATORS_COMMANDS.includes(String(message["type"]))) return undefined;
  // Its definitions come from the catalogue, as everybody's.
  const parsed = playerCommand.safeParse({ definitions: {}, ...message });
  const bare = parsed.success ? parsed : playerCommand.safeParse(message);
  return bare.success ? (bare.data as UnfilledPlayerCommand) : undefined;
}

/** All that players and operators may send: nobody sends definitions, which come from the catalogue. */
const COMMANDS = z.union(
  [
    ...wirePlayerCommand.options,
    ...wireExchangeCommand.options,
    ...playerCommand.options.filter(({ shape }) => OPERATORS_COMMANDS.includes(shape.type.value)),
  ].map(({ shape }) => {
    const own = Object.entries<z.ZodType>(shape).filter(([name]) => name !== "definitions");
    return z.strictObject({ ...Object.fromEntries(own), ...body.shape });
  }),
);

/** `POST /players/{id}/commands`: a player's own, and an operator's. */
export function playerRoutes(api: FastifyInstance, door: Door, services: PlayerRouteServices): void {
  api.post(
    "/players/:id/commands",
    door.guarded(
      { does: "Any command to a player.", roles: ["joueur", "admin"], takes: body, holds: COMMANDS, gives: accepted },
      async ({ who, body: given, request, reply }) => {
        const id = idIn(request, "id");
        if (id === undefined) return door.problem(reply, refusal("BAD_REQUEST", "a player's id is a UUID"));
        if (who.role === "joueur" && who.userId !== id) return door.problem(reply, refusal("FORBIDDEN"));
        const { commandId: inBody, expectedVersion, ...message } = given;
        const commandId = commandIdOf(request, inBody);
        if (commandId === undefined) return door.problem(reply, NO_ID);
        if (who.role === "joueur") {
          const handled = services.desk.handle(message, id, commandId, correlationOf(request));
          if (handled !== undefined) return door.respond(reply, await handled);
        }
        const command = who.role === "admin" ? operatorsCommand(message) : parsePlayerCommand(message, id);
        if (command === undefined)
          return door.problem(reply, refusal("BAD_REQUEST", "no such command, or not of its form"));
        const answer = await services.commands.send("Joueur", id, {
          commandId,
          command,
          expectedVersion,
          userId: who.userId,
          correlationId: correlationOf(request),
        });
        return door.respond(reply, answer);
      },
    ),
  );
}
