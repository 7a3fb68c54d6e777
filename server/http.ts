import type { FastifyReply, FastifyRequest } from "fastify";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { type Answer, type AnsweredEvent, type RefusalCode, rateLimited, refusal, statusOf } from "../domain/codes.ts";
import { ROLES, type Role } from "../domain/roles.ts";
import type { Freshness } from "../projections/freshness.ts";
import type { LimitClass } from "../rooms/limits.ts";
import type { Authenticate, Principal } from "../rooms/principal.ts";
import { isStorable, NOT_STORABLE, wireId } from "../rooms/wire.ts";
import type { Acts } from "./acts.ts";
import type { Limits } from "./limits.ts";
import type { Metrics } from "./metrics.ts";

/** What every call over HTTP has in common. */
export interface Door {
  /** Calls the handler with who asks, if they may, and with the body (of a GET: the query), if it is of the form. */
  guarded<T, Gives extends z.ZodType = z.ZodType<unknown>>(
    route: Route<T, Gives>,
    handler: (call: Call<T, Gives>) => Promise<FastifyReply>,
  ): Handler;
  /** For whoever has no token yet: calls the handler with the body, if it is of the form. */
  entry<T, Gives extends z.ZodType = z.ZodType<unknown>>(
    route: EntryRoute<T, Gives>,
    handler: (call: EntryCall<T, Gives>) => Promise<FastifyReply>,
  ): Handler;
  /** A probe: whoever comes is answered, and nothing is taken. */
  open(route: Probe, handler: Handler): Handler;
  /** Counts one more call of theirs, or says when it fits. */
  admits(who: Principal): Admitted;
  problem(reply: Reply<never>, refused: Answer & { ok: false }): FastifyReply;
  /** The answer to a command: `status` and `extra` beside it, or a problem document. */
  respond(reply: Reply<never>, answer: Answer, options?: ResponseOptions): FastifyReply;
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

export interface Probe {
  /** One sentence. */
  readonly does: string;
  /** What is answered when all is well. Absent: an answer without content. */
  readonly gives?: z.ZodType;
  /** Of that answer; default `application/json`. */
  readonly mediaType?: string;
  /** Codes with which it may be refused, beside those that come with its kind (server/refusals-of.ts). */
  readonly refuses?: readonly RefusalCode[];
}

/** A call that needs no token. */
export interface EntryRoute<T, Gives extends z.ZodType = z.ZodType> extends Probe {
  /** The form of the body, of a GET: of the query. */
  readonly takes: z.ZodType<T>;
  readonly gives?: Gives;
  /** With this status; default 200, or 204 without content. */
  readonly status?: number;
}

/** A call as it is declared, once, for whoever serves it and for whoever reads about it. */
export interface Route<T, Gives extends z.ZodType = z.ZodType> extends EntryRoute<T, Gives> {
  readonly roles: readonly Role[];
  /** All that the body may hold, where `takes` is only what the door looks at: for who reads about it. */
  readonly holds?: z.ZodType;
  /** Nothing is changed by it, whatever its method. */
  readonly onlyReads?: boolean;
  /** The answer is tagged: who has it already is told 304. */
  readonly tagged?: boolean;
  /** What it is limited as, beside being a call. */
  readonly limitedAs?: LimitClass;
  /** The read models that the answer comes from: with `?minSequence=` it waits for them. */
  readonly of?: readonly string[];
}

/** How a handler was declared. */
export const declarations = new WeakMap<Handler, Declared>();
export type Declared = Probe | EntryRoute<unknown> | Route<unknown>;

export interface EntryCall<T, Gives extends z.ZodType = z.ZodType<unknown>> {
  readonly body: T;
  readonly request: FastifyRequest;
  readonly reply: Reply<Sent<z.output<Gives>>>;
  /** Notes the call as this one's, if its acts are noted: by now it is known whose it is. */
  noteAs(who: Pick<Principal, "userId" | "role">): Promise<void>;
}

export interface Call<T, Gives extends z.ZodType = z.ZodType<unknown>> extends Omit<EntryCall<T, Gives>, "noteAs"> {
  readonly who: Principal;
  /** The answer holds what the event of this sequence led to. */
  readonly minSequence: number;
}

/** A reply that sends nothing but what was declared. */
export type Reply<Body> = Omit<FastifyReply, "send"> & { send(body?: Body): FastifyReply };

/** What may be sent for an answer of this form: rows are read only, and what is JSON to the form is anything. */
type Sent<T> = T extends readonly (infer One)[]
  ? readonly Sent<One>[]
  : T extends object
    ? Record<string, unknown> extends T
      ? unknown
      : { readonly [Key in keyof T]: Sent<T[Key]> }
    : T;

export interface ResponseOptions {
  readonly status?: number;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly publish?: (event: AnsweredEvent) => AnsweredEvent;
}

export const EVERYONE = ROLES;

export const NO_ID = refusal("BAD_REQUEST", "Idempotency-Key is not a UUID");

/** Whether a call fits: `waitMs` is 0, or ms until it does; then `isAbuse` tells that it was refused too often. */
export interface Admitted {
  readonly waitMs: number;
  readonly isAbuse: boolean;
}

const ADMITTED: Admitted = { waitMs: 0, isAbuse: false };

/** Whose calls are limited: services, authors and operators are not counted. */
const COUNTED: readonly Principal["role"][] = ["joueur", "spectateur"];

/** Of the query of every read of a read model: at least that fresh. */
const freshness = z.looseObject({
  minSequence: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
});

export interface DoorServices {
  /** Default: nobody waits, and what is asked for is too fresh. */
  readonly fresh?: Freshness;
  /** Why a player may not come in, however good its token is; default: everybody may. */
  readonly mayEnter?: (userId: string) => Promise<RefusalCode | undefined>;
  /** Default: nobody's are noted. */
  readonly acts?: Acts;
  /** Default: there are none. */
  readonly limits?: Pick<Limits, "waitMs" | "refused" | "addressWaitMs">;
}

export function createDoor(
  authenticate: Authenticate,
  metrics: Metrics,
  { fresh, mayEnter, acts, limits }: DoorServices = {},
): Door {
  function problem(reply: Reply<never>, refused: Answer & { ok: false }): FastifyReply {
    const { code, message, retryable, retryAfterMs } = refused;
    metrics.refused.inc({ code });
    acts?.refused((reply as FastifyReply).request, code);
    const status = statusOf(code);
    if (status === 503 || status === 429)
      reply.header("retry-after", String(Math.ceil((retryAfterMs ?? 1_000) / 1_000)));
    const later = retryAfterMs === undefined ? {} : { retryAfterMs };
    return reply
      .code(status)
      .type("application/problem+json")
      .send({ type: "about:blank", title: code, status, detail: message, code, retryable, ...later });
  }

  function admits({ role, userId }: Principal, limitedAs?: LimitClass): Admitted {
    if (limits === undefined || !COUNTED.includes(role)) return ADMITTED;
    const waitMs = limits.waitMs("call", userId) || (limitedAs === undefined ? 0 : limits.waitMs(limitedAs, userId));
    return waitMs === 0 ? ADMITTED : { waitMs, isAbuse: limits.refused(userId) };
  }

  /** Whoever has no token, or one of those that anybody is given, is counted by where it comes from too. */
  function comesTooOften(who: Principal | undefined, request: FastifyRequest): number {
    return who === undefined || COUNTED.includes(who.role) ? (limits?.addressWaitMs(request.ip) ?? 0) : 0;
  }

  return {
    problem,
    admits,

    respond(reply, answer, { status = 200, extra = {}, publish = (event: AnsweredEvent) => event } = {}) {
      if (!answer.ok) return problem(reply, answer);
      return reply.code(status).send({ ...extra, ...answer, events: answer.events.map(publish) });
    },

    guarded(route, handler) {
      const { roles, takes, of, onlyReads = false } = route;
      const guarded: Handler = async (request, reply) => {
        const who = await authenticate(/^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1]);
        const tooOften = comesTooOften(who, request);
        if (tooOften > 0) return problem(reply, rateLimited(tooOften));
        if (who === undefined) return problem(reply.header("www-authenticate", "Bearer"), refusal("UNAUTHORIZED"));
        const { waitMs, isAbuse } = admits(who, route.limitedAs);
        if (isAbuse) reply.header("connection", "close");
        if (waitMs > 0) return problem(reply, rateLimited(waitMs));
        const shut = COUNTED.includes(who.role) ? await mayEnter?.(who.userId) : undefined;
        if (shut !== undefined) return problem(reply, refusal(shut));
        if (request.method !== "GET" && !onlyReads) await acts?.begin(who, request, correlationOf(request));
        if (!roles.includes(who.role)) return problem(reply, refusal("FORBIDDEN"));
        let given = request.method === "GET" ? request.query : (request.body ?? {});
        if (!isStorable(given)) return problem(reply, refusal("BAD_REQUEST", NOT_STORABLE));
        let atLeast = 0;
        if (of !== undefined) {
          const asked = freshness.safeParse(given);
          if (!asked.success) return problem(reply, refusal("BAD_REQUEST", z.prettifyError(asked.error)));
          const { minSequence, ...rest } = asked.data;
          given = rest;
          atLeast = minSequence ?? 0;
          if (atLeast > 0 && !(await fresh?.reached(of, atLeast))) return problem(reply, notYet(of, fresh));
        }
        const parsed = takes.safeParse(given);
        if (!parsed.success) return problem(reply, refusal("BAD_REQUEST", z.prettifyError(parsed.error)));
        return handler({ who, body: parsed.data, minSequence: atLeast, request, reply });
      };
      declarations.set(guarded, route as Route<unknown>);
      return guarded;
    },

    entry(route, handler) {
      const entry: Handler = async (request, reply) => {
        const given = request.method === "GET" ? request.query : (request.body ?? {});
        if (!isStorable(given)) return problem(reply, refusal("BAD_REQUEST", NOT_STORABLE));
        const parsed = route.takes.safeParse(given);
        if (!parsed.success) return problem(reply, refusal("BAD_REQUEST", z.prettifyError(parsed.error)));
        const noteAs = async (who: Pick<Principal, "userId" | "role">): Promise<void> =>
          acts?.begin(who, request, correlationOf(request));
        return handler({ body: parsed.data, request, reply, noteAs });
      };
      declarations.set(entry, route as EntryRoute<unknown>);
      return entry;
    },

    open(route, handler) {
      declarations.set(handler, route);
      return handler;
    },
  };
}

function notYet(of: readonly string[], fresh: Freshness | undefined): Answer & { ok: false } {
  const far = of.map((name) => `${name} is at ${fresh?.position(name) ?? 0}`).join(", ");
  return refusal("NOT_YET", `the read model has not come that far yet: ${far}`);
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
