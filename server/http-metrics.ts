import type { FastifyInstance } from "fastify";
import type { Metrics } from "./metrics.ts";

/** Takes the time of each request, by its route's pattern: what is no route is one, whatever its URL and method. */
export function measureRequests(api: FastifyInstance, { requestSeconds }: Metrics): void {
  api.addHook("onResponse", async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    const { url: route } = routeOptions;
    const labels = route === undefined ? { method: "none", route: "none" } : { method, route };
    requestSeconds.observe({ ...labels, status: statusCode }, elapsedTime / 1_000);
  });
}
