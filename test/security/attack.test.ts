import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@colyseus/sdk";
import { createClient } from "graphql-ws";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import WebSocket from "ws";
import { ITEM, QUEST, ZONE } from "../../domain/catalogue/demo/ids.ts";
import type { Answer } from "../../domain/codes.ts";
import { ROLES, type Role } from "../../domain/roles.ts";
import { DEVELOPMENT_SECRET } from "../../server/config.ts";
import { createSchema } from "../../server/graphql/schema.ts";
import { auth, loggedIn, newName } from "../support/accounts.ts";
import { type Adventurer, arrive, call, give, readAsAdmin, sagasDone } from "../support/adventure.ts";
import { type Fight, readLog, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRoomRaw, type RawClient, requestFrame, webSocketFrame } from "../support/raw-client.ts";
import { findRedis, type TestRedis } from "../support/redis.ts";
import { refusedTokens } from "../support/refused-tokens.ts";
import { useServerProcess } from "../support/server-process.ts";
import { sql } from "../support/sql.ts";
import { PLAYERS, WIRE } from "../support/wire-commands.ts";
import { type Honest, playHonestly } from "./honest.ts";
import {
  bodyOf,
  FRAGMENTS,
  type Injected,
  injectedCalls,
  injectedMessages,
  injectedQueries,
  injectedSubscriptions,
  type OpenApi,
  operations,
} from "./strings.ts";

/** How much of each attack; `npm run attack` does more. */
const ROUNDS = Math.max(1, Number(process.env["ATTACK_ROUNDS"] ?? 1));
vi.setConfig({ testTimeout: 120_000 * ROUNDS, hookTimeout: 120_000 });
const PREFIX = `attack-${crypto.randomUUID()}:`;

const env: Record<string, string> = { DEMO_WORLD: "true", REDIS_PREFIX: PREFIX };
let redis: TestRedis;
beforeAll(async () => {
  redis = await findRedis();
  env["REDIS_URL"] = redis.url;
});
const database = useDatabase();
/** With the limits that a server has by default. */
const server = useServerProcess(database, env);
afterAll(() => redis.stop());

const uuid = (): string => crypto.randomUUID();
const post = (path: string, role: Role, body: unknown, userId = uuid(), id = uuid()) =>
  call(server.apiUrl, path, role, { method: "POST", body, userId, id });
const ask = (room: RawClient, command: object): Promise<Answer> =>
  room.request({ commandId: uuid(), ...command }) as Promise<Answer>;
const codeOf = (answer: Answer): string => (answer.ok ? "OK" : answer.code);
const matchmake = async (path: string, token: string | undefined, body: string): Promise<Response> =>
  fetch(`${server.gameUrl.replace("ws:", "http:")}/matchmake/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body,
  });

/** Once it may: all attackers come from one address, and how much they ask for in a second, the machine's speed decides. */
async function join(room: string, options: object, userId: string): Promise<RawClient> {
  for (;;) {
    try {
      return await joinRoomRaw(server.gameUrl, room, options, userId);
    } catch (error) {
      if (!String(error).includes("no seat: 429")) throw error;
      await sleep(50);
    }
  }
}

/** What the log makes of a player, but for its sessions. */
async function stateOf(id: string): Promise<Record<string, unknown>> {
  const path = `/aggregates/Joueur/${id}`;
  const { state } = await readAsAdmin<{ state: { joueur: Record<string, unknown> } }>(server.apiUrl, path);
  const { sessions: _, ...joueur } = state.joueur;
  return { ...state, ...joueur, joueur };
}

let victim: Adventurer;
let mallory: Adventurer;
let fight: Fight;
let honest: Honest;
let honestRoom: RawClient;

/** What has been done has led to all that it leads to. */
const settled = (): Promise<void> => honest.without(() => sagasDone(server.apiUrl));

async function newcomer(or = 0): Promise<Adventurer> {
  const one = await arrive(server.gameUrl, "GUERRIER");
  if (or > 0) await give(server.apiUrl, one.id, { type: "ModifierOr", delta: or, raison: "CADEAU", reference: "t" });
  await one.session.until((s) => s.or === or && Object.keys(s.slots).length === 4);
  return one;
}

beforeAll(async () => {
  const player = await newcomer();
  [victim, mallory] = await Promise.all([newcomer(1_000), newcomer(100)]);
  fight = await startFight(server.apiUrl, { preparationMs: 0 });
  const slotId = player.slotOf(ITEM.epeeEbrechee);
  honestRoom = await joinRoomRaw(server.gameUrl, "player", {}, player.id);
  honest = playHonestly(
    honestRoom,
    [20, 21].map((position) => ({ type: "DeplacerItem", slotId, position })),
  );
  honest.during("quiet");
  await sleep(700);
});
beforeEach(({ task }) => {
  honest.during(/ATTACK-\d+/.exec(task.name)?.[0] ?? "");
});

afterAll(async () => {
  await honest.stop();
  const medians = honest.medians();
  const quiet = medians.get("quiet")?.ms ?? 0;
  const told = [...medians].map(
    ([phase, { ms, answers }]) => `${phase} ${(ms / quiet).toFixed(1)}x (${answers} answers)`,
  );
  console.log(`an honest client's answers, against ${quiet.toFixed(1)} ms of a quiet server: ${told.join(", ")}`);
  honestRoom.destroy();
  await Promise.all([victim, mallory].map(({ session }) => session.leave()));
  expect(honest.wrong).toEqual([]);
});

