import { type Client, createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { ITEM } from "../../domain/catalogue/demo/ids.ts";
import { ROLES, type Role } from "../../domain/roles.ts";
import { createSchema } from "../../server/graphql/schema.ts";
import { type Adventurer, arrive, call, give, sagasDone } from "../support/adventure.ts";
import { startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const server = useServerProcess(useDatabase(), { ...FAST, DEMO_WORLD: "true" });
const WATCHERS: readonly Role[] = ["spectateur", "service", "admin"];

let alix: Adventurer;
let combatId: string;
let stranger: string;
beforeAll(async () => {
  alix = await arrive(server.gameUrl, "GUERRIER");
  const bruno = await arrive(server.gameUrl, "MAGE", "Bruno");
  stranger = bruno.id;
  await bruno.session.leave();
  ({ combatId } = await startFight(server.apiUrl));
  await give(server.apiUrl, alix.id, { type: "ModifierOr", delta: 1_000, raison: "CADEAU", reference: "t" });
  await sagasDone(server.apiUrl);
});
afterAll(() => alix.session.leave());

const INVITED = crypto.randomUUID();

/** What a field is asked for by, and by whom; a player that asks is Alix, who is not of the combat. */
interface Asked {
  readonly field: string;
  readonly query: string;
  readonly roles: readonly Role[];
  /** Who may not is told nothing, instead of being refused. */
  readonly silent?: boolean;
}

const list = (field: string, given = ""): Asked => ({
  field,
  query: `${field}${given} { edges { cursor } }`,
  roles: ROLES,
});
const one = (field: string, selection: string): Asked => ({ field, query: `${field} { ${selection} }`, roles: ROLES });
const ITEM_ID = `(itemId: "${ITEM.potionDeSoin}")`;

const QUERIES: readonly Asked[] = [
  { field: "me", query: "me { pseudo or }", roles: ["joueur"], silent: true },
  { field: "orders", query: "orders { edges { cursor } }", roles: ["joueur"] },
  {
    field: "player",
    query: 'player(joueurId: "$ME") { pseudo or inventaire { capacite } }',
    roles: ["joueur", "admin"],
  },
  { field: "player", query: 'player(joueurId: "$STRANGER") { pseudo or inventaire { capacite } }', roles: ["admin"] },
  { field: "combat", query: 'combat(combatId: "$COMBAT") { etat version participants { nom } }', roles: WATCHERS },
  ...["items", "skills", "quests", "combats", "players", "guilds", "worldHistory"].map((field) => list(field)),
  list("leaderboard", '(board: "level")'),
  list("trades", ITEM_ID),
  ...["item", "skill", "quest"].map((field) => one(`${field}(id: "${ITEM.potionDeSoin}")`, "__typename")),
  one("world", "saison"),
  one(`orderBook${ITEM_ID}`, "__typename"),
  one(`prices${ITEM_ID}`, "__typename"),
];

test("[ROLE-1] the tables know every query and every subscription that there is", () => {
  const schema = createSchema();
  const named = (asked: readonly Asked[]) => [...new Set(asked.map(({ field }) => field.replace(/\(.*/, "")))].sort();
  expect(named(QUERIES)).toEqual(Object.keys(schema.getQueryType()?.getFields() ?? {}).sort());
  expect(named(SUBSCRIPTIONS)).toEqual(Object.keys(schema.getSubscriptionType()?.getFields() ?? {}).sort());
  expect(schema.getMutationType() ?? undefined).toBeUndefined();
});

const filled = (query: string): string =>
  query.replace("$ME", alix.id).replace("$STRANGER", stranger).replace("$COMBAT", combatId);

describe.each(ROLES)("%s", (role) => {
  test.each(QUERIES)("[ROLE-1] $query", async ({ field, query, roles, silent = false }) => {
    const body = { query: `{ ${filled(query)} }` };
    const answer = await call(server.apiUrl, "/graphql", role, { method: "POST", body, userId: alix.id });
    const errors = (answer.body["errors"] ?? []) as { extensions?: { code?: string } }[];
    const codes = new Set(errors.map(({ extensions }) => extensions?.code));
    const [name = ""] = field.split("(");
    const data = (answer.body["data"] as Record<string, unknown> | null)?.[name];
    if (roles.includes(role)) expect([...codes], JSON.stringify(answer.body)).toEqual([]);
    else if (silent) expect([data, [...codes]]).toEqual([null, []]);
    else expect([...codes]).toEqual(["FORBIDDEN"]);
    if (roles.includes(role) && ["me", "player", "combat"].includes(name)) expect(data).not.toBeNull();
  });
});

const told = "{ sequence }";
const SUBSCRIPTIONS: readonly Asked[] = [
  { field: "combatUpdated", query: `combatUpdated(combatId: "$COMBAT", after: 0) ${told}`, roles: WATCHERS },
  { field: "playerNotified", query: `playerNotified(after: 0) ${told}`, roles: ["joueur"] },
  { field: "worldEvent", query: `worldEvent(after: 0) ${told}`, roles: ROLES },
  { field: "orderBookChanged", query: `orderBookChanged${ITEM_ID} { __typename }`, roles: ROLES },
];

/** The first thing that a subscription says: something told, or the code of its refusal. */
function firstOf(client: Client, query: string): Promise<unknown> {
  return new Promise((resolve) => {
    const stop = client.subscribe(
      { query: `subscription { ${query} }` },
      {
        next({ errors }) {
          resolve(errors?.[0]?.extensions?.["code"] ?? "told");
          stop();
        },
        error: (error) => resolve(Array.isArray(error) ? error[0]?.extensions?.code : error),
        complete: () => resolve("ended"),
      },
    );
  });
}

describe.each(SUBSCRIPTIONS)("subscriptions", ({ field, query, roles }) => {
  test(`[ROLE-1] ${field}, for each role`, async () => {
    const url = `${server.apiUrl.replace("http:", "ws:")}/graphql`;
    const clients = await Promise.all(
      ROLES.map(async (role) =>
        createClient({
          ...{ url, webSocketImpl: WebSocket, retryAttempts: 0 },
          connectionParams: { token: await tokenFor(role, alix.id) },
        }),
      ),
    );
    let settled = false;
    const firsts = Promise.all(clients.map((client) => firstOf(client, filled(query)))).finally(() => {
      settled = true;
    });
    // A book tells nothing of the past: it changes until all have heard of it. A player's open orders are limited in number.
    while (field === "orderBookChanged" && !settled) {
      const body = { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 1 };
      const asked = await call(server.apiUrl, "/market/buy", "joueur", { method: "POST", body, userId: alix.id });
      const [placed] = asked.body["events"] as readonly { readonly payload: { readonly ordreId: string } }[];
      const path = `/market/orders/${placed?.payload.ordreId}`;
      await call(server.apiUrl, path, "joueur", { method: "DELETE", userId: alix.id });
    }
    expect(await firsts).toEqual(ROLES.map((role) => (roles.includes(role) ? "told" : "FORBIDDEN")));
    for (const client of clients) await client.dispose();
  });
});

test("[DOOR-1] to those whom a private combat is not for there is none: by query, in a list, and by subscription", async () => {
  const { combatId: secret, alix: player } = await startFight(server.apiUrl, {
    observation: { prive: true, invites: [INVITED] },
  });
  const ask = async (id: string, role: Role, userId: string) => {
    const details =
      "etat version recompenses participants { nom } historique { edges { cursor } } actions { edges { cursor } }";
    const query = `{ combat(combatId: "${id}") { ${details} } combats(etat: "PREPARATION", first: 100) { edges { node { combatId ${details} } } } }`;
    const { body } = await call(server.apiUrl, "/graphql", role, { method: "POST", body: { query }, userId });
    const client = createClient({
      ...{ url: `${server.apiUrl.replace("http:", "ws:")}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
      connectionParams: { token: await tokenFor(role, userId) },
    });
    const followed = await firstOf(client, `combatUpdated(combatId: "${id}", after: 0) ${told}`);
    await client.dispose();
    const { combat } = body["data"] as { combat: unknown };
    return { combat, followed, named: JSON.stringify(body).includes(id) };
  };
  for (const role of ["admin", "service"] as const)
    await expect.poll(() => ask(secret, role, alix.id)).toMatchObject({ named: true });
  for (const [role, userId] of [
    ["joueur", player],
    ["joueur", INVITED],
    ["spectateur", INVITED],
  ] as const)
    expect(await ask(secret, role, userId)).toMatchObject({ combat: { version: 1 }, followed: "told", named: true });
  const none = { combat: null, followed: "NOT_FOUND", named: false };
  for (const role of ["joueur", "spectateur"] as const)
    for (const id of [secret, crypto.randomUUID()]) expect(await ask(id, role, alix.id), role).toEqual(none);
});

test("[DOOR-3] who follows a combat without taking part is not told who is invited, nor what is to be won", async () => {
  const { combatId: id, alix: player } = await startFight(server.apiUrl, {
    observation: { prive: false, invites: [INVITED] },
  });
  const payloadFor = async (role: Role, userId: string) => {
    const client = createClient({
      ...{ url: `${server.apiUrl.replace("http:", "ws:")}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
      connectionParams: { token: await tokenFor(role, userId) },
    });
    for await (const { data } of client.iterate({
      query: `subscription { combatUpdated(combatId: "${id}", after: 0) { payload } }`,
    })) {
      await client.dispose();
      return JSON.stringify(data);
    }
    return undefined;
  };
  expect(await payloadFor("joueur", player)).toContain('"recompenses"');
  for (const role of ["spectateur", "service"] as const)
    expect(await payloadFor(role, alix.id)).not.toMatch(/"observation"|"recompenses"|"competences"/);
});
