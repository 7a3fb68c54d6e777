import { setTimeout as sleep } from "node:timers/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { ITEM, PNJ, QUEST, SKILL } from "../../domain/catalogue/demo/ids.ts";
import { call, wholeLog } from "../support/adventure.ts";
import { tokenFor } from "../support/fight.ts";
import { queue } from "../support/matchmaking-calls.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { sql } from "../support/sql.ts";
import { type Story, tellStory } from "../support/story.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, DEMO_WORLD: "true" });

type Json = Record<string, unknown>;
interface Told {
  readonly headers?: Json;
  readonly content?: Record<string, { readonly schema?: Json }>;
}
interface Operation {
  readonly summary: string;
  readonly "x-roles"?: readonly string[];
  readonly responses: Readonly<Record<string, Told>>;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Somebody else, long ago. */
const FORGOTTEN = crypto.randomUUID();
let story: Story;
let matchmaking: Readonly<Record<string, string>> = {};
let document: Document;
/** Every call of the document. */
let calls: readonly { readonly method: string; readonly path: string; readonly operation: Operation }[];

const fetchDocument = async (path: string) => (await (await fetch(`${server.apiUrl}${path}`)).json()) as Document;

beforeAll(async () => {
  story = await tellStory(server, database);
  const [ticket, match] = await queueAndMatch();
  matchmaking = { tickets: ticket, matches: match };
  document = await fetchDocument("/openapi.json");
  calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(() => story.bruno.session.leave());

/** A player's ticket, and a service's match, by their ids. */
async function queueAndMatch(): Promise<readonly [string, string]> {
  const asked = await queue(server.apiUrl, story.alix.id, { mode: "3V3" });
  expect(asked.status, JSON.stringify(asked.body)).toBe(201);
  const guest = { typeEntite: "JOUEUR", nom: "Guest", hpMax: 10, statsCombat: { attaque: 1 } };
  const begun = await call(server.apiUrl, "/matchmaking/matches", "service", {
    method: "POST",
    body: {
      typeCombat: "PVP",
      zone: { zoneId: crypto.randomUUID() },
      participants: ["A", "B"].map((equipe, position) => ({
        ...{ ...guest, equipe, position },
        entiteId: crypto.randomUUID(),
      })),
    },
  });
  return [asked.ticket.ticketId, String(begun.body["matchId"])];
}

/** A path with ids of things that there are, and who may ask for it. */
async function placeOf(path: string, { "x-roles": roles = [] }: Operation) {
  const [first = "", ...rest] = path.slice(1).split("/");
  const ofItem = rest.length > 0 && first === "market" ? ITEM.potionDeSoin : undefined;
  const id = {
    combat: story.ended,
    aggregates: story.ended,
    players: story.alix.id,
    admin: path.endsWith("/forget") ? FORGOTTEN : story.alix.id,
    events: first === "events" ? String((await wholeLog(server.apiUrl))[0]?.eventId) : "",
    items: ITEM.potionDeSoin,
    skills: SKILL.tailleFranche,
    quests: QUEST.bienvenue,
    npcs: PNJ.oriane,
    matchmaking: matchmaking[rest[0] ?? ""],
  }[first];
  const url = path
    .replace("{id}", ofItem ?? id ?? "")
    .replace("{board}", "level")
    .replace("{type}", "Combat");
  const asOperator = roles.includes("admin");
  return { url, token: await tokenFor(asOperator ? "admin" : "joueur", asOperator ? undefined : story.alix.id) };
}

async function ask(url: string, token: string, headers: Readonly<Record<string, string>> = {}) {
  const once = () => fetch(`${server.apiUrl}${url}`, { headers: { authorization: `Bearer ${token}`, ...headers } });
  let answer = await once();
  // A busy server says so; that is no answer to what is asked here.
  for (let tries = 0; answer.status === 503 && tries < 20; tries += 1) {
    await sleep(100);
    answer = await once();
  }
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json") === true;
  return { status: answer.status, headers: answer.headers, body: isJson ? (JSON.parse(text) as Json) : text };
}

/** The objects of a schema that say what they hold and yet leave room for more. */
function loose(schema: unknown, where: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const open = "properties" in schema && (schema as Json)["additionalProperties"] !== false;
  return [
    ...(open ? [where] : []),
    ...Object.entries(schema).flatMap(([name, inner]) => loose(inner, `${where}.${name}`)),
  ];
}

test("[API-1] the document is OpenAPI 3.1, and can be browsed", async () => {
  const result = await new Validator().validate(structuredClone(document) as never);
  expect(result.errors).toBeUndefined();
  expect([result.valid, (document as unknown as Json)["openapi"]]).toEqual([true, "3.1.0"]);
  const page = await fetch(`${server.apiUrl}/docs`);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(await fetchDocument("/docs/json")).toEqual(document);
});

test("[API-1] of each call it says what it does, who may, what it takes, what it gives, and with which codes it is refused", () => {
  expect(calls.length).toBeGreaterThan(50);
  for (const { method, path, operation } of calls) {
    const { summary, responses, parameters, requestBody, "x-roles": roles } = operation;
    const where = `${method} ${path}`;
    expect(summary, where).toMatch(/^[A-Z].*\.$/);
    expect(Object.keys(responses).filter((status) => status < "300").length, where).toBe(1);
    const named = parameters.filter((one) => one.in === "path").map(({ name }) => `{${name}}`);
    expect(path.match(/\{\w+\}/g) ?? [], where).toEqual(named);
    if (roles === undefined) continue;
    expect(Object.keys(responses), where).toEqual(expect.arrayContaining(["400", "401", "403", "500", "503"]));
    for (const [status, { content }] of Object.entries(responses))
      if (status >= "400") expect(Object.keys(content ?? {}), where).toEqual(["application/problem+json"]);
    const isFresh = parameters.some(({ name }) => name === "minSequence");
    expect([where, JSON.stringify(responses["503"]).includes('"NOT_YET"')]).toEqual([where, isFresh]);
    if (method !== "GET") expect(requestBody?.content["application/json"]?.schema, where).toBeDefined();
  }
  const bodyOf = (path: string) => JSON.stringify(document.paths[path]?.["post"]?.requestBody);
  expect(bodyOf("/players/{id}/commands")).toContain("EquiperItem");
  expect(bodyOf("/combat/action")).toContain("ExecuterAction");
  expect(bodyOf("/items")).toContain("durabiliteMax");
  expect(bodyOf("/world/commands")).toContain("DeclencherEvenement");
  expect(bodyOf("/world/commands")).not.toContain("PasserHeure");
});

/** Nothing of these has happened. */
const EMPTY = ["/admin/dead-letters"];

test("[API-2] every read answers what the document says of it, no field more and none less", async () => {
  const wrong: string[] = [];
  let checked = 0;
  await sql(
    database,
    "INSERT INTO erasures (joueur_id, requested_by, correlation_id, finished_at) VALUES ($1, $1, $1, now())",
    [FORGOTTEN],
  );
  for (const { method, path, operation } of calls) {
    const schema = operation.responses["200"]?.content?.["application/json"]?.schema;
    if (method !== "GET" || schema === undefined || path === "/graphql") continue;
    wrong.push(...loose(schema, path));
    const { url, token } = await placeOf(path, operation);
    const { status, body } = await ask(url, token);
    expect([url, status, status === 200 ? "" : body]).toEqual([url, 200, ""]);
    const parsed = z.fromJSONSchema(schema as never).safeParse(body);
    if (!parsed.success) wrong.push(`${path}: ${z.prettifyError(parsed.error)}`);
    for (const [name, value] of Object.entries(body as Json))
      if (Array.isArray(value) && value.length === 0 && name === "items" && !EMPTY.includes(path))
        wrong.push(`${path} tells of nothing`);
    checked += 1;
  }
  expect(wrong).toEqual([]);
  expect(checked).toBeGreaterThan(35);
});

test("[API-2] lists are told page by page, each thing once, in the same order", async () => {
  const paged = calls.filter(
    ({ method, path, operation }) =>
      method === "GET" &&
      !path.endsWith("/export") &&
      ["after", "limit"].every((name) => operation.parameters.some((one) => one.name === name)),
  );
  expect(paged.length).toBeGreaterThan(15);
  for (const { path, operation } of paged) {
    const { url, token } = await placeOf(path, operation);
    const limit = path === "/events" || path.startsWith("/aggregates") ? 50 : 2;
    const whole = (await ask(`${url}?limit=100`, token)).body as { items: unknown[] };
    const told: unknown[] = [];
    let next = "";
    do {
      const from = next === "" ? "" : `&after=${encodeURIComponent(next)}`;
      const page = (await ask(`${url}?limit=${limit}${from}`, token)).body as { items: unknown[]; next?: string };
      expect(page.items.length, url).toBeLessThanOrEqual(limit);
      told.push(...page.items);
      next = page.next ?? "";
    } while (next !== "" && told.length < whole.items.length);
    expect(told.slice(0, whole.items.length), url).toEqual(whole.items);
    expect((await ask(`${url}?limit=100000`, token)).status, url).toBe(400);
  }
});

test("[API-2] what is tagged says so in the document, and is told once to who has it", async () => {
  let tagged = 0;
  for (const { method, path, operation } of calls) {
    if (method !== "GET" || operation["x-roles"] === undefined || path === "/graphql") continue;
    const { url, token } = await placeOf(path, operation);
    const tag = (await ask(url, token)).headers.get("etag");
    expect([path, "304" in operation.responses]).toEqual([path, tag !== null]);
    if (tag === null) continue;
    tagged += 1;
    const again = await ask(url, token, { "if-none-match": `"0", W/${tag}` });
    expect([url, again.status, again.body]).toEqual([url, 304, ""]);
    expect((await ask(url, token, { "if-none-match": '"0"' })).status).toBe(200);
  }
  expect(tagged).toBeGreaterThan(12);
});

test("[API-2] who sees more of a player is not told that it has it already", async () => {
  const path = `/players/${story.alix.id}`;
  const tag = (await ask(path, await tokenFor("spectateur"))).headers.get("etag") ?? "";
  const own = await ask(path, await tokenFor("joueur", story.alix.id), { "if-none-match": tag });
  expect(own).toMatchObject({ status: 200, body: { or: expect.any(Number) } });
});

test("[API-1] whatever a call is refused with stands in the document", async () => {
  const undocumented: unknown[] = [];
  for (const { method, path, operation } of calls) {
    if (operation["x-roles"] === undefined || path === "/graphql") continue;
    const url = path.replace(/\{\w+\}/g, "nobody");
    const body = method === "GET" ? undefined : { nonsense: true };
    for (const role of ["joueur", "service", "auteur", "admin"] as const) {
      const { status, body: told } = await call(server.apiUrl, url, role, { method, body, userId: story.alix.id });
      if (status < 400) continue;
      const schema = operation.responses[status]?.content?.["application/problem+json"]?.schema;
      const codes = (schema?.["allOf"] as readonly Json[] | undefined)?.flatMap((one) => Object.values(one));
      const isListed = status === 409 ? codes !== undefined : JSON.stringify(codes)?.includes(`"${told["code"]}"`);
      if (isListed !== true) undocumented.push([method, path, status, told["code"]]);
    }
  }
  expect(undocumented).toEqual([]);
});

test("[PRIVACY-1] after all that no table of the log, its snapshots and outcomes, its dead letters, sessions and tickets names a player", async () => {
  const tables = ["evenements", "evenements_archive", "snapshots", "command_outcomes", "stream_heads", "dead_letters"];
  const named = /"(Alix|Bruno|Guest|u[0-9a-f]{8})"/;
  for (const table of [...tables, "sessions", "tickets_matchmaking", "joueurs_ticket"]) {
    const rows = await sql<{ row: string }>(database, `SELECT to_jsonb(t)::text AS row FROM ${table} t`);
    expect([table, rows.map(({ row }) => row).filter((row) => named.test(row))]).toEqual([table, []]);
  }
  const [players] = await sql<{ row: string }>(database, "SELECT jsonb_agg(t)::text AS row FROM joueurs t");
  expect(players?.row).toMatch(named);
});
