import Fastify from "fastify";
import { beforeAll, describe, expect, test } from "vitest";
import { ITEM } from "../../domain/catalogue/demo/ids.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { createCachedReads } from "../../projections/cached-reads.ts";
import { economyProjector } from "../../projections/economy.ts";
import { cursorOf } from "../../projections/keyset.ts";
import { questProjector } from "../../projections/quests.ts";
import { skillProjector } from "../../projections/skills.ts";
import { worldProjector } from "../../projections/world.ts";
import type { Principal } from "../../rooms/principal.ts";
import { createDoor } from "../../server/http.ts";
import { createMetrics } from "../../server/metrics.ts";
import { catalogueReads } from "../../server/routes/catalogue-reads.ts";
import { economyReads } from "../../server/routes/economy-reads.ts";
import { worldReads } from "../../server/routes/world-reads.ts";
import { buy, given, iso, jid, oid, sell, T0, ITEM as WARE, when } from "../domain/market/helper.ts";
import { grandTour } from "../domain/tour/story.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";
import { definition } from "./economy-log.ts";
import { take } from "./take.ts";
import { project, stored, usePool } from "./world-support.ts";

const pool = usePool(useDatabase());
const release = useReleasers();
const api = Fastify();
const ADA = "0ada0000-0000-4000-8000-000000000001";

/** A token says who it is: role and id. */
async function authenticate(token: string | undefined): Promise<Principal | undefined> {
  const [role, userId] = token?.split(" ") ?? [];
  if (role === undefined || userId === undefined) return undefined;
  return { role: role as Principal["role"], userId, tenantId: "test" };
}

/** Player 1 has sold to player 2, a piece at a time: after the tour, in a book of its own. */
function trades(n: number, first: number): StoredEvent[] {
  let state = given();
  const commands = [sell(1, n, 10), ...Array.from({ length: n }, (_, at) => buy(at + 2, 1, 10, { joueurId: jid(2) }))];
  const events = commands.flatMap((command, at) => {
    const result = when(state, command, T0 + Math.floor(at / 3));
    state = result.state;
    return result.events;
  });
  return events.map((event, at) => stored(event, first + at, T0));
}

beforeAll(async () => {
  const door = createDoor(authenticate, createMetrics());
  for (const reads of [catalogueReads, economyReads]) reads(api, door, pool());
  worldReads(api, door, pool(), createCachedReads(pool(), undefined));
  release(() => api.close());
  const { log } = grandTour();
  for (const projector of [economyProjector, skillProjector, questProjector, worldProjector])
    await project(pool(), projector, log, [500]);
  const item = stored(
    { eventType: "ItemCree", payload: { ...definition, itemId: WARE, nom: "100 %_Ä" } },
    1_000_000,
    T0,
  );
  await take(pool(), economyProjector, [item, ...trades(20, 1_000_001)]);
});

interface Got {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> & { readonly items: readonly Readonly<Record<string, unknown>>[] };
  readonly etag: string | undefined;
}

async function get(url: string, token = `spectateur ${ADA}`, headers: Record<string, string> = {}): Promise<Got> {
  const answer = await api.inject({ url, headers: { authorization: `Bearer ${token}`, ...headers } });
  const body: unknown = answer.body === "" ? {} : answer.json();
  return { status: answer.statusCode, body: body as Got["body"], etag: answer.headers.etag?.toString() };
}

async function names(url: string): Promise<readonly unknown[]> {
  const { status, body } = await get(url);
  expect([url, status]).toEqual([url, 200]);
  return body.items.map(({ nom }) => nom);
}

/** All pages of a list, by its cursors. */
async function pages(url: string, token?: string, after: unknown = ""): Promise<Got["body"]["items"]> {
  const found: Got["body"]["items"][number][] = [];
  for (let next = after; next !== undefined; ) {
    const { status, body } = await get(next === "" ? url : `${url}&after=${String(next)}`, token);
    expect(status).toBe(200);
    found.push(...body.items);
    next = body["next"];
  }
  return found;
}

