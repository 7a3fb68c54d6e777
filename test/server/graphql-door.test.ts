import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import type { NewEvent } from "../../domain/envelope.ts";
import { createBoardReads } from "../../projections/boards-reads.ts";
import { createCachedReads } from "../../projections/cached-reads.ts";
import { createFreshness } from "../../projections/freshness.ts";
import { createAuthenticator, signToken } from "../../server/auth.ts";
import { readConfig } from "../../server/config.ts";
import { createGate } from "../../server/gate.ts";
import { type LiveServices, openLiveDoor } from "../../server/graphql/live.ts";
import { createSchema } from "../../server/graphql/schema.ts";
import { createPool } from "../../store/database.ts";
import { createFeed } from "../../store/feed.ts";
import { createLiveEvents } from "../../store/live-events.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { gameRegistry } from "../support/game-node.ts";
import { useDatabase } from "../support/postgres.ts";
import { openSealedStore } from "../support/sealed-store.ts";
import { useReleasers } from "../support/store.ts";

const SECRET = "a secret of this test's, long enough for it";
const LONG_MS = 600_000;
const database = useDatabase();
const release = useReleasers();

const wakeUps = createLocalWakeUps();
const store = openSealedStore({ url: database.url }, gameRegistry());
const pool = createPool({ url: database.url, poolSize: 2 });
const feed = createFeed(store, { process: wakeUps, pollMs: 20 });
const live = createLiveEvents(store, feed);
const refused: string[] = [];
const faults: unknown[] = [];
const schema = createSchema();
release(async () => {
  await live.close();
  await feed.close();
  await store.close();
  await pool.end();
});
afterAll(() => expect(faults).toEqual([]));

const tokenOf = (userId: string = v7(), expiresIn = "1h") =>
  signToken(SECRET, { userId, role: "spectateur", tenantId: "default" }, expiresIn);