test("[ATTACK-1] who acts for another is refused, and nothing of the other's changes", async () => {
  const sold = { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 77_000 };
  expect((await post("/market/sell", "joueur", sold, victim.id)).status).toBe(201);
  const { ordres } = await victim.session.until((s) => Object.keys(s.ordres).length === 1);
  await settled();
  const slotId = victim.slotOf(ITEM.epeeEbrechee);
  const [before, log] = [await stateOf(victim.id), (await readLog(server.apiUrl, fight.combatId)).length];

  const aimed = { joueurId: victim.id, userId: victim.id, par: victim.id, entiteId: victim.id, role: "admin" };
  for (const command of Object.values(PLAYERS)) {
    expect((await post(`/players/${victim.id}/commands`, "joueur", command)).status).toBe(403);
    const { status } = await post(`/players/${mallory.id}/commands`, "joueur", { ...command, ...aimed }, mallory.id);
    expect([400, 403], JSON.stringify(command)).toContain(status);
  }
  const drop = { type: "JeterItem", slotId, quantite: 1 };
  expect((await post(`/players/${mallory.id}/commands`, "joueur", drop, mallory.id)).status).toBe(409);
  for (const [ordreId] of Object.entries(ordres)) {
    const path = `/market/orders/${ordreId}`;
    const { status } = await call(server.apiUrl, path, "joueur", { method: "DELETE", userId: mallory.id });
    expect([403, 404, 409]).toContain(status);
  }
  for (const page of ["inventory", "equipment", "skills", "quests", "levels"])
    expect((await call(server.apiUrl, `/players/${victim.id}/${page}`, "joueur", { userId: mallory.id })).status).toBe(
      403,
    );

  const act = { combatId: fight.combatId, type: "Conceder" };
  expect((await post("/combat/action", "joueur", act, mallory.id)).status).toBeGreaterThanOrEqual(400);
  for (const field of ["joueurId", "participantId", "userId", "entiteId"])
    for (const who of [mallory.id, fight.bruno])
      expect((await post("/combat/action", "joueur", { ...act, [field]: fight.alix }, who)).status).toBe(400);
  for (const options of [{ joueurId: fight.alix }, { userId: fight.alix }, { sessionId: fight.alix }])
    await expect(
      joinRoomRaw(server.gameUrl, "combat", { combatId: fight.combatId, ...options }, mallory.id),
    ).rejects.toThrow(/closed|no seat/);

  const own = await joinRoomRaw(server.gameUrl, "player", aimed, mallory.id);
  for (const command of [drop, { ...drop, joueurId: victim.id }, { ...drop, ...aimed }])
    expect(["UNKNOWN_SLOT", "FORBIDDEN", "BAD_REQUEST"]).toContain(codeOf(await ask(own, command)));
  own.destroy();
  expect(await stateOf(victim.id)).toEqual(before);
  expect(await readLog(server.apiUrl, fight.combatId)).toHaveLength(log);
});

