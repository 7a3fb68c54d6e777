import type { FastifyReply, FastifyRequest } from "fastify";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { type Answer, type AnsweredEvent, refusal, statusOf } from "../domain/codes.ts";
import type { Authenticate, Principal } from "../rooms/principal.ts";
import { TokenBuckets } from "../rooms/token-bucket.ts";
import { isStorable, NOT_STORABLE, wireId } from "../rooms/wire.ts";
import type { Metrics } from "./metrics.ts";

/** What every call over HTTP has in common. */
export interface Door {
  /** Calls the handler with who asks, if they may, and with the body (of a GET: the query), if it is of the form. */
  guarded<T>(
    roles: readonly Principal["role"][],
    body: z.ZodType<T>,
    handler: (call: Call<T>) => Promise<FastifyReply>,
  ): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
  problem(reply: FastifyReply, refused: Answer & { ok: false }): FastifyReply;
  /** The answer to a command: `status` and `extra` beside it, or a problem document. */
  respond(reply: FastifyReply, answer: Answer, options?: ResponseOptions): FastifyReply;
}

export interface Call<T> {
  readonly who: Principal;
  readonly body: T;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface ResponseOptions {
  readonly status?: number;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly publish?: (event: AnsweredEvent) => AnsweredEvent;
}

export const EVERYONE = ["joueur", "spectateur", "service", "auteur", "admin"] as const;

export const NO_ID = refusal("BAD_REQUEST", "Idempotency-Key is not a UUID");

/** Calls a second and in a burst, for one player; services, authors and operators are not counted. */
export interface CallLimits {
  readonly perSecond: number;
  readonly burst: number;
}

const COUNTED: readonly Principal["role"][] = ["joueur", "spectateur"];

export function createDoor(authenticate: Authenticate, metrics: Metrics, { perSecond, burst }: CallLimits): Door {
  const calls = new TokenBuckets(perSecond, burst);

  function problem(reply: FastifyReply, { code, message, retryable }: Answer & { ok: false }): FastifyReply {
    metrics.refused.inc({ code });
    const status = statusOf(code);
    return reply
      .code(status)
      .type("application/problem+json")
      .send({ type: "about:blank", title: code, status, detail: message, code, retryable });
  }

  return {
    problem,

    respond(reply, answer, { status = 200, extra = {}, publish = (event: AnsweredEvent) => event } = {}) {
      if (!answer.ok) return problem(reply, answer);
      return reply.code(status).send({ ...extra, ...answer, events: answer.events.map(publish) });
    },

    guarded(roles, body, handler) {
      return async (request, reply) => {
        const who = await authenticate(/^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1]);
        if (who === undefined) return problem(reply.header("www-authenticate", "Bearer"), refusal("UNAUTHORIZED"));
        if (COUNTED.includes(who.role) && !calls.take(who.userId)) return problem(reply, refusal("RATE_LIMITED"));
        if (!roles.includes(who.role)) return problem(reply, refusal("FORBIDDEN"));
        const given = request.method === "GET" ? request.query : (request.body ?? {});
        if (!isStorable(given)) return problem(reply, refusal("BAD_REQUEST", NOT_STORABLE));
        const parsed = body.safeParse(given);
        if (!parsed.success) return problem(reply, refusal("BAD_REQUEST", z.prettifyError(parsed.error)));
        return handler({ who, body: parsed.data, request, reply });
      };
    },
  };
}

/** `Idempotency-Key` is the commandId; without one, the call is a command of its own. Undefined: it is no UUID. */
export function commandIdOf(request: FastifyRequest, inBody?: string): string | undefined {
  const id = wireId.optional().safeParse(request.headers["idempotency-key"] ?? inBody);
  return id.success ? (id.data ?? uuidv7()) : undefined;
}

/** The caller's, or else the request's own: what is returned is what the events carry. */
export function correlationOf(request: FastifyRequest): string {
  return wireId.safeParse(request.headers["x-correlation-id"]).data ?? request.id;
}

/** A path parameter that must be a UUID. */
export function idIn(request: FastifyRequest, name: string): string | undefined {
  return wireId.safeParse((request.params as Readonly<Record<string, unknown>>)[name]).data;
}
