import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { Door } from "../http.ts";
import type { Schedule } from "../schedule.ts";
import { at, count, page } from "./answers.ts";

const task = z.strictObject({
  name: z.string(),
  everyMs: count,
  running: z.boolean(),
  nextRunAt: at,
  nodeId: z.string().nullable(),
  startedAt: at.nullable(),
  done: count.meta({ description: "what the run under way, or the last one, has dealt with" }),
  endedAt: at.nullable(),
  outcome: z.enum(["DONE", "FAILED", "INTERRUPTED"]).nullable(),
  code: z.string().nullable(),
  error: z.string().nullable(),
  succeededAt: at.nullable(),
  failures: count.meta({ description: "runs that failed since the last that did not" }),
});

/** What is done from time to time, and by command; for operators. */
export function upkeepRoutes(api: FastifyInstance, door: Door, schedule: Pick<Schedule, "list" | "request">): void {
  api.get(
    "/admin/upkeep",
    door.guarded(
      {
        does: "What is done from time to time: when next, and what became of it last.",
        roles: ["admin"],
        takes: z.strictObject({}),
        gives: page(task),
      },
      async ({ reply }) => reply.send({ items: await schedule.list() }),
    ),
  );

  api.post(
    "/admin/upkeep/:task/run",
    door.guarded(
      {
        does: "Has a task run now, on whichever node gets to it; if it is under way, once more.",
        roles: ["admin"],
        takes: z.strictObject({}),
        status: 202,
        gives: task,
      },
      async ({ request, reply }) => {
        const status = await schedule.request((request.params as { readonly task: string }).task);
        if (status === undefined) return door.problem(reply, refusal("NOT_FOUND", "there is no such task"));
        return reply.code(202).header("location", "/admin/upkeep").send(status);
      },
    ),
  );
}