describe("[PWORLD-11] the catalogue's filters", () => {
  test("[PWORLD-11] each of them lets through what it says, and something", async () => {
    for (const [url, fits] of [
      ["/items?limit=200&typeItem=ARME", { typeItem: "ARME" }],
      ["/items?limit=200&typeItem=ARME&rarete=RARE", { typeItem: "ARME", rarete: "RARE" }],
      ["/items?limit=200&echangeable=false", { echangeable: false }],
      ["/items?limit=200&echangeable=true", { echangeable: true }],
      ["/skills?typeCompetence=ULTIMATE", { typeCompetence: "ULTIMATE" }],
      ["/skills?element=FEU", { element: "FEU" }],
      ["/quests?typeQuete=QUOTIDIENNE", { typeQuete: "QUOTIDIENNE" }],
      ["/quests?repete=true", { repete: true }],
    ] as const) {
      const { status, body } = await get(url);
      expect([url, status, body.items.length > 0]).toEqual([url, 200, true]);
      for (const one of body.items) expect(one).toMatchObject({ ...fits, retire: false });
    }
  });

  test("[PWORLD-11] levels at most", async () => {
    const { body } = await get("/items?limit=200&niveauMax=3");
    const all = await get("/items?limit=200");
    const low = all.body.items.filter((one) => Number(one["niveauRequis"]) <= 3);
    expect(body.items).toEqual(low);
    expect(low.length).toBeLessThan(all.body.items.length);
  });

  test("[PWORLD-11] part of a name, as it stands", async () => {
    expect(await names("/items?search=ESPADON")).toEqual(["Espadon du gué"]);
    for (const search of ["100 %", "%_", "0 %_Ä"])
      expect(await names(`/items?search=${encodeURIComponent(search)}`)).toContain("100 %_Ä");
    expect(await names(`/items?search=${encodeURIComponent("_%")}`)).toEqual([]);
    expect(await names(`/items?search=${encodeURIComponent("' OR 1 = 1 --")}`)).toEqual([]);
  });

  test("[PWORLD-11] what was withdrawn only when it is asked for", async () => {
    expect(await names("/items?limit=200")).not.toContain("Cuillère");
    expect(await names("/items?retire=true")).toEqual(["Cuillère"]);
  });

  test.each([
    "/items?typeItem=EPEE",
    "/items?niveauMax=-1",
    "/items?limit=0",
    "/items?limit=1e9",
    "/items?unknown=1",
    "/items?search=%00",
    "/skills?typeItem=ARME",
    "/market/orders?statut=PERDU",
    "/world/history?type=X",
  ])("%s is BAD_REQUEST", async (url) => {
    const { status, body } = await get(url, `joueur ${ADA}`);
    expect([status, body["code"]]).toEqual([400, "BAD_REQUEST"]);
  });
});

describe("[PWORLD-12] pages", () => {
  test.each([
    ["/items?limit=7", "/items?limit=200"],
    ["/quests?limit=1", "/quests?limit=200"],
    [`/market/items/${WARE}/transactions?limit=3`, `/market/items/${WARE}/transactions?limit=200`],
    ["/world/history?limit=1", "/world/history?limit=200"],
  ])("%s", async (few, many) => {
    const all = (await get(many)).body.items;
    expect(all.length).toBeGreaterThan(2);
    expect(await pages(few)).toEqual(all);
  });

  test("[PWORLD-12] of a player's own orders; those that come meanwhile are not on later pages", async () => {
    const buyer = `joueur ${jid(2)}`;
    const all = (await get("/market/orders?limit=200", buyer)).body.items;
    expect(all).toHaveLength(20);
    const first = await get("/market/orders?limit=5", buyer);
    const { events } = when(given(), buy(99, 1, 1, { joueurId: jid(2) }), T0 + 60_000);
    await take(pool(), economyProjector, [stored(events[0] ?? { eventType: "", payload: {} }, 2_000_000, T0)]);
    const rest = await pages("/market/orders?limit=5", buyer, first.body["next"]);
    expect([...first.body.items, ...rest]).toEqual(all);
    expect((await get("/market/orders?limit=1", buyer)).body.items).toMatchObject([{ ordreId: oid(99) }]);
  });

  test.each([
    ["/items", "nonsense"],
    ["/items", cursorOf(["a", "b"])],
    ["/items", cursorOf(["\u0000", WARE])],
    ["/items", cursorOf([])],
    [`/market/items/${WARE}/transactions`, cursorOf([iso(T0), 1.5])],
    [`/market/items/${WARE}/transactions`, cursorOf(["0000-01-01T00:00:00Z", 1])],
    [`/market/items/${WARE}/transactions`, cursorOf([iso(T0), "1"])],
    ["/world/history", cursorOf([-1])],
    ["/world/history", cursorOf([1e300])],
  ])("%s after %s is BAD_REQUEST", async (url, cursor) => {
    const { status, body } = await get(`${url}?after=${cursor}`);
    expect([status, body["code"]]).toEqual([400, "BAD_REQUEST"]);
  });
});

