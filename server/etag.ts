import type { FastifyReply, FastifyRequest } from "fastify";

/** Sends a row under the ETag of its last event's sequence, or 304 to who has it already. */
export function sendRow(request: FastifyRequest, reply: FastifyReply, sequence: number, body: object): FastifyReply {
  const etag = `"${sequence}"`;
  const known = (request.headers["if-none-match"] ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  reply.header("etag", etag);
  return known.includes(etag) || known.includes("*") ? reply.code(304).send() : reply.send(body);
}
