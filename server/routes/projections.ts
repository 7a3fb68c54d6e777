import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { RebuildError } from "../../projections/rebuild-error.ts";
import { listRebuilds, type RebuildStatus } from "../../projections/rebuild-status.ts";
import { type Rebuilds, shareDone } from "../../projections/rebuilds.ts";
import type { Consumer } from "../../store/consumer.ts";
import { statusesOf } from "../consumer-metrics.ts";
import type { Door } from "../http.ts";
import { at, count, page } from "./answers.ts";

export interface ProjectionServices {
  /** By name: projectors and sagas. */
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly rebuilds: Rebuilds;
  readonly pool: Pick<pg.Pool, "query">;
}

const rebuild = z.strictObject({
  state: z.enum(["FILLING", "INTERRUPTED", "DONE", "FAILED"]),
  stalled: z.boolean(),
  position: count,
  target: count,
  events: count,
  nodeId: z.string(),
  startedAt: at,
  updatedAt: at,
  endedAt: at.nullable(),
  code: z.string().nullable(),
  error: z.string().nullable(),
  failedSequence: count.nullable(),
  done: z.number().meta({ description: "the share that is done, 0 to 1" }),
});

const status = z.strictObject({
  name: z.string(),
  state: z.enum(["working", "standby", "failing", "stopped"]),
  position: count,
  lagEvents: count,
  lagSeconds: z.number(),
  failed: count,
  parked: count,
  lastError: z.strictObject({ code: z.string(), message: z.string(), at }).optional(),
  rebuild: rebuild.optional(),
});

const rebuildBody = z.strictObject({ fresh: z.boolean().default(false) });

/** Read models and sagas, how far each is, and the rebuilds of the former; for operators. */
export function projectionRoutes(api: FastifyInstance, door: Door, services: ProjectionServices): void {
  const { consumers, rebuilds, pool } = services;

  api.get(
    "/admin/projections",
    door.guarded(
      { does: "How far each read model and each saga is.", roles: ["admin"], takes: z.object({}), gives: page(status) },
      async ({ reply }) => {
        const [statuses, all] = await Promise.all([statusesOf(consumers), listRebuilds(pool as pg.ClientBase)]);
        const items = statuses.map((status) => {
          const rebuild = all.find(({ name }) => name === status.name);
          return rebuild === undefined ? status : { ...status, rebuild: shown(rebuild) };
        });
        return reply.send({ items });
      },
    ),
  );

  /** Answers when it has begun; `GET /admin/projections` tells how it goes on. One that was interrupted is taken up, unless `fresh`. */
  api.post(
    "/admin/projections/:name/rebuild",
    door.guarded(
      {
        does: "Makes a read model anew, beside the one that serves.",
        roles: ["admin"],
        takes: rebuildBody,
        status: 202,
        gives: z.strictObject({ name: z.string(), state: z.literal("FILLING") }),
      },
      async ({ body, request, reply }) => {
        const { name } = request.params as { readonly name: string };
        try {
          await rebuilds.start(name, body);
        } catch (error) {
          if (!(error instanceof RebuildError)) throw error;
          const { code, message } = error;
          if (code === "NO_PROJECTOR" && !consumers.has(name)) return door.problem(reply, refusal("NOT_FOUND"));
          return door.problem(reply, { ok: false, code: `REBUILD_${code}`, message, retryable: code === "RUNNING" });
        }
        return reply.code(202).header("location", "/admin/projections").send({ name, state: "FILLING" });
      },
    ),
  );

  api.delete(
    "/admin/projections/:name/rebuild",
    door.guarded(
      { does: "Stops a rebuild that runs on this node.", roles: ["admin"], takes: z.object({}) },
      async ({ request, reply }) => {
        const { name } = request.params as { readonly name: string };
        if (!(await rebuilds.stop(name)))
          return door.problem(reply, refusal("NOT_FOUND", "none is under way on this node"));
        return reply.code(204).send();
      },
    ),
  );
}

function shown({ name: _, ...status }: RebuildStatus): z.infer<typeof rebuild> {
  return { ...status, done: Math.floor(shareDone(status) * 1_000) / 1_000 };
}
