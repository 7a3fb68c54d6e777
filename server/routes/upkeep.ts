import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { Door } from "../http.ts";
import type { Schedule } from "../schedule.ts";
import { at, page } from "./answers.ts";

const status = z.strictObject({
  name: z.string(),
  everyMs: z.int(),
  startedA: at.nullable(),
  endedA: at.nullable(),
  ok: z.boolean().nullable(),
  nodeId: z.string().nullable(),
  detail: z.string().nullable(),
});

/** What the tables need from time to time: when it was done last, and by command; for operators. */
export function upkeepRoutes(api: FastifyInstance, door: Door, schedule: Schedule): void {
  api.get(
    "/admin/upkeep",
    door.guarded(
      {
        does: "The tasks of the upkeep, and how each ended last.",
        roles: ["admin"],
        takes: z.strictObject({}),
        gives: page(status),
      },
      async ({ reply }) => reply.send({ items: await schedule.status() }),
    ),
  );
  api.post(
    "/admin/upkeep/:name/run",
    door.guarded(
      {
        does: "Runs a task of the upkeep now; answers when it has ended.",
        roles: ["admin"],
        takes: z.strictObject({}),
        gives: status,
      },
      async ({ request, reply }) => {
        const { name } = request.params as { readonly name: string };
        const ran = await schedule.runNow(name);
        if (ran === undefined) return door.problem(reply, refusal("NOT_FOUND", "there is no such task"));
        if (!ran) return door.problem(reply, refusal("BUSY", "it is under way"));
        return reply.send((await schedule.status()).find((one) => one.name === name));
      },
    ),
  );
}
