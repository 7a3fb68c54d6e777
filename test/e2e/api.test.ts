import { Validator } from "@seriousme/openapi-schema-validator";
import pg from "pg";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { ITEM, QUEST, SKILL } from "../../domain/catalogue/demo/ids.ts";
import { type Adventurer, arrive, call, give, sagasDone } from "../support/adventure.ts";
import { startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, DEMO_WORLD: "true" });
type Json = Record<string, unknown>;
interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema?: Json }> }>;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

let alix: Adventurer;
let combatId: string;
const document = async () => (await (await fetch(`${server.apiUrl}/openapi.json`)).json()) as Document;
const get = (path: string) => call(server.apiUrl, path, "admin");

beforeAll(async () => {
  alix = await arrive(server.gameUrl, "GUERRIER");
  await alix.session.until((s) => Object.keys(s.slots).length === 4);
  await alix.does({ type: "EquiperItem", slotId: alix.slotOf(ITEM.epeeEbrechee) });
  await alix.does({ type: "AccepterQuete", queteId: QUEST.bienvenue });
  await give(server.apiUrl, alix.id, { type: "ModifierOr", delta: 10_000, raison: "CADEAU", reference: "t" });
  ({ combatId } = await startFight(server.apiUrl));
  const sale = { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 5 };
  const sold = await call(server.apiUrl, "/market/sell", "joueur", { method: "POST", body: sale, userId: alix.id });
  expect(sold.status).toBe(201);
  await sagasDone(server.apiUrl);
  return () => alix.session.leave();
});

test("[API-1] the document is OpenAPI 3.1, and can be browsed", async () => {
  const result = await new Validator().validate((await document()) as never);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  const page = await fetch(`${server.apiUrl}/docs`);
  expect(page.headers.get("content-type")).toContain("text/html");
  const shown = (await (await fetch(`${server.apiUrl}/docs/json`)).json()) as Document;
  expect(shown).toEqual(await document());
});

test("[API-2] every read answers what the document says of it", async () => {
  const { paths } = await document();
  const ids: Record<string, string> = {
    "/combat": combatId,
    "/aggregates": combatId,
    "/events": String(((await get("/events?limit=1")).body["items"] as Json[])[0]?.["eventId"]),
    "/players": alix.id,
    "/market": ITEM.potionDeSoin,
    "/items": ITEM.potionDeSoin,
    "/skills": SKILL.tailleFranche,
    "/quests": QUEST.bienvenue,
    "/npcs": String(((await get("/npcs?limit=1")).body["items"] as Json[])[0]?.["pnjId"]),
  };
  const strange: string[] = [];
  let checked = 0;
  for (const [path, { get: operation }] of Object.entries(paths)) {
    const schema = operation?.responses["200"]?.content?.["application/json"]?.schema;
    if (operation === undefined || schema === undefined) continue;
    const id = ids[`/${path.split("/")[1]}`] ?? "";
    const url = path.replace("{id}", id).replace("{board}", "level").replace("{type}", "Combat");
    const own = path === "/market/orders" || path === "/player/profile";
    const answer = await call(server.apiUrl, url, own ? "joueur" : "admin", { userId: alix.id });
    if (answer.status === 404 && path === "/market/items/{id}/prices") continue;
    expect([url, answer.status]).toEqual([url, 200]);
    const parsed = z.fromJSONSchema(schema as never).safeParse(answer.body);
    if (!parsed.success) strange.push(`${path}: ${z.prettifyError(parsed.error)}`);
    checked += 1;
  }
  expect(strange).toEqual([]);
  expect(checked).toBeGreaterThan(25);
});

test("[API-3] a read that names an event's sequence holds what it led to", async () => {
  for (let n = 1; n <= 60; n += 1) {
    const gift = { type: "ModifierOr", delta: 1, raison: "CADEAU", reference: `m${n}` };
    const path = `/players/${alix.id}`;
    const { body } = await call(server.apiUrl, `${path}/commands`, "admin", { method: "POST", body: gift });
    const read = await get(`${path}/levels?minSequence=${body["sequence"]}`);
    expect(read.status).toBe(200);
    const [row] = await sql<{ or: number }>('SELECT "or" FROM joueurs WHERE joueur_id = $1', [alix.id]);
    expect(row?.or).toBe((await orOf()) as number);
  }
});

async function orOf(): Promise<unknown> {
  return (await call(server.apiUrl, "/player/profile", "joueur", { userId: alix.id })).body["or"];
}

async function sql<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function locked<T>(table: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    return await work();
  } finally {
    await client.end();
  }
}

test("[API-3] it is refused after a while when the read model stands still, and says so", async () => {
  const last = await sql<{ n: number }>("SELECT max(event_sequence)::int AS n FROM evenements");
  const answer = await get(`/players/${alix.id}/levels?minSequence=${(last[0]?.n ?? 0) + 1_000}`);
  expect(answer).toMatchObject({ status: 503, body: { code: "NOT_YET", retryable: true } });
  expect(await get(`/players/${alix.id}/levels?minSequence=x`)).toMatchObject({ status: 400 });
});

test("[API-4] reads that cannot be served are refused with a reason, in bounded time, and hold up no command", async () => {
  const gift = { type: "ModifierOr", delta: 1, raison: "CADEAU", reference: "lock" };
  const refused = await locked("instances_combat", async () => {
    const reads = Array.from({ length: 400 }, () => get(`/combat/${combatId}`));
    const commands = Array.from({ length: 20 }, () =>
      call(server.apiUrl, `/players/${alix.id}/commands`, "admin", { method: "POST", body: gift }),
    );
    for (const { status } of await Promise.all(commands)) expect(status).toBe(200);
    return Promise.all(reads);
  });
  const codes = new Set(refused.map(({ body }) => body["code"]));
  expect(refused.every(({ status }) => status === 503)).toBe(true);
  expect([...codes].sort()).toEqual(["BUSY", "TOO_EXPENSIVE"]);
  expect(await get(`/combat/${combatId}`)).toMatchObject({ status: 200 });
});

test("[API-5] whatever is wrong, the answer is a problem document", async () => {
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(`${server.apiUrl}${path}`, init);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(response.headers.get("x-correlation-id")).toMatch(/-/);
    return { ...((await response.json()) as Json), http: response.status };
  };
  const json = { "content-type": "application/json" };
  expect(await ask("/nowhere", {})).toMatchObject({ http: 404, code: "NOT_FOUND" });
  expect(await ask("/combats", {})).toMatchObject({ http: 401, code: "UNAUTHORIZED" });
  expect(await ask("/combats", { method: "PUT" })).toMatchObject({ http: 405, code: "METHOD_NOT_ALLOWED" });
  expect(await ask("/combat/start", { method: "POST", headers: json, body: "{" })).toMatchObject({ http: 400 });
  const xml = { method: "POST", headers: { "content-type": "application/xml" }, body: "<x/>" };
  expect(await ask("/combat/start", xml)).toMatchObject({ http: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
  const long = { method: "POST", headers: json, body: JSON.stringify("x".repeat(300_000)) };
  expect(await ask("/combat/start", long)).toMatchObject({ http: 413, code: "TOO_LARGE" });
});
