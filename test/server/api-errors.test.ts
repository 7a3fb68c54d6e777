import { connect } from "node:net";
import Fastify from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Principal } from "../../rooms/principal.ts";
import { problemsOnly, refuseNonsense, refuseUrl } from "../../server/api-errors.ts";
import { documentRoutes } from "../../server/documented.ts";
import { createDoor, type Door } from "../../server/http.ts";
import { createMetrics } from "../../server/metrics.ts";

const LIMITS = { perSecond: 1, burst: 3 };
const WHO: Principal = { userId: crypto.randomUUID(), role: "joueur", tenantId: "default" };
const metrics = createMetrics();
const door: Door = createDoor(async (token) => (token === "t" ? WHO : undefined), metrics, LIMITS);

function open() {
  const api = Fastify({
    bodyLimit: 1_000,
    frameworkErrors: refuseUrl(door),
    clientErrorHandler: refuseNonsense(metrics),
  });
  api.removeContentTypeParser("text/plain");
  problemsOnly(api, door, metrics, documentRoutes(api, "1"));
  return api;
}

const api = open();
let port = 0;
beforeAll(async () => {
  api.get(
    "/bug/:id",
    door.open({ does: "Fails." }, async () => {
      throw new Error("what nobody outside is to read");
    }),
  );
  const route = { does: "Takes a number.", roles: ["joueur"], takes: z.strictObject({ n: z.int() }) } as const;
  api.post(
    "/numbers",
    door.guarded(route, async ({ reply }) => reply.code(204).send()),
  );
  await api.listen({ port: 0, host: "127.0.0.1" });
  port = (api.server.address() as { port: number }).port;
});
afterAll(() => api.close());

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const told = response.headers.get("content-type");
  return {
    status: response.status,
    headers: response.headers,
    body: told?.includes("problem+json") === true ? ((await response.json()) as Record<string, unknown>) : undefined,
  };
}

/** What the server answers to these bytes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (bytes) => {
      answer += bytes.toString();
    });
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

const json = (body: string) => ({ method: "POST", headers: { "content-type": "application/json" }, body });

test.each([
  ["no such call", "/nowhere", {}, 404, "NOT_FOUND"],
  ["another method", "/numbers?x=1", {}, 405, "METHOD_NOT_ALLOWED"],
  ["a path with an id, by another method", "/bug/1", { method: "DELETE" }, 405, "METHOD_NOT_ALLOWED"],
  ["a URL that cannot be decoded", "/numbers/%zz", {}, 400, "BAD_REQUEST"],
  ["JSON that is none", "/numbers", json("{"), 400, "BAD_REQUEST"],
  ["a body that is none", "/numbers", json(""), 400, "BAD_REQUEST"],
  [
    "a body that is no JSON",
    "/numbers",
    { ...json("n=1"), headers: { "content-type": "text/plain" } },
    415,
    "UNSUPPORTED_MEDIA_TYPE",
  ],
  ["a body that is too long", "/numbers", json(JSON.stringify("x".repeat(2_000))), 413, "TOO_LARGE"],
  ["no token", "/numbers", json("{}"), 401, "UNAUTHORIZED"],
  ["a bug", "/bug/1", {}, 500, "INTERNAL"],
] as const)("[API-5] %s", async (_, path, init, status, code) => {
  const counted = async () =>
    (await metrics.refused.get()).values.find(({ labels }) => labels.code === code)?.value ?? 0;
  const before = await counted();
  const { body } = await ask(path, init);
  expect(body).toMatchObject({ type: "about:blank", title: code, status, code, retryable: false });
  expect(body?.["detail"]).toEqual(expect.stringMatching(/./));
  expect(JSON.stringify(body)).not.toContain("nobody outside");
  expect(await counted()).toBe(before + 1);
});

test("[API-5] who comes with the wrong method is told the right ones", async () => {
  expect((await ask("/bug/1", { method: "DELETE" })).headers.get("allow")).toBe("GET");
  expect((await ask("/numbers")).headers.get("allow")).toBe("POST");
});

test("[API-5] who comes too often is told when to come again", async () => {
  const headers = { authorization: "Bearer t", "content-type": "application/json" };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => ask("/numbers", { method: "POST", headers, body: '{"n":1}' })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const { body, headers: told } of refused) {
    expect(body).toMatchObject({ code: "RATE_LIMITED", retryable: true });
    expect(Number(told.get("retry-after"))).toBeGreaterThan(0);
  }
});

test("[API-5] what is no HTTP is answered as well, and ends its connection", async () => {
  const told = await raw("NONSENSE\r\n\r\n");
  expect(told).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"BAD_REQUEST"/);
  const long = await raw(`GET / HTTP/1.1\r\nhost: here\r\nx: ${"y".repeat(100_000)}\r\n\r\n`);
  expect(long).toMatch(/^HTTP\/1\.1 431 [\s\S]*"code":"TOO_LARGE"/);
});

test("[API-1] a route without a declaration is not served", async () => {
  const other = open();
  expect(() => other.get("/secret", async () => "")).toThrow("GET /secret is not declared");
  await other.close();
});
