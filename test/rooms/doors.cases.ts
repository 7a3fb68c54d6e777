import { connect, type Socket } from "node:net";
import { Client } from "@colyseus/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Session } from "../../client/session.ts";
import { readConfig } from "../../server/config.ts";
import { createLimits } from "../../server/limits.ts";
import { createMetrics } from "../../server/metrics.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { tally } from "./tally.ts";
import { startTallyServer, type TallySession } from "./tally-server.ts";

const ALLOWED = "https://game.example";
const ENV = {
  ALLOWED_ORIGINS: ALLOWED,
  CONNECTIONS_PER_ADDRESS: "3",
  TRUST_PROXY: "127.0.0.1",
  HANDSHAKE_TIMEOUT_MS: "1000",
  ADDRESS_CALLS_PER_SECOND: "5",
};

const TOO_EARLY_MS = 300;

/** What a game port asks of whoever knocks, on one transport. Each file has one: Colyseus runs once in a process. */
export function describeDoors(transport: "uws" | "ws"): void {
  let server: Awaited<ReturnType<typeof startTallyServer>>;
  const sockets: Socket[] = [];
  /** So many commands are told to come again after TOO_EARLY_MS. */
  let tooEarly = 0;
  const limits = createLimits({
    rates: readConfig(ENV).limits,
    ...{ secret: "s", metrics: createMetrics(), ban: async () => undefined, fault: () => undefined },
  });
  beforeAll(async () => {
    server = await startTallyServer(createMemoryStore(createRegistry(tally.events)), transport, { tally: {} }, 0, {
      env: ENV,
      limits: {
        ...limits,
        waitMs: (of, userId) => (of === "call" && tooEarly-- > 0 ? TOO_EARLY_MS : limits.waitMs(of, userId)),
      },
    });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await server.close();
    expect(server.faults).toEqual([]);
  });

  /** The first answer to a request as it stands, and the connection. */
  function ask(request: string): Promise<{ head: string; socket: Socket }> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(request));
      sockets.push(socket);
      let head = "";
      socket.on("data", (chunk) => {
        head += chunk.toString("latin1");
        if (head.includes("\r\n\r\n")) resolve({ head, socket });
      });
      socket.on("close", () => resolve({ head, socket }));
      socket.on("error", reject);
    });
  }
  const upgrade = (...headers: string[]) =>
    ask(
      [
        "GET / HTTP/1.1",
        `Host: ${new URL(server.url).host}`,
        ...["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
        ...["Sec-WebSocket-Version: 13", ...headers, "", ""],
      ].join("\r\n"),
    );
  const statusOf = ({ head }: { head: string }): number => Number(head.split(" ")[1]);
  const matchmake = (headers: Record<string, string>, method = "POST") =>
    fetch(`${server.url.replace("ws:", "http:")}/matchmake/joinOrCreate/tally`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(method === "POST" && { body: "{}" }),
    });
  const from = (address: string) => ({ "x-forwarded-for": address });

  test("[LIMIT-6] a page of another origin opens no connection and gets no seat; allowed ones, this server's own, and no page do", async () => {
    const own = server.url.replace("ws:", "http:");
    const addressed = "X-Forwarded-For: 198.51.100.1";
    for (const origin of [
      "https://evil.example",
      "https://game.example.evil.example",
      "null",
      "http://localhost:3000",
    ]) {
      expect(statusOf(await upgrade(`Origin: ${origin}`, addressed)), origin).toBe(403);
      const seat = await matchmake({ origin, ...from("198.51.100.1") });
      expect([seat.status, seat.headers.get("access-control-allow-origin")], origin).toEqual([403, null]);
    }
    for (const headers of [[`Origin: ${ALLOWED}`], [`Origin: ${own}`], []]) {
      const opened = await upgrade(...headers, addressed);
      expect(statusOf(opened), String(headers)).toBe(101);
      opened.socket.destroy();
    }
    for (const method of ["POST", "OPTIONS"]) {
      const told = (await matchmake({ origin: ALLOWED, ...from("198.51.100.1") }, method)).headers;
      expect(told.get("access-control-allow-origin")).toBe(ALLOWED);
      expect([told.get("vary"), told.get("x-content-type-options")]).toEqual(["origin", "nosniff"]);
    }
    const other = await matchmake({ origin: "https://evil.example" }, "OPTIONS");
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("[LIMIT-7] so many connections from one address, whoever it says it is; one that ends makes room", async () => {
    const here = ["X-Forwarded-For: 203.0.113.9, 198.51.100.2", "X-Real-IP: 203.0.113.8"];
    const isShut = async (): Promise<boolean> => {
      const { head, socket } = await upgrade(...here);
      // Before the handshake on ws, and on uWebSockets.js right after it: 1013. One that is open and asks for no seat is ended after a second.
      if (statusOf({ head }) === 429) return true;
      const frame =
        head.split("\r\n\r\n")[1] ||
        (await new Promise<string>((resolve) => {
          socket.once("data", (bytes) => resolve(bytes.toString("latin1")));
          socket.once("close", () => resolve(""));
        }));
      const shut = Buffer.from(frame, "latin1").subarray(0, 4).toString("hex").endsWith("03f5");
      if (!shut) socket.destroy();
      return shut;
    };
    const open = [await upgrade(...here), await upgrade(...here), await upgrade(...here)];
    expect(open.map(statusOf)).toEqual([101, 101, 101]);
    expect(await isShut()).toBe(true);
    const elsewhere = await upgrade("X-Forwarded-For: 198.51.100.3");
    expect(statusOf(elsewhere)).toBe(101);
    elsewhere.socket.destroy();
    expect(server.refused).toContain("RATE_LIMITED");
    for (const { socket } of open) socket.destroy();
    await expect.poll(isShut, { interval: 20 }).toBe(false);
  });

  test("[LIMIT-8] nothing that was packed is unpacked: no compression is agreed to, and no packed body taken", async () => {
    const { head, socket } = await upgrade(
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
      "X-Forwarded-For: 198.51.100.4",
    );
    expect(head).toMatch(/^HTTP\/1.1 101/);
    expect(head.toLowerCase()).not.toContain("sec-websocket-extensions");
    socket.destroy();
    expect((await matchmake({ "content-encoding": "gzip", ...from("198.51.100.4") })).status).toBe(415);
  });

  test("[LIMIT-1] joins from one address are limited, and are told when to come again; those from others go on", async () => {
    const answers = await Promise.all(Array.from({ length: 80 }, () => matchmake(from("198.51.100.5"))));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(10);
    for (const { headers } of limited) expect(headers.get("retry-after")).toBe("1");
    expect((await matchmake(from("198.51.100.6"))).status).toBe(401);
  });

  test("[LIMIT-5] a refused command says when to come again; the SDK comes then, one after the other, and is no abuse", async () => {
    const client = new Client(server.url);
    client.auth.token = crypto.randomUUID();
    const session: TallySession = await Session.join(client, "tally", { tallyId: await server.begin() }, 600_000);
    const before = server.refused.filter((code) => code === "RATE_LIMITED").length;
    tooEarly = 3;
    const since = performance.now();
    const answers = await Promise.all(Array.from({ length: 3 }, () => session.command({ type: "Add", amount: 1 })));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(performance.now() - since).toBeGreaterThanOrEqual(3 * TOO_EARLY_MS - 5);
    expect(server.refused.filter((code) => code === "RATE_LIMITED").length - before).toBe(3);
    expect(session.status).toBe("connected");
    await session.leave();
  });

  // uWebSockets.js has a time-out of its own, of 10 s.
  if (transport === "ws")
    test("[LIMIT-9] a connection that does not say what it wants is ended", async () => {
      const { head } = await ask("GET / HTTP/1.1\r\nHost: here\r\n");
      expect(head).toMatch(/^(HTTP\/1.1 408|$)/);
    });
}
