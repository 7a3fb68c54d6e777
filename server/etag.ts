import type { FastifyReply, FastifyRequest } from "fastify";
import type { Reply } from "./http.ts";

/**
 * Tags the answer with the sequence of the event that wrote its rows last; true: the caller has them already (RFC 9110, 13.1.2).
 * @param form which of several forms of them this caller is told: what is tagged alike has to be the same
 */
export function isKnown(request: FastifyRequest, reply: Reply<never>, sequence: number, form = ""): boolean {
  const tag = `"${sequence}${form}"`;
  reply.header("etag", tag);
  const known = (request.headers["if-none-match"] ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  return known.includes(tag) || known.includes("*");
}

/** Sends what that event has led to, or 304 to who has it already. */
export function sendTagged<Body>(
  request: FastifyRequest,
  reply: Reply<Body>,
  sequence: number,
  body: NoInfer<Body>,
  form?: string,
): FastifyReply {
  return isKnown(request, reply, sequence, form) ? reply.code(304).send() : reply.send(body);
}