describe("[PWORLD-13] whose", () => {
  test("[PWORLD-13] orders are one's own, by their state", async () => {
    const of = async (token: string, query = "") => (await get(`/market/orders?limit=200${query}`, token)).body.items;
    expect(await of(`joueur ${jid(1)}`)).toMatchObject([
      {
        ordreId: oid(1),
        typeOrdre: "VENTE",
        quantite: 20,
        quantiteRestante: 0,
        statut: "COMPLETE",
        completeA: iso(T0 + 6),
      },
    ]);
    expect(await of(`joueur ${jid(1)}`, "&statut=ACTIF")).toEqual([]);
    expect(await of(`joueur ${jid(7)}`)).toEqual([]);
    expect((await of(`joueur ${jid(2)}`, `&statut=COMPLETE&itemId=${WARE}`)).length).toBe(20);
    for (const role of ["spectateur", "service", "auteur"])
      expect(await get("/market/orders", `${role} ${jid(1)}`)).toMatchObject({ status: 403 });
    expect(await get("/market/orders", "")).toMatchObject({ status: 401 });
  });

  test("[PWORLD-13] trades tell what and how much, the newest first, and nobody's name", async () => {
    const { items } = (await get(`/market/items/${WARE}/transactions`)).body;
    expect(items).toHaveLength(20);
    expect(items[0]).toEqual({
      ...{ transactionId: expect.any(String), itemId: WARE, quantite: 1, prixUnitaire: 10, montantTotal: 10, taxe: 0 },
      ...{ executeeA: iso(T0 + 6), sequence: expect.any(Number) },
    });
    expect(JSON.stringify(items)).not.toContain(jid(1));
  });
});

test("[PWORLD-7] prices: the figures of 24 hours, and the history", async () => {
  const { body } = await get(`/market/items/${WARE}/prices`);
  expect(body).toMatchObject({
    ...{ itemId: WARE, prixMoyen24h: 10, prixMin24h: 10, prixMax24h: 10, volume24h: 20, nombreTransactions24h: 20 },
    ...{ dernierPrix: 10, derniereTransaction: iso(T0 + 6) },
    historiquePrix: [{ debut: iso(T0), ouverture: 10, cloture: 10, volume: 20, montant: 200, nombre: 20 }],
  });
  expect(await get(`/market/items/${crypto.randomUUID()}/prices`)).toMatchObject({ status: 404 });
  expect(await get("/market/items/nonsense/prices")).toMatchObject({ status: 404 });
});

test("[PWORLD-9] the world's history, by what happened", async () => {
  const { items } = (await get("/world/history")).body;
  expect(new Set(items.map(({ typeFait }) => typeFait))).toEqual(new Set(["BOSS_VAINCU", "EVENEMENT_TERMINE"]));
  const bosses = (await get("/world/history?type=BOSS_VAINCU")).body.items;
  expect(bosses).toEqual(items.filter(({ typeFait }) => typeFait === "BOSS_VAINCU"));
  expect(bosses[0]).toMatchObject({ nom: expect.any(String), details: { premiere: true, nombreVictoires: 1 } });
});

test("[PWORLD-14] a row is sent once to who remembers its ETag, and again when it has changed", async () => {
  const url = `/items/${ITEM.sauge}`;
  const first = await get(url);
  expect(first).toMatchObject({ status: 200, body: { itemId: ITEM.sauge, retire: false, valeurOr: 3 } });
  expect(first.etag).toBe(`"${String(first.body["sequence"])}"`);
  const again = (etag = "") => get(url, undefined, { "if-none-match": etag });
  expect(await again(first.etag)).toMatchObject({ status: 304, body: {} });
  expect(await again(`"1", W/${first.etag}`)).toMatchObject({ status: 304 });
  const payload = { itemId: ITEM.sauge, avant: { valeurOr: 3 }, apres: { valeurOr: 4 } };
  await take(pool(), economyProjector, [stored({ eventType: "ItemModifie", payload }, 3_000_000, T0)]);
  expect(await again(first.etag)).toMatchObject({ status: 200, body: { valeurOr: 4 }, etag: '"3000000"' });
  expect(await get(`/items/${crypto.randomUUID()}`)).toMatchObject({ status: 404 });
});
