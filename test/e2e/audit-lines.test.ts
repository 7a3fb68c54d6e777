import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { auth, loggedIn, newName } from "../support/accounts.ts";
import { call, wholeLog } from "../support/adventure.ts";
import { startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { held, sql } from "../support/sql.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, TRUST_PROXY: "127.0.0.1" });
const NOBODY = "/admin/dead-letters/nobody:1/retry";

interface Line {
  readonly lineId: number;
  readonly at: string;
  readonly userId: string;
  readonly act: string;
  readonly status: number | null;
  readonly [field: string]: unknown;
}

async function lines(query = ""): Promise<{ items: Line[]; next?: string }> {
  const { status, body } = await call(server.apiUrl, `/admin/audit?${query}`, "admin");
  expect(status, JSON.stringify(body)).toBe(200);
  return body as unknown as { items: Line[]; next?: string };
}

const linesOf = async (userId: string): Promise<Line[]> => (await lines(`userId=${userId}`)).items;

test("[LINE-1] an act of an operator's leaves a line: who, what, when, from where, with which outcome; its events name the same correlation", async () => {
  const [userId, player, correlationId] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const act = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
    (
      await fetch(`${server.apiUrl}${path}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${await tokenFor("admin", userId)}`,
          "content-type": "application/json",
          "x-correlation-id": correlationId,
          "x-forwarded-for": "203.0.113.9",
          ...headers,
        },
        body: JSON.stringify(body),
      })
    ).status;
  const before = Date.now();
  const itemId = crypto.randomUUID();
  const item = { itemId, nom: "Clou", typeItem: "MATERIAU", rarete: "COMMUN", valeurOr: 1, poids: 1 };
  expect(await act("/items?secret=1", item)).toBe(201);
  expect(await act(NOBODY, {})).toBe(404);
  expect(await act("/market/sell", {}, { "x-forwarded-for": "unknown" })).toBe(403);
  expect(await act(`/players/${player}/commands`, { type: "Tricher" })).toBe(400);
  const found = (await linesOf(userId)).reverse();
  const common = { userId, role: "admin", correlationId, address: "203.0.113.9" };
  expect(found).toMatchObject([
    { ...common, act: "POST /items", target: "/items", status: 201, code: null },
    { ...common, act: "POST /admin/dead-letters/:id/retry", target: NOBODY, status: 404, code: "NOT_FOUND" },
    { ...common, act: "POST /market/sell", target: "/market/sell", status: 403, code: "FORBIDDEN", address: null },
    {
      ...common,
      act: "POST /players/:id/commands",
      target: `/players/${player}/commands`,
      status: 400,
      code: "BAD_REQUEST",
    },
  ]);
  for (const { at } of found) expect(Math.abs(Date.parse(at) - before)).toBeLessThan(60_000);
  expect(
    (await wholeLog(server.apiUrl)).filter(({ metadata }) => metadata.correlationId === correlationId),
  ).toHaveLength(1);
});

test("[LINE-1] so does a service's, and a log-in to such an account; reads leave none, nor does what players and authors do", async () => {
  await startFight(server.apiUrl);
  expect((await lines("role=service&limit=1")).items).toMatchObject([{ act: "POST /combat/start", status: 201 }]);
  const credentials = { username: newName(), password: "long enough" };
  const { userId } = await loggedIn(auth(server.apiUrl, "register", credentials));
  await sql(database, "UPDATE comptes SET role = 'admin' WHERE compte_id = $1", [userId]);
  await loggedIn(auth(server.apiUrl, "login", credentials));
  expect(await linesOf(userId)).toMatchObject([{ act: "POST /auth/login", role: "admin", status: 200 }]);
  const me = crypto.randomUUID();
  for (const path of ["/events", "/admin/projections", "/items", "/graphql?query={__typename}"])
    await call(server.apiUrl, path, "admin", { userId: me });
  await call(server.apiUrl, "/graphql", "admin", { userId: me, method: "POST", body: { query: "{ __typename }" } });
  for (const role of ["joueur", "spectateur", "auteur"] as const)
    for (const path of [NOBODY, "/items", "/market/sell"])
      await call(server.apiUrl, path, role, { userId: me, method: "POST", body: {} });
  expect(await linesOf(me)).toEqual([]);
});

