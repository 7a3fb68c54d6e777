import { STATUS_CODES } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type RefusalCode, refusal } from "../domain/codes.ts";
import type { Documented } from "./documented.ts";
import { failedRead } from "./failed-read.ts";
import { correlationOf, type Door } from "./http.ts";
import type { Metrics } from "./metrics.ts";

const OF_STATUS: Readonly<Record<number, RefusalCode>> = { 413: "TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE" };

/** Whatever goes wrong, on the way to a handler or in it, is told as a problem document. */
export function problemsOnly(
  api: FastifyInstance,
  door: Pick<Door, "problem">,
  metrics: Metrics,
  { methodsOf }: Documented,
): void {
  api.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const refused = failedRead(error);
    if (refused !== undefined) return door.problem(reply, refused);
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      request.log.error({ err: error }, "request failed");
      metrics.faults.inc({ where: "api" });
      return door.problem(reply, refusal("INTERNAL"));
    }
    const code = OF_STATUS[status];
    return door.problem(reply, code === undefined ? refusal("BAD_REQUEST", error.message) : refusal(code));
  });

  api.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url.split("?")[0] ?? "");
    if (methods.length === 0) return door.problem(reply, refusal("NOT_FOUND", "there is no such call"));
    return door.problem(reply.header("allow", methods.join(", ")), refusal("METHOD_NOT_ALLOWED"));
  });
}

/** A URL that cannot be decoded never comes to a route, nor to its hooks. */
export function refuseUrl(door: Pick<Door, "problem">) {
  return (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    door.problem(reply.header("x-correlation-id", correlationOf(request)), refusal("BAD_REQUEST", error.message));
  };
}

/** What is no HTTP has no request and no reply: the answer is written as it stands, and the connection ends. */
export function refuseNonsense(
  metrics: Metrics,
): (error: Error & { code?: string }, socket: NodeJS.WritableStream) => void {
  return (error, socket) => {
    const headersTooLong = error.code === "HPE_HEADER_OVERFLOW";
    const tooSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    const code = headersTooLong ? "TOO_LARGE" : "BAD_REQUEST";
    const status = headersTooLong ? 431 : tooSlow ? 408 : 400;
    metrics.refused.inc({ code });
    if (!socket.writable || error.code === "ECONNRESET") return;
    const detail = headersTooLong
      ? "the headers are too long"
      : tooSlow
        ? "the request did not come to its end in time"
        : "this is no request of HTTP";
    const body = JSON.stringify({ type: "about:blank", title: code, status, detail, code, retryable: false });
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/problem+json\r\nconnection: close`;
    socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
}
