import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { v5 as uuidv5 } from "uuid";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { conceder, executerAction } from "../../domain/combat/commands.ts";
import { parseCombatCommand, publishCombatEvent } from "../../rooms/combat-room.ts";
import { type CombatStartServices, combatStartBody, startCombat } from "../../rooms/combat-start.ts";
import { wireId } from "../../rooms/wire.ts";
import { commandIdOf, correlationOf, type Door, NO_ID, type Route } from "../http.ts";
import { accepted, id } from "./answers.ts";

/** A combat's id follows from the command that began it, so that a repeat finds it, on any node. */
const COMBAT_NAMESPACE = "5b0c3a5e-6f0e-5c1b-9d53-7d3c1f2a9e44";

const combatAction = z.looseObject({
  combatId: wireId,
  commandId: wireId.optional(),
  expectedVersion: z.int().min(0).optional(),
});

const START: Route<z.infer<typeof combatStartBody>> = {
  does: "Begins a combat, once for one Idempotency-Key.",
  roles: ["service", "admin"],
  takes: combatStartBody,
  status: 201,
  gives: accepted.extend({ combatId: id }),
};
const ACT: Route<z.infer<typeof combatAction>> = {
  does: "Acts in a combat: `ExecuterAction`, `Conceder`.",
  roles: ["joueur"],
  takes: combatAction,
  holds: z.union([executerAction, conceder].map((one) => one.extend(combatAction.shape))),
  gives: accepted,
  limitedAs: "combat",
};

/** `POST /combat/start`, `POST /combat/action`. */
export function combatRoutes(api: FastifyInstance, door: Door, services: CombatStartServices): void {
  api.post(
    "/combat/start",
    door.guarded(START, async ({ who, body, request, reply }) => {
      const commandId = commandIdOf(request);
      if (commandId === undefined) return door.problem(reply, NO_ID);
      const combatId = uuidv5(commandId, COMBAT_NAMESPACE);
      const graine = body.graine ?? randomUUID();
      const correlationId = correlationOf(request);
      const start = { combatId, commandId, graine, userId: who.userId, correlationId };
      const answer = await startCombat(body, start, services);
      return door.respond(reply, answer, { status: 201, extra: { combatId }, publish: publishCombatEvent });
    }),
  );

  api.post(
    "/combat/action",
    door.guarded(ACT, async ({ who, body, request, reply }) => {
      const { combatId, commandId: inBody, expectedVersion, ...rest } = body;
      const commandId = commandIdOf(request, inBody);
      if (commandId === undefined) return door.problem(reply, NO_ID);
      const command = parseCombatCommand(rest, who.userId);
      if (command === undefined)
        return door.problem(reply, refusal("BAD_REQUEST", "no such command, or not of its form"));
      const envelope = { commandId, command, expectedVersion, userId: who.userId };
      const answer = await services.commands.send("Combat", combatId, {
        ...envelope,
        correlationId: correlationOf(request),
      });
      return door.respond(reply, answer, { publish: publishCombatEvent });
    }),
  );
}