test("[ATTACK-2] tokens of another's, or of another make, open nothing", async () => {
  const principal = { userId: victim.id, role: "joueur", tenantId: "default" } as const;
  const account = await loggedIn(auth(server.apiUrl, "register", { username: newName(), password: "a long password" }));
  const tokens = { ...(await refusedTokens(DEVELOPMENT_SECRET, principal)), "a refresh token": account.refreshToken };
  for (const [what, token] of Object.entries(tokens)) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const query = JSON.stringify({ query: "{ me { or } }" });
    expect((await fetch(`${server.apiUrl}/player/profile`, { headers })).status, what).toBe(401);
    expect((await fetch(`${server.apiUrl}/graphql`, { method: "POST", headers, body: query })).status, what).toBe(401);
    expect((await matchmake("joinOrCreate/player", token, "{}")).status, what).toBe(401);
  }
  for (const refreshToken of [account.accessToken, await tokenFor("joueur", account.userId), "x".repeat(500)])
    expect([400, 401]).toContain((await auth(server.apiUrl, "refresh", { refreshToken })).status);

  const client = new Client(server.gameUrl);
  client.auth.token = await tokenFor("joueur", fight.alix);
  const room = await client.joinOrCreate("combat", { combatId: fight.combatId });
  room.reconnection.enabled = false;
  const sessionToken = room.reconnectionToken.slice(room.roomId.length + 1);
  const body = JSON.stringify({ combatId: fight.combatId, sessionToken });
  for (const userId of [mallory.id, fight.bruno])
    expect((await matchmake("joinOrCreate/combat", await tokenFor("joueur", userId), body)).status).toBe(401);
  const elsewhere = JSON.stringify({ sessionToken });
  expect((await matchmake("joinOrCreate/player", undefined, elsewhere)).status).toBe(401);
  await room.leave();
});

test("[ATTACK-3] forged versions are refused, and another's command id does nothing a second time", async () => {
  const one = await startFight(server.apiUrl, { preparationMs: 0 });
  const log = () => readLog(server.apiUrl, one.combatId);
  await expect.poll(async () => (await log()).some(({ eventType }) => eventType === "TourDebute")).toBe(true);
  const act = { combatId: one.combatId, type: "ExecuterAction", typeAction: "DEFENSE" };
  for (const expectedVersion of [1, 10_000, 2 ** 52, -1, 0.5, "9", null]) {
    const { status } = await post("/combat/action", "joueur", { ...act, expectedVersion }, one.alix);
    expect([400, 409], String(expectedVersion)).toContain(status);
  }
  const id = uuid();
  const conceded = await post("/combat/action", "joueur", { combatId: one.combatId, type: "Conceder" }, one.alix, id);
  expect(conceded.status).toBe(200);
  const before = await log();
  for (const userId of [one.bruno, one.alix, mallory.id])
    await post("/combat/action", "joueur", { combatId: one.combatId, type: "Conceder" }, userId, id);
  const since = (await log()).slice(before.length);
  expect(since.filter(({ metadata }) => metadata.userId !== undefined)).toEqual([]);
  expect(before.filter(({ metadata }) => metadata.commandId === id).length).toBeGreaterThan(0);
});

test("[ATTACK-4] the same gold, spent at once through many connections, is spent once", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const spender = round === 0 ? mallory : await newcomer(100);
    const items = [ITEM.boisDIf, ITEM.mineraiDeFer, ITEM.sauge];
    const rooms = await Promise.all(
      items.map((itemId) => joinRoomRaw(server.gameUrl, "market", { itemId }, spender.id)),
    );
    const order = { quantite: 1, prixUnitaire: 60 };
    const answers = await Promise.all([
      ...rooms.flatMap((room) =>
        [1, 2].map(async () => codeOf(await ask(room, { type: "PlacerOrdre", typeOrdre: "ACHAT", ...order }))),
      ),
      ...items.map(async (itemId) => {
        const { body } = await post("/market/buy", "joueur", { itemId, ...order }, spender.id);
        return codeOf(body as unknown as Answer);
      }),
    ]);
    expect(answers.sort()).toEqual([...Array(8).fill("NOT_ENOUGH_GOLD"), "OK"].sort());
    await settled();
    expect(await stateOf(spender.id)).toMatchObject({ or: 40 });
    for (const room of rooms) room.destroy();
  }
});

