import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import Fastify from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Principal } from "../../rooms/principal.ts";
import { problemsOnly, refuseNonsense, refuseUrl } from "../../server/api-errors.ts";
import { readConfig } from "../../server/config.ts";
import { documentRoutes } from "../../server/documented.ts";
import { timeouts } from "../../server/game-http.ts";
import { createGate } from "../../server/gate.ts";
import { createDoor, type Door } from "../../server/http.ts";
import { createLimits } from "../../server/limits.ts";
import { createMetrics } from "../../server/metrics.ts";
import { secure } from "../../server/security.ts";

const WHO: Principal = { userId: crypto.randomUUID(), role: "joueur", tenantId: "default" };
const metrics = createMetrics();
const door: Door = createDoor(async (token) => (token === "t" ? WHO : undefined), metrics, {
  limits: createLimits({
    rates: readConfig({ COMMANDS_PER_SECOND: "2", ADDRESS_CALLS_PER_SECOND: "2" }).limits,
    ...{ secret: "s", metrics, ban: async () => undefined, fault: () => undefined },
  }),
});

const gate = createGate(readConfig({ ALLOWED_ORIGINS: "https://game.example" }));
const { requestTimeout, ...http } = timeouts(800);

function open() {
  const api = Fastify({
    bodyLimit: 1_000,
    ...{ requestTimeout, http, trustProxy: "127.0.0.1" },
    frameworkErrors: refuseUrl(door),
    clientErrorHandler: refuseNonsense(metrics),
  });
  api.removeContentTypeParser("text/plain");
  secure(api, door, gate);
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

/** Each from an address of its own, unless it says from where. */
let callers = 0;
async function ask(path: string, { headers, ...init }: RequestInit = {}) {
  callers += 1;
  const from = { "x-forwarded-for": `198.51.100.${callers % 250}` };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    ...init,
    headers: { ...from, ...(headers as Record<string, string> | undefined) },
  });
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

test("[LIMIT-5] a refused call says to the ms when to come again, and not before has it room", async () => {
  const headers = { authorization: "Bearer t", "content-type": "application/json" };
  const one = () => ask("/numbers", { method: "POST", headers, body: '{"n":1}' });
  let last = await one();
  for (let n = 0; n < 10 && last.status !== 429; n += 1) last = await one();
  const wait = Number(last.body?.["retryAfterMs"]);
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(500);
  expect(last.headers.get("retry-after")).toBe("1");
  await sleep(wait + 2);
  expect((await one()).status).toBe(204);
});

test("[LIMIT-1] whoever has no token is limited by where it comes from", async () => {
  const call = { method: "POST", headers: { "x-forwarded-for": "203.0.113.1" } };
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask("/numbers", call)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(4);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(10);
  expect((await ask("/numbers", { method: "POST" })).status).toBe(401);
});

test("[LIMIT-6] pages of allowed origins may read answers, others may not; and all are told that answers are data", async () => {
  const asked = (origin: string, method = "GET") =>
    ask("/bug/1", { method, headers: { origin, "access-control-request-method": "POST" } });
  for (const method of ["GET", "OPTIONS"]) {
    expect((await asked("https://game.example", method)).headers.get("access-control-allow-origin")).toBe(
      "https://game.example",
    );
    for (const origin of ["https://evil.example", "http://localhost:3000", "null"])
      expect((await asked(origin, method)).headers.get("access-control-allow-origin"), origin).toBeNull();
  }
  const own = await asked(`http://127.0.0.1:${port}`);
  expect(own.headers.get("access-control-allow-origin")).toBe(`http://127.0.0.1:${port}`);
  for (const { headers } of [own, await ask("/nowhere")]) {
    expect(headers.get("content-security-policy")).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("strict-transport-security")).toContain("max-age=");
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
  }
});

test("[LIMIT-8] a packed body is not unpacked", async () => {
  const headers = { authorization: "Bearer t", "content-type": "application/json", "content-encoding": "gzip" };
  const answer = await ask("/numbers", { method: "POST", headers, body: gzipSync('{"n":1}') });
  expect([answer.status, answer.body?.["code"]]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
});

test("[LIMIT-9] who does not come to the end of its headers, or of its body, is told so and let go", async () => {
  const head = "POST /numbers HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 20";
  const told = await Promise.all([raw("GET / HTTP/1.1\r\nhost: here\r\n"), raw(`${head}\r\n\r\n{`)]);
  for (const one of told) expect(one).toMatch(/^HTTP\/1\.1 408 /);
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