test("[LINE-2] without its line nothing is done", async () => {
  const [userId, itemId] = [crypto.randomUUID(), crypto.randomUUID()];
  const item = { itemId, nom: "Clou", typeItem: "MATERIAU", rarete: "COMMUN", valeurOr: 1, poids: 1 };
  const create = () => call(server.apiUrl, "/items", "admin", { userId, method: "POST", body: item });
  await held(database, async (client) => {
    await client.query("BEGIN");
    await client.query("LOCK TABLE audit_lines IN SHARE MODE");
    expect((await create()).status).toBe(503);
  });
  expect((await wholeLog(server.apiUrl)).filter(({ aggregateId }) => aggregateId === itemId)).toEqual([]);
  expect((await create()).status).toBe(201);
});

test("[LINE-2] an act that its node does not live to finish has a line, which says that nobody knows", async () => {
  const userId = crypto.randomUUID();
  const [consumer] = (await call(server.apiUrl, "/admin/projections", "admin")).body["items"] as { name: string }[];
  await held(database, async (client) => {
    await client.query("BEGIN");
    await client.query("LOCK TABLE dead_letters");
    const path = `/admin/dead-letters/${consumer?.name}:1/retry`;
    const lost = call(server.apiUrl, path, "admin", { userId, method: "POST", body: {} }).catch(() => "lost");
    const begun = () => sql(database, "SELECT FROM audit_lines WHERE user_id = $1", [userId]);
    while ((await begun()).length === 0) await sleep(10);
    await server.stop("SIGKILL");
    expect(await lost).toBe("lost");
  });
  await server.start();
  expect(await linesOf(userId)).toMatchObject([
    { act: "POST /admin/dead-letters/:id/retry", status: null, code: null },
  ]);
});

test("[LINE-3] nobody changes a line or takes one away", async () => {
  await call(server.apiUrl, NOBODY, "admin", { method: "POST", body: {} });
  for (const table of ["audit_lines", "audit_outcomes"])
    for (const change of [`UPDATE ${table} SET at = now()`, `DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]) {
      await expect(sql(database, change), change).rejects.toThrow();
      await expect(sql(database, `SET ROLE aether_app; ${change}`), change).rejects.toThrow("permission denied");
    }
});

test("[LINE-4] lines are found by all that they say, the newest first, by pages; by operators alone", async () => {
  const userId = crypto.randomUUID();
  for (let times = 0; times < 5; times += 1) {
    const path = times % 2 === 0 ? NOBODY : "/admin/upkeep/nobody/run";
    await call(server.apiUrl, path, "admin", { userId, method: "POST", body: {} });
  }
  const all = await linesOf(userId);
  expect(all.map(({ lineId }) => lineId)).toEqual([...all.map(({ lineId }) => lineId)].sort((a, b) => b - a));
  const paged: Line[] = [];
  for (let after = ""; ; ) {
    const { items, next } = await lines(`userId=${userId}&limit=2${after}`);
    expect(items.length).toBeLessThanOrEqual(2);
    paged.push(...items);
    if (next === undefined) break;
    after = `&after=${next}`;
  }
  expect(paged).toEqual(all);
  const count = async (query: string) => (await lines(`userId=${userId}&${query}`)).items.length;
  const [newest, , middle] = all;
  expect({
    act: await count(`act=${encodeURIComponent("POST /admin/dead-letters/:id/retry")}`),
    target: await count(`target=${encodeURIComponent(NOBODY)}`),
    correlation: await count(`correlationId=${newest?.["correlationId"]}`),
    role: await count("role=service"),
    refused: await count("refused=true"),
    accepted: await count("refused=false"),
    from: await count(`from=${middle?.at}`),
    to: await count(`to=${middle?.at}`),
  }).toEqual({ act: 3, target: 3, correlation: 1, role: 0, refused: 5, accepted: 0, from: 3, to: 2 });
  for (const query of ["limit=0", "userId=me", "after=x", "from=yesterday", "who=me"])
    expect((await call(server.apiUrl, `/admin/audit?${query}`, "admin")).status, query).toBe(400);
  expect((await call(server.apiUrl, "/admin/audit", "service")).status).toBe(403);
});