test("[ATTACK-5] an exchange confirmed by both many times at once happens once", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [one, other] = await Promise.all([newcomer(), newcomer(100)]);
    await one.does({ type: "OuvrirEchange", avec: other.id });
    await other.session.until((s) => s.echangeId !== "");
    await one.does({
      type: "ProposerOffre",
      or: 0,
      objets: [{ slotId: one.slotOf(ITEM.potionDeSoin), quantite: 2 }],
    });
    await other.session.until((s) => s.offreSienne.objets.includes(ITEM.potionDeSoin));
    await other.does({ type: "ProposerOffre", or: 60, objets: [] });
    const { echangeRevision: revision } = await one.session.until((s) => s.offreSienne.or === 60);
    const confirm = { type: "ConfirmerEchange", revision } as const;
    await Promise.all(
      [one, other].flatMap((who) =>
        [1, 2, 3].flatMap(() => [
          who.session.command(confirm),
          post(`/players/${who.id}/commands`, "joueur", confirm, who.id),
        ]),
      ),
    );
    await one.session.until((s) => s.echangeId === "" && s.or === 60);
    await other.session.until((s) => s.echangeId === "" && s.or === 40);
    for (const who of [one, other]) {
      const { body } = await post(`/players/${who.id}/commands`, "joueur", confirm, who.id);
      expect(body["ok"]).not.toBe(true);
      const log = await readLog(server.apiUrl, who.id);
      const closed = log.filter(({ eventType }) => eventType === "EchangeFerme");
      expect(closed.map(({ payload }) => (payload as { readonly issue: string }).issue)).toEqual(["CONCLU"]);
      await who.session.leave();
    }
    expect([await stateOf(one.id), await stateOf(other.id)]).toMatchObject([{ or: 60 }, { or: 40 }]);
  }
});

test("[ATTACK-6] who does nothing holds nobody up", async () => {
  const { combatId } = await startFight(server.apiUrl, { preparationMs: 0, dureeTourMs: 200 });
  const begun = async () =>
    (await readLog(server.apiUrl, combatId)).flatMap(({ eventType, payload }) =>
      eventType === "TourDebute" ? [(payload as { readonly participantId: string }).participantId] : [],
    );
  await expect.poll(async () => new Set(await begun()).size).toBeGreaterThan(2);
});

