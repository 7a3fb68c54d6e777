import { randomUUID } from "node:crypto";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { v5 as uuidv5, v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { type Answer, refusal, statusOf } from "../domain/codes.ts";
import type { CombatCommand } from "../domain/combat/commands.ts";
import { combatDefinition, combatStartBody } from "../domain/combat/definition.ts";
import type { CombatState } from "../domain/combat/state.ts";
import type { Actors } from "../rooms/actors.ts";
import { parseCombatCommand, publishCombatEvent } from "../rooms/combat-room.ts";
import type { Authenticate, Principal } from "../rooms/principal.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Metrics } from "./metrics.ts";

/** A combat's id follows from the command that began it, so that a repeat finds it, on any node. */
const COMBAT_NAMESPACE = "5b0c3a5e-6f0e-5c1b-9d53-7d3c1f2a9e44";
const BODY_LIMIT_BYTES = 256 * 1024;

export interface ApiServices {
  readonly authenticate: Authenticate;
  readonly combats: Actors<CombatState, CombatCommand>;
  readonly store: EventStore;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The API port: commands and operations over HTTP. Errors are problem documents (RFC 9457) with a stable `code`. */
export function createApi({ authenticate, combats, store, metrics, log }: ApiServices): FastifyInstance {
  const api = Fastify({
    loggerInstance: log.child({ from: "api" }, { level: "warn" }) as FastifyInstance["log"],
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: () => uuidv7(),
  });

  api.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      request.log.error({ err: error }, "request failed");
      metrics.faults.inc({ where: "api" });
      return problem(reply, refusal("INTERNAL"));
    }
    return problem(reply, status === 413 ? refusal("TOO_LARGE") : refusal("BAD_REQUEST", error.message));
  });
  api.setNotFoundHandler((_request, reply) => problem(reply, refusal("NOT_FOUND", "there is no such call")));

  function problem(reply: FastifyReply, { code, message, retryable }: Answer & { ok: false }): FastifyReply {
    metrics.refused.inc({ code });
    const status = statusOf(code);
    return reply
      .code(status)
      .type("application/problem+json")
      .send({ type: "about:blank", title: code, status, detail: message, code, retryable });
  }

  function respond(reply: FastifyReply, answer: Answer, extra: Record<string, unknown>, status: number): FastifyReply {
    if (!answer.ok) return problem(reply, answer);
    return reply.code(status).send({ ...extra, ...answer, events: answer.events.map(publishCombatEvent) });
  }

  /** Calls the handler with who asks, if they may, and with the body, if it is of the form. */
  function guarded<T>(
    roles: readonly Principal["role"][],
    body: z.ZodType<T>,
    handler: (who: Principal, body: T, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
  ) {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const who = await authenticate(/^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1]);
      if (who === undefined) return problem(reply.header("www-authenticate", "Bearer"), refusal("UNAUTHORIZED"));
      if (!roles.includes(who.role)) return problem(reply, refusal("FORBIDDEN"));
      const parsed = body.safeParse(request.method === "GET" ? request.query : request.body);
      if (!parsed.success) return problem(reply, refusal("BAD_REQUEST", z.prettifyError(parsed.error)));
      return handler(who, parsed.data, request, reply);
    };
  }

  /** `Idempotency-Key` is the commandId; without one, the call is a command of its own. */
  function commandIdOf(request: FastifyRequest, inBody?: string): string | undefined {
    const id = z
      .uuid()
      .optional()
      .safeParse(request.headers["idempotency-key"] ?? inBody);
    return id.success ? (id.data ?? uuidv7()) : undefined;
  }

  /** The caller's, or else the request's own: what is returned is what the events carry. */
  const correlationOf = (request: FastifyRequest): string =>
    z.uuid().safeParse(request.headers["x-correlation-id"]).data ?? request.id;

  const NO_ID = refusal("BAD_REQUEST", "Idempotency-Key is not a UUID");

  api.post(
    "/combat/start",
    guarded(["service", "admin"], combatStartBody, async (who, body, request, reply) => {
      const commandId = commandIdOf(request);
      if (commandId === undefined) return problem(reply, NO_ID);
      const combatId = uuidv5(commandId, COMBAT_NAMESPACE);
      const definition = combatDefinition.parse({ graine: randomUUID(), ...body });
      const command: CombatCommand = { type: "PreparerCombat", combatId, definition };
      const answer = await combats.create(combatId, {
        commandId,
        command,
        userId: who.userId,
        correlationId: correlationOf(request),
      });
      return respond(reply, answer, { combatId }, 201);
    }),
  );

  const combatAction = z.looseObject({
    combatId: z.uuid(),
    commandId: z.uuid().optional(),
    expectedVersion: z.int().min(0).optional(),
  });
  api.post(
    "/combat/action",
    guarded(
      ["joueur"],
      combatAction,
      async (who, { combatId, commandId: inBody, expectedVersion, ...rest }, request, reply) => {
        const commandId = commandIdOf(request, inBody);
        if (commandId === undefined) return problem(reply, NO_ID);
        const command = parseCombatCommand(rest, who.userId);
        if (command === undefined) return problem(reply, refusal("BAD_REQUEST", "no such command, or not of its form"));
        const answer = await combats.send(combatId, {
          commandId,
          command,
          expectedVersion,
          userId: who.userId,
          correlationId: correlationOf(request),
        });
        return respond(reply, answer, {}, 200);
      },
    ),
  );

  const logQuery = z.strictObject({
    after: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    aggregateId: z.uuid().optional(),
  });
  api.get(
    "/events",
    guarded(["admin"], logQuery, async (_who, { after, limit, aggregateId }, _request, reply) => {
      if (aggregateId === undefined)
        return reply.send({ items: await store.readAll(after, await store.highWaterMark(), { limit }) });
      const items = [];
      for await (const event of store.readStream(aggregateId)) {
        if (event.sequence > after) items.push(event);
        if (items.length === limit) break;
      }
      return reply.send({ items });
    }),
  );

  api.get("/healthz", (_request, reply) => reply.send({ status: "ok" }));
  api.get("/readyz", async (_request, reply) => {
    try {
      await store.head(COMBAT_NAMESPACE);
      return reply.send({ status: "ready" });
    } catch {
      return problem(reply, refusal("UNAVAILABLE", "the database does not answer"));
    }
  });
  api.get("/metrics", async (_request, reply) => {
    metrics.combats.set(combats.size);
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });

  api.addHook("onSend", async (request, reply) => {
    reply.header("x-correlation-id", correlationOf(request));
  });
  return api;
}
