import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { declarations, type Handler } from "./http.ts";
import { openApiOf, type Served } from "./openapi.ts";
import { NODE_PATH, PEER_PATH, SEAT_PATH } from "./peers.ts";

/** Routes that are no part of the API: the nodes' own door, and the document with its page. */
const APART = [PEER_PATH, SEAT_PATH, NODE_PATH, "/openapi.json"];

/** Of the page, which is more than data: its own scripts and styles, and nobody else's. */
const PAGE_CSP =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'";

export interface Documented {
  /** The methods that there are for a path; none: there is no such call. */
  methodsOf(path: string): readonly string[];
}

/**
 * Gathers the routes as they are made, and shows them at `/openapi.json` and `/docs`. To be called before the first.
 * @throws at a route that was made without a declaration
 */
export function documentRoutes(api: FastifyInstance, version: string): Documented {
  const served: Served[] = [];
  let document: object | undefined;
  const whole = (): object => {
    document ??= openApiOf(served, version);
    return document;
  };
  api.addHook("onRoute", ({ method, url, handler }) => {
    // Preflights are for browsers, of any path.
    if (method === "HEAD" || method === "OPTIONS" || APART.includes(url) || url.startsWith("/docs")) return;
    const route = declarations.get(handler as unknown as Handler);
    if (route === undefined) throw new Error(`${String(method)} ${url} is not declared: see Door`);
    served.push({ method: String(method), url, route });
  });
  api.register(swagger, { openapi: { openapi: "3.1.0" } });
  api.register(swaggerUi, { routePrefix: "/docs", transformSpecification: whole, staticCSP: PAGE_CSP });
  api.get("/openapi.json", (_request, reply) => reply.send(whole()));
  return {
    methodsOf(path) {
      const fits = ({ url }: Served): boolean => new RegExp(`^${url.replace(/:\w+/g, "[^/]+")}/?$`).test(path);
      return served.filter(fits).map(({ method }) => method);
    },
  };
}