test("[ATTACK-7] of a private combat no door tells a stranger anything", async () => {
  const secret = await startFight(server.apiUrl, { observation: { prive: true, invites: [uuid()] } });
  await settled();
  const graphql = `${server.apiUrl.replace("http:", "ws:")}/graphql`;

  async function followed(id: string, token: string): Promise<string> {
    const client = createClient({
      ...{ url: graphql, webSocketImpl: WebSocket, retryAttempts: 0 },
      connectionParams: { token },
    });
    const query = `subscription { combatUpdated(combatId: "${id}", after: 0) { payload } }`;
    for await (const { data, errors } of client.iterate({ query })) {
      await client.dispose();
      return JSON.stringify({ data, codes: errors?.map(({ extensions }) => extensions?.["code"]) });
    }
    return "ended";
  }

  /** All that the doors tell of it. */
  async function told(id: string, role: Role, userId: string): Promise<readonly string[]> {
    const token = await tokenFor(role, userId);
    const details = "etat version recompenses participants { nom } historique { edges { cursor } }";
    const gets = ["", "/history", "/actions"].map((path) => `/combat/${id}${path}`);
    const lists = ["PREPARATION", "EN_COURS", "TERMINE"].map((etat) => `/combats?etat=${etat}&limit=500`);
    const audit = [`/events?aggregateId=${id}`, `/aggregates/Combat/${id}`, "/events?type=CombatPrepare"];
    const query = `{ combat(combatId: "${id}") { ${details} } }`;
    const answers = await Promise.all([
      ...[...gets, ...audit].map(async (path) => {
        const { status, body } = await call(server.apiUrl, path, role, { userId });
        return `${status} ${JSON.stringify(body)}`;
      }),
      ...[{}, { replay: true }, { delayMs: 600_000 }].map(async (options) => {
        const reply = await matchmake("joinOrCreate/spectate", token, JSON.stringify({ combatId: id, ...options }));
        return `${reply.status} ${await reply.text()}`;
      }),
      post("/graphql", role, { query }, userId).then(({ body }) => JSON.stringify(body)),
      followed(id, token),
    ]);
    for (const path of lists)
      expect(JSON.stringify((await call(server.apiUrl, path, role, { userId })).body)).not.toContain(id);
    const all = `{ combats(etat: "PREPARATION", first: 100) { edges { node { combatId ${details} } } } }`;
    expect(JSON.stringify((await post("/graphql", role, { query: all }, userId)).body)).not.toContain(id);
    return answers.map((answer) => answer.replaceAll(id, "ID"));
  }

  for (const role of ["joueur", "spectateur"] as const) {
    const stranger = role === "joueur" ? mallory.id : uuid();
    const found = await told(secret.combatId, role, stranger);
    expect(found, role).toEqual(await told(uuid(), role, stranger));
    for (const word of [secret.graine, secret.alix, secret.bruno])
      expect(found.join("\n").includes(word), role).toBe(false);
  }
  const act = await post("/combat/action", "joueur", { combatId: secret.combatId, type: "Conceder" }, mallory.id);
  expect(act.status).toBeGreaterThanOrEqual(400);
  await expect(joinRoomRaw(server.gameUrl, "combat", { combatId: secret.combatId }, mallory.id)).rejects.toThrow(
    /closed|no seat/,
  );
});

/** All of it, some at a time. */
async function inTurns<One>(all: Iterable<One>, work: (one: One) => Promise<void>): Promise<number> {
  const waiting = all[Symbol.iterator]();
  let done = 0;
  const worker = async () => {
    for (let { value, done: ended } = waiting.next(); ended !== true; { value, done: ended } = waiting.next()) {
      await work(value as One);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: 12 }, worker));
  return done;
}

const document = async (): Promise<OpenApi> => (await (await fetch(`${server.apiUrl}/openapi.json`)).json()) as OpenApi;