async function openDoor(options: Partial<LiveServices> = {}) {
  const server = createServer();
  const door = openLiveDoor(server, {
    schema,
    live,
    readModels: pool,
    freshness: createFreshness({ consumers: new Map(), pool }),
    cached: createCachedReads(pool, undefined),
    boards: createBoardReads(pool, undefined),
    spectateDelayMs: 0,
    telemetry: { refused: (code) => refused.push(code), fault: (_where, error) => faults.push(error) },
    authenticate: createAuthenticator({ secret: SECRET, tenantId: "default" }),
    admits: () => ({ waitMs: 0, isAbuse: false }),
    production: false,
    lookMs: LONG_MS,
    ...options,
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= door.close().then(async () => {
      server.close();
      await once(server, "close");
    });
    return closed;
  };
  release(close);
  return { door, close, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` };
}

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A client of the bare protocol. */
async function connect(url: string, token?: string) {
  const socket = new WebSocket(url, "graphql-transport-ws");
  const got: Message[] = [];
  let code: number | undefined;
  socket.on("message", (data) => got.push(JSON.parse(String(data))));
  socket.on("close", (with_) => {
    code = with_;
  });
  await once(socket, "open");
  const send = (message: unknown) => socket.send(typeof message === "string" ? message : JSON.stringify(message));
  const client = {
    socket,
    got,
    send,
    code: () => code,
    ask: (id: string, query: unknown, variables?: unknown) =>
      send({ type: "subscribe", id, payload: { query, variables } }),
    codesOf: (id: string) =>
      got
        .filter((one) => one.type === "error" && one.id === id)
        .flatMap(({ payload }) => payload as { extensions?: { code?: string } }[])
        .map(({ extensions }) => extensions?.code),
    told: (id: string) => got.filter((one) => one.type === "next" && one.id === id),
    /** Reads nothing any more of what comes. */
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
  if (token !== undefined) {
    send({ type: "connection_init", payload: { token } });
    await until(() => got.some(({ type }) => type === "connection_ack"));
  }
  return client;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 800; tries += 1) {
    if (holds()) return;
    await sleep(25);
  }
  throw new Error(`it did not come about: ${holds}`);
}

const WORLD = "subscription ($after: Float) { worldEvent(after: $after) { type version sequence payload } }";
const world = v7();
let version = 0;

/** So many events of the world's. */
async function happen(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 500) {
    const events = Array.from({ length: Math.min(left, 500) }, (): NewEvent => {
      const payload = {
        zoneId: v7(),
        nom: "z".repeat(100),
        joueurId: v7(),
        pseudo: "Alix",
        premiere: true,
        nombreDecouvreurs: 1,
        decouverteA: new Date().toISOString(),
      };
      const metadata = { correlationId: v7(), tenantId: "default", schemaVersion: 1 };
      return {
        eventId: v7(),
        eventType: "ZoneDecouverte",
        timestamp: payload.decouverteA,
        payload,
        metadata,
      };
    });
    const stream = { aggregateId: world, aggregateType: "WorldState" as const, expectedVersion: version, events };
    expect(await store.append({ actorId: world, streams: [stream] })).toMatchObject({ ok: true });
    version += events.length;
    wakeUps.notify();
  }
}

beforeAll(() => happen(1));

test("[GQL-9] what is no operation is refused with a code, and the connection and what it follows go on", async () => {
  const { url } = await openDoor();
  const client = await connect(url, await tokenOf());
  client.ask("follows", WORLD);
  await until(() => live.followers === 1);
  client.ask("syntax", "subscription {");
  client.ask("unknown", "subscription { nothing }");
  client.ask("deep", `{ ${"...{".repeat(1_500)} world { saison } ${"}".repeat(1_500)} }`);
  client.ask("long", `{ world { saison } ${" ".repeat(20_000)} }`);
  client.ask("nul", `{ players(search: "\\u0000") { edges { cursor } } }`);
  client.ask("variable", "query ($s: String) { players(search: $s) { edges { cursor } } }", { s: "\u0000" });
  client.ask("none", "query One { world { saison } } query Two { world { saison } }");
  client.ask("after", "subscription { worldEvent(after: -1) { type } }");
  const bad = ["syntax", "unknown", "deep", "long", "nul", "variable", "none"];
  await until(() => bad.every((id) => client.codesOf(id).length > 0));
  for (const id of bad) expect([id, client.codesOf(id)[0]]).toEqual([id, "BAD_REQUEST"]);
  await until(() => client.told("after").length > 0);
  expect(client.told("after")[0]?.payload).toMatchObject({ errors: [{ extensions: { code: "BAD_REQUEST" } }] });
  await happen(1);
  await until(() => client.told("follows").length === 1);
  client.socket.close();
  await until(() => live.followers === 0);
});

test("[GQL-9] an operation counts as a call, whoever sends it over whichever connection", async () => {
  const asked: string[] = [];
  const { url } = await openDoor({
    admits({ userId }) {
      asked.push(userId);
      return { waitMs: asked.length <= 2 ? 0 : 400, isAbuse: false };
    },
  });
  const user = v7();
  const clients = [await connect(url, await tokenOf(user)), await connect(url, await tokenOf(user))] as const;
  for (const client of clients) for (const id of ["1", "2"]) client.ask(id, "{ worldHistory { edges { cursor } } }");
  const codes = () => clients.flatMap((client) => ["1", "2"].flatMap((id) => client.codesOf(id)));
  await until(() => codes().length === 2);
  expect(codes()).toEqual(["RATE_LIMITED", "RATE_LIMITED"]);
  expect(JSON.stringify(clients.map(({ got }) => got))).toContain('"retryAfterMs":400');
  expect(asked).toEqual([user, user, user, user]);
});

test("[GQL-9] what no client of the protocol sends ends its connection, with the code for it", async () => {
  const { door, url } = await openDoor({
    gate: createGate({
      ...readConfig({ ALLOWED_ORIGINS: "https://game.example" }),
      maxConnections: { connections: 3, perAddress: 3 },
    }),
  });
  const cases = [
    ["no JSON", 4400],
    [{ type: "connection_ack" }, 4002],
    [{ type: "subscribe", id: "1", payload: { query: WORLD } }, 4401],
    [`{ "type": "ping" }${" ".repeat(70_000)}`, 1009],
  ] as const;
  for (const [message, code] of cases) {
    const client = await connect(url);
    client.send(message);
    await until(() => client.code() !== undefined);
    expect([message, client.code()]).toEqual([message, code]);
  }
  const flooding = await connect(url, await tokenOf());
  for (let n = 0; n < 2_000; n += 1) flooding.send({ type: "ping" });
  await until(() => flooding.code() !== undefined);
  expect(flooding.code()).toBe(4102);
  await until(() => door.size === 0);

  const clients = [await connect(url), await connect(url), await connect(url)];
  const fourth = new WebSocket(url, "graphql-transport-ws");
  const [error] = (await once(fourth, "error")) as [Error];
  expect(error.message).toContain("503");
  expect(refused).toEqual(expect.arrayContaining(["BAD_REQUEST", "RATE_LIMITED", "BUSY"]));
  for (const client of clients) client.socket.close();
});

test("[LIMIT-6] a page of another origin opens no connection for subscriptions; nothing is packed", async () => {
  const gate = createGate(readConfig({ ALLOWED_ORIGINS: "https://game.example" }));
  const { url } = await openDoor({ gate });
  const evil = new WebSocket(url, "graphql-transport-ws", { origin: "https://evil.example" });
  const [error] = (await once(evil, "error")) as [Error];
  expect(error.message).toContain("403");
  expect(refused.at(-1)).toBe("FORBIDDEN");
  for (const options of [
    { origin: "https://game.example" },
    { origin: url.replace(/^ws(.*)\/graphql$/, "http$1") },
    {},
  ]) {
    const socket = new WebSocket(url, "graphql-transport-ws", { ...options, perMessageDeflate: true });
    await once(socket, "open");
    expect(socket.extensions).toBe("");
    socket.close();
  }
});

test("[LIMIT-5] who is refused too often loses the connection, and one that floods is noted as its player's", async () => {
  const flooded: string[] = [];
  const user = v7();
  const { url } = await openDoor({
    admits: () => ({ waitMs: 250, isAbuse: true }),
    flooded: (userId) => flooded.push(userId),
  });
  const client = await connect(url, await tokenOf(user));
  client.ask("1", "{ worldHistory { edges { cursor } } }");
  await until(() => client.code() !== undefined);
  expect(client.code()).toBe(4102);
  const flooding = await connect(url, await tokenOf(user));
  for (let n = 0; n < 1_000; n += 1) flooding.send({ type: "ping" });
  await until(() => flooding.code() !== undefined);
  expect(flooded).toEqual([user]);
});

test("[GQL-9] who reads too slowly is cut off with a code, and goes on where it was; nobody else is held up", async () => {
  const { url } = await openDoor();
  const [slow, quick] = [await connect(url, await tokenOf()), await connect(url, await tokenOf())];
  const ids = Array.from({ length: 49 }, (_, i) => String(i));
  for (const id of ids) slow.ask(id, WORLD);
  quick.ask("1", WORLD);
  await until(() => live.followers === 50);
  slow.pause();
  // What the machine buffers for a connection is filled first, some megabytes.
  for (let n = 0; n < 6; n += 1) {
    await happen(500);
    await until(() => quick.told("1").length >= (n + 1) * 500);
  }
  slow.resume();
  await until(() => slow.code() !== undefined);
  expect(slow.code()).toBe(4100);
  expect(refused).toContain("TOO_SLOW");
  const all = quick.told("1").map(({ payload }) => (payload as { data: { worldEvent: Told } }).data.worldEvent);
  const seen = slow.told("0").map(({ payload }) => (payload as { data: { worldEvent: Told } }).data.worldEvent);
  const again = await connect(url, await tokenOf());
  again.ask("1", WORLD, { after: seen.at(-1)?.sequence ?? (all[0]?.sequence ?? 1) - 1 });
  await until(() => again.told("1").length === all.length - seen.length);
  const rest = again.told("1").map(({ payload }) => (payload as { data: { worldEvent: Told } }).data.worldEvent);
  expect([...seen, ...rest]).toEqual(all);
  again.socket.close();
  quick.socket.close();
  await until(() => live.followers === 0);
});

interface Told {
  readonly sequence: number;
}

test("[GQL-9] who does not answer is let go of, and so is who may not stay", async () => {
  const { door, url } = await openDoor({ lookMs: 700 });
  const silent = await connect(url, await tokenOf());
  const expiring = await connect(url, await tokenOf(v7(), "4s"));
  const staying = await connect(url, await tokenOf());
  for (const client of [silent, expiring, staying]) client.ask("1", WORLD);
  await until(() => live.followers === 3);
  silent.pause();
  await until(() => door.size === 1 && live.followers === 1);
  await until(() => expiring.code() !== undefined);
  expect(expiring.code()).toBe(4403);
  await happen(1);
  await until(() => staying.told("1").length === 1);
  silent.socket.terminate();
  staying.socket.close();
  await until(() => live.followers === 0);
});

test("[GQL-8] who asks for too much of the past is told so", async () => {
  const { url } = await openDoor();
  await happen(10_001 - version);
  await until(() => feed.settled() >= version);
  const client = await connect(url, await tokenOf());
  client.ask("far", WORLD, { after: 0 });
  client.ask("near", WORLD, { after: feed.settled() - 9_999 });
  await until(() => client.codesOf("far").length > 0);
  expect(client.codesOf("far")).toEqual(["TOO_FAR_BACK"]);
  await until(() => client.told("near").length === 9_999);
});

test("[GQL-9] the end of a node ends its connections, of those that read nothing too", async () => {
  const { door, url, close } = await openDoor();
  const [one, silent] = [await connect(url, await tokenOf()), await connect(url, await tokenOf())];
  for (const client of [one, silent]) client.ask("1", WORLD);
  await until(() => live.followers >= 2);
  silent.pause();
  await close();
  await until(() => one.code() !== undefined);
  expect(one.code()).toBe(1001);
  expect(door.size).toBe(0);
  silent.socket.terminate();
});
