import type { FastifyReply, FastifyRequest } from "fastify";

/** Tags the answer with the sequence of the event that wrote its rows last; true: the caller has them already (RFC 9110, 13.1.2). */
export function isKnown(request: FastifyRequest, reply: FastifyReply, sequence: number): boolean {
  const tag = `"${sequence}"`;
  reply.header("etag", tag);
  const known = (request.headers["if-none-match"] ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  return known.includes(tag) || known.includes("*");
}

/** Sends what that event has led to, or 304 to who has it already. */
export function sendTagged(request: FastifyRequest, reply: FastifyReply, sequence: number, body: object): FastifyReply {
  return isKnown(request, reply, sequence) ? reply.code(304).send() : reply.send(body);
}