/** Asked again, for a while, where the server says that it is busy. */
async function sent(
  { method, path, role, headers = {}, body }: Omit<Injected, "where">,
  raw?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(`${server.apiUrl}${path}`, {
      method,
      headers: {
        ...(role !== undefined && { authorization: `Bearer ${await tokenFor(role)}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: raw ?? JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== 503 || tries === 20) return { status: response.status, text };
    await sleep(100);
  }
}

/** A database, a store or a stack that speaks. */
const TELLTALE =
  /syntax error at|unterminated|relation "|SQLSTATE|ReplyError|WRONGTYPE|node_modules|\.ts:\d+|polluted/i;

test("[ATTACK-8] keys that are names of JavaScript's own are refused, or mean nothing", async () => {
  const faults = await server.metric("aether_faults_total");
  const poison = '"__proto__":{"polluted":1,"role":"admin"},"constructor":{"prototype":{"polluted":1}},"prototype":{}';
  const poisoned = (body: unknown): string =>
    JSON.stringify(body ?? {})
      .replace(/^\{/, `{${poison},`)
      .replace(/,\}$/, "}");
  await inTurns(operations(await document()), async ({ method, path, operation }) => {
    if (operation.requestBody === undefined) return;
    const [role] = operation["x-roles"] ?? [undefined];
    const body = bodyOf(operation, 7);
    const filled = path.replace(/\{\w+\}/g, () => uuid());
    const { status, text } = await sent({ method, path: filled, role, body: {} }, poisoned(body));
    expect([400, 403, 404, 429], `${method} ${path}: ${text}`).toContain(status);
    expect(text).not.toMatch(TELLTALE);
  });
  const query = "query ($after: String) { items(after: $after) { edges { cursor } } }";
  const graphql = `{"query":${JSON.stringify(query)},"variables":{"after":null,${poison}}}`;
  expect((await sent({ method: "POST", path: "/graphql", role: "joueur", body: {} }, graphql)).status).toBe(400);
  const token = await tokenFor("spectateur");
  for (const room of Object.keys(WIRE)) {
    const status = (await matchmake(`joinOrCreate/${room}`, token, `{${poison},"mode":"1V1"}`)).status;
    expect(room === "world" ? [200] : [400, 403, 404], room).toContain(status);
  }
  const room = await joinRoomRaw(server.gameUrl, "player", {}, uuid());
  for (const type of ["__proto__", "constructor", "toString", "hasOwnProperty"])
    expect(await ask(room, { type })).toMatchObject({ code: "BAD_REQUEST" });
  const nested = JSON.parse(`{"type":"DepenserPoints","stats":{${poison}}}`) as object;
  for (const command of [nested, JSON.parse(`{"type":"AccepterQuete","queteId":"${uuid()}",${poison}}`) as object])
    expect(await ask(room, command)).toMatchObject({ code: "BAD_REQUEST" });
  room.destroy();
  expect(await server.metric("aether_faults_total"), server.log()).toBe(faults);
});

test("[ATTACK-9] SQL and Redis commands are text, in every string there is", async () => {
  const store = new Redis(redis.url, { keyPrefix: PREFIX });
  await store.set("canary", "sings");
  const tables = () =>
    sql<{ n: number }>(database, "SELECT count(*)::int AS n FROM pg_tables WHERE schemaname NOT LIKE 'pg_%'");
  const events = async () =>
    (await sql<{ n: number }>(database, "SELECT count(*)::int AS n FROM evenements"))[0]?.n ?? 0;
  const [known, before, faults] = [await tables(), await events(), await server.metric("aether_faults_total")];
  const per = Math.min(FRAGMENTS.length, ROUNDS);

  const calls = await inTurns(injectedCalls(await document(), per), async (one) => {
    const { status, text } = await sent(one);
    expect(status < 500, `${one.where}: ${status} ${text}`).toBe(true);
    expect(text, one.where).not.toMatch(TELLTALE);
  });

  const schema = createSchema();
  const there = { combat: `combat(combatId: "${fight.combatId}")`, player: `player(joueurId: "${victim.id}")` };
  const queries = await inTurns(injectedQueries(schema, there, per), async ({ query, variables }) => {
    const { status, body } = await post("/graphql", "admin", { query: `query ${query}`, variables });
    expect(status < 500, query).toBe(true);
    expect(JSON.stringify(body), query).not.toMatch(TELLTALE);
    expect(JSON.stringify(body), query).not.toContain("INTERNAL");
  });
  const client = createClient({
    ...{ url: `${server.apiUrl.replace("http:", "ws:")}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
    connectionParams: { token: await tokenFor("admin") },
  });
  for (const { query, variables } of injectedSubscriptions(schema, per)) {
    const told = await client.iterate({ query: `subscription ${query}`, variables }).next();
    expect(JSON.stringify(told)).toContain("BAD_REQUEST");
  }
  await client.dispose();

  let said = 0;
  const options: Readonly<Record<string, () => object>> = {
    combat: () => ({ combatId: fight.combatId }),
    spectate: () => ({ combatId: fight.combatId, replay: true }),
    player: () => ({}),
    matchmaking: () => ({ mode: "1V1" }),
    market: () => ({ itemId: ITEM.potionDeSoin }),
    world: () => ({ zoneId: ZONE.bourgClochette }),
  };
  await inTurns(Object.entries(WIRE), async ([name, messages]) => {
    const joining = options[name]?.() ?? {};
    const fill = Object.values(messages).flatMap((message) => [...injectedMessages(message, per)]);
    // So many a connection are within its limit.
    for (let at = 0; at < fill.length; at += 35) {
      const room = await join(name, joining, name === "combat" ? fight.bruno : uuid());
      for (const message of fill.slice(at, at + 35)) {
        const code = codeOf(await ask(room, message));
        expect(["INTERNAL", "UNAVAILABLE", "RATE_LIMITED"], JSON.stringify(message)).not.toContain(code);
        said += 1;
      }
      room.destroy();
    }
    for (const one of injectedMessages(joining as Record<string, unknown>, per)) {
      const reply = await matchmake(`joinOrCreate/${name}`, await tokenFor("joueur"), JSON.stringify(one));
      expect(reply.status < 500, JSON.stringify(one)).toBe(true);
      expect(await reply.text()).not.toMatch(TELLTALE);
    }
  });

  console.log(`fragments in ${calls} calls, ${queries} queries and ${said} messages`);
  expect(Math.min(calls, queries, said)).toBeGreaterThan(30);
  expect(await tables()).toEqual(known);
  expect(await events()).toBeGreaterThanOrEqual(before);
  expect(await store.get("canary")).toBe("sings");
  await store.del("canary");
  store.disconnect();
  expect(await server.metric("aether_faults_total"), server.log()).toBe(faults);
});

test("[ATTACK-10] floods, huge frames and noise are their sender's alone", async () => {
  const until = performance.now() + 1_000 * ROUNDS;
  const { hostname, port } = new URL(server.gameUrl);
  const [refused, faults] = [await server.metric("aether_refused_total"), await server.metric("aether_faults_total")];
  const lasting = async (work: () => Promise<unknown>): Promise<void> => {
    while (performance.now() < until) {
      await work();
      await sleep(20);
    }
  };
  /** A frame that says that it is so long, and its first bytes. */
  const announced = (bytes: bigint): Buffer => {
    const header = Buffer.alloc(14);
    header.writeUInt16BE(0x82ff);
    header.writeBigUInt64BE(bytes, 2);
    return Buffer.concat([header, Buffer.alloc(1_000)]);
  };
  const noise = (bytes: Buffer) =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(bytes);
        setTimeout(() => socket.destroy(), 20);
      });
      socket.on("error", () => socket.destroy());
      socket.on("close", () => resolve());
    });
  const quest = { type: "AccepterQuete", queteId: QUEST.bienvenue };
  const flooded = async () => {
    const room = await join("player", {}, uuid());
    const frames = Array.from({ length: 300 }, (_, n) =>
      requestFrame(n % 128, "command", { commandId: uuid(), ...quest }),
    );
    room.send(...frames);
    room.send(...frames);
    await Promise.race([room.closed, sleep(300)]);
    room.destroy();
  };
  const huge = async () => {
    for (const bytes of [webSocketFrame(Buffer.alloc(60_000, 1)), announced(70_000n), announced(2n ** 40n)]) {
      const room = await join("world", {}, uuid());
      room.write(bytes);
      await Promise.race([room.closed, sleep(100)]);
      room.destroy();
    }
  };
  const large = async () => {
    const body = JSON.stringify({ query: "x".repeat(1_000_000) });
    const headers = {
      "content-type": "application/json",
      authorization: `Bearer ${await tokenFor("joueur", mallory.id)}`,
    };
    const replies = await Promise.all(
      [`${server.apiUrl}/graphql`, `${server.gameUrl.replace("ws:", "http:")}/matchmake/joinOrCreate/world`].map(
        (url) =>
          // It may be cut off while it is sent.
          fetch(url, { method: "POST", headers, body }).then(
            ({ status }) => status,
            () => 413,
          ),
      ),
    );
    for (const status of replies) expect([413, 429]).toContain(status);
  };
  const calls = async () => {
    const all = await Promise.all(
      Array.from({ length: 50 }, () => call(server.apiUrl, `/players/${victim.id}`, "joueur", { userId: mallory.id })),
    );
    // Who does not stop is shut out in the end; how soon, the machine's speed decides.
    for (const { status } of all) expect([200, 403, 429]).toContain(status);
  };
  await Promise.all([
    lasting(flooded),
    lasting(huge),
    lasting(large),
    lasting(calls),
    lasting(() => noise(Buffer.from("GET / HTTP/1.1\r\n"))),
    lasting(() => noise(Buffer.alloc(20_000, 0xff))),
  ]);
  expect(await server.metric("aether_refused_total")).toBeGreaterThan(refused);
  expect(await server.metric("aether_faults_total"), server.log()).toBe(faults);
  for (const role of ROLES) await expect.poll(async () => (await call(server.apiUrl, "/world", role)).status).toBe(200);
});
