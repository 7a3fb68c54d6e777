import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ITEM, QUEST, SKILL } from "../../domain/catalogue/demo/ids.ts";
import { demoCombat } from "../../domain/combat/demo.ts";
import type { Principal } from "../../rooms/principal.ts";
import { type Adventurer, arrive, call, give, sagasDone } from "../support/adventure.ts";
import { type Fight, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, DEMO_WORLD: "true" });
type Json = Record<string, unknown>;

let alix: Adventurer;
let fight: Fight;

interface Answer {
  readonly status: number;
  readonly data: Json | null | undefined;
  readonly codes: readonly unknown[];
  readonly messages: readonly unknown[];
}

async function ask(
  query: string,
  who: { readonly role?: Principal["role"]; readonly id?: string } = {},
  more: Json = {},
): Promise<Answer> {
  const body = { query, ...more };
  const answer = await call(server.apiUrl, "/graphql", who.role ?? "admin", {
    method: "POST",
    body,
    ...(who.id !== undefined && { userId: who.id }),
  });
  const errors = (answer.body["errors"] ?? []) as { message: string; extensions?: Json }[];
  return {
    status: answer.status,
    data: answer.body["data"] as Json | null,
    codes: errors.map(({ extensions }) => extensions?.["code"]),
    messages: errors.map(({ message }) => message),
  };
}

beforeAll(async () => {
  alix = await arrive(server.gameUrl, "GUERRIER");
  await alix.session.until((s) => Object.keys(s.slots).length === 4);
  await alix.does({ type: "EquiperItem", slotId: alix.slotOf(ITEM.epeeEbrechee) });
  await alix.does({ type: "AccepterQuete", queteId: QUEST.bienvenue });
  await alix.does({ type: "ApprendreCompetence", competenceId: SKILL.tailleFranche });
  await give(server.apiUrl, alix.id, { type: "ModifierOr", delta: 10_000, raison: "CADEAU", reference: "t" });
  fight = await startFight(server.apiUrl);
  const sale = { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 5 };
  const sold = await call(server.apiUrl, "/market/sell", "joueur", { method: "POST", body: sale, userId: alix.id });
  expect(sold.status, JSON.stringify(sold.body)).toBe(201);
  await sagasDone(server.apiUrl);
});
afterAll(() => alix.session.leave());

test("[GQL-1] a player reads itself, its things and what they are", async () => {
  const { data, codes } = await ask(
    `{ me { pseudo classe niveau or username experience statsTotales sequence statistiques derniereConnexion reputation
         inventaire { capacite objets(first: 10) { edges { node { nom quantite item { nom typeItem definition } } } pageInfo { hasNextPage endCursor } } }
         equipement { emplacements valeurAttaque }
         competences { edges { node { nom niveau competence { id nom typeCompetence } } } }
         quetes(etat: "EN_COURS") { edges { node { nom pourcentage quete { nom typeQuete niveauRequis } } } }
         niveaux { edges { node { niveau experience } } } }
       orders(statut: "ACTIF") { edges { node { typeOrdre prixUnitaire item { nom } prix { volume24h } } } } }`,
    { role: "joueur", id: alix.id },
  );
  expect(codes).toEqual([]);
  expect(data).toMatchObject({
    me: {
      pseudo: "Alix",
      classe: "GUERRIER",
      or: 10_000,
      quetes: { edges: [{ node: { quete: { typeQuete: expect.any(String) } } }] },
      competences: { edges: [{ node: { competence: { id: SKILL.tailleFranche } } }] },
      inventaire: {
        objets: { edges: expect.arrayContaining([{ node: expect.objectContaining({ item: expect.anything() }) }]) },
      },
    },
    orders: { edges: [{ node: { typeOrdre: "VENTE", prixUnitaire: 5, item: { nom: expect.any(String) } } }] },
  });
});

test("[GQL-1] everyone reads what is public", async () => {
  const { data, codes } = await ask(
    `query ($id: ID!) {
       combats(etat: "PREPARATION", first: 5) { edges { cursor node { combatId etat typeCombat zone } } }
       players(search: "al") { edges { node { pseudo statistiques } } }
       items(search: "potion", first: 2) { edges { node { id nom typeItem } } pageInfo { hasNextPage endCursor } }
       skills(element: "FEU") { edges { node { nom } } } quests(repete: true) { edges { node { nom } } }
       item(id: $id) { nom } orderBook(itemId: $id) { ventes { prix quantite ordres } achats { prix } item { nom } }
       prices(itemId: $id) { volume24h } trades(itemId: $id) { edges { node { quantite } } }
       world { saison cycleJourNuit zonesDecouvertes } worldHistory { edges { node { nom } } }
       leaderboard(board: "level") { edges { node { rang joueur { pseudo } } } } }`,
    { role: "spectateur" },
    { variables: { id: ITEM.potionDeSoin } },
  );
  expect(codes).toEqual([]);
  expect(data).toMatchObject({
    players: { edges: [{ node: { pseudo: "Alix" } }] },
    orderBook: { ventes: [{ prix: 5, quantite: 1, ordres: 1 }], achats: [] },
    combats: { edges: [expect.anything()] },
    world: { saison: expect.any(String) },
  });
});

test("[GQL-2] lists come whole, by pages", async () => {
  const all = (await ask("{ items(first: 100) { edges { node { id } } pageInfo { hasNextPage } } }")).data as {
    items: { edges: { node: { id: string } }[]; pageInfo: Json };
  };
  expect(all.items.pageInfo["hasNextPage"]).toBe(false);
  const found: string[] = [];
  for (let after: string | null = null; ; ) {
    const { data } = await ask(
      "query ($after: String) { items(first: 7, after: $after) { edges { node { id } cursor } pageInfo { hasNextPage endCursor } } }",
      {},
      { variables: { after } },
    );
    const { edges, pageInfo } = (
      data as {
        items: {
          edges: { cursor: string; node: { id: string } }[];
          pageInfo: { hasNextPage: boolean; endCursor: string };
        };
      }
    ).items;
    found.push(...edges.map(({ node }) => node.id));
    expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor);
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  expect(found).toEqual(all.items.edges.map(({ node }) => node.id));
});

test("[GQL-3] what is another player's, or of a combat that is not the caller's, is refused where it stands", async () => {
  const player = `query ($id: ID!) { player(joueurId: $id) { pseudo or inventaire { capacite } } }`;
  const other = await ask(player, { role: "joueur" }, { variables: { id: alix.id } });
  expect(other).toMatchObject({
    data: { player: { pseudo: "Alix", or: null, inventaire: null } },
    codes: ["FORBIDDEN", "FORBIDDEN"],
  });
  expect(await ask(player, { role: "admin" }, { variables: { id: alix.id } })).toMatchObject({
    data: { player: { or: 10_000 } },
    codes: [],
  });
  const combat = `query ($id: ID!) { combat(combatId: $id) { etat version participants { nom hpActuel } historique(first: 3) { edges { node { eventType details } } } actions { edges { node { typeAction } } } } }`;
  const variables = { id: fight.combatId };
  const own = await ask(combat, { role: "joueur", id: fight.alix }, { variables });
  expect(own.codes).toEqual([]);
  expect(JSON.stringify(own.data)).not.toContain(fight.graine);
  for (const role of ["spectateur", "service", "admin"] as const)
    expect((await ask(combat, { role }, { variables })).codes).toEqual([]);
  for (const who of [{ role: "joueur" }, { role: "auteur" }] as const)
    expect(await ask(combat, who, { variables })).toMatchObject({
      data: { combat: { etat: expect.any(String), version: null, participants: null } },
      codes: ["FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN"],
    });
  expect((await ask("{ orders { edges { cursor } } }")).codes).toEqual(["FORBIDDEN"]);
});

describe("bounds", () => {
  const deep = `{ me { inventaire { objets { edges { node { item { nom } } } } } } }`;
  const deeper =
    "{ combats { edges { node { actions { edges { node { participant { joueur { inventaire { objets { edges { node { item { nom } } } } } } } } } } } } } }";
  test("[GQL-4] depth, breadth, cost and length are bounded, and the refusal says which", async () => {
    expect((await ask(deep, { role: "joueur", id: alix.id })).codes).toEqual([]);
    expect(await ask(deeper)).toMatchObject({ codes: ["TOO_COMPLEX"], messages: [expect.stringContaining("depth")] });
    const wide = `{ ${Array.from({ length: 250 }, (_, n) => `w${n}: world { saison }`).join(" ")} }`;
    expect(await ask(wide)).toMatchObject({
      codes: expect.arrayContaining(["TOO_COMPLEX"]),
      messages: expect.arrayContaining([expect.stringContaining("breadth")]),
    });
    const dear =
      "{ combats(first: 100) { edges { node { historique(first: 100) { edges { node { eventId sequence eventType } } } } } } }";
    expect(await ask(dear)).toMatchObject({
      codes: ["TOO_COMPLEX"],
      messages: [expect.stringContaining("complexity")],
    });
    expect((await ask(`{ ${"world { saison } ".repeat(2_000)} }`)).status).toBe(400);
    expect((await ask("{ items(first: 101) { edges { cursor } } }")).codes).toEqual(["BAD_REQUEST"]);
    expect((await ask('{ items(after: "nonsense") { edges { cursor } } }')).codes).toEqual(["BAD_REQUEST"]);
    expect((await ask("{ nothing }")).codes).toEqual(["BAD_REQUEST"]);
    expect((await ask("{")).codes).toEqual(["BAD_REQUEST"]);
    expect((await ask('{ combat(combatId: "1") { etat } }')).codes).toEqual(["BAD_REQUEST"]);
  });

  test("[GQL-4] a form that a page of another site could send is not taken", async () => {
    const headers = { authorization: `Bearer ${await tokenFor("admin")}`, "content-type": "text/plain" };
    const plain = await fetch(`${server.apiUrl}/graphql`, {
      method: "POST",
      headers,
      body: '{"query":"{ world { saison } }"}',
    });
    expect(plain.status).toBe(415);
  });

  test("[GQL-4] what is deep, unheard of or for another door is refused with a code, and counted", async () => {
    const before = await server.metric("aether_refused_total", 'code="BAD_REQUEST"');
    const faults = await server.metric("aether_faults_total");
    const nested = (times: number) => `${"[".repeat(times)}${"]".repeat(times)}`;
    const bad: Answer[] = [
      await ask("subscription { worldEvent { type } }"),
      await ask(`{ ${"...{".repeat(1_500)} world { saison } ${"}".repeat(1_500)} }`),
      await ask('{ players(search: "\\u0000") { edges { cursor } } }'),
      await ask(`{ item(id: ${nested(900)}) { nom } }`),
      await ask("query One { world { saison } } query Two { world { saison } }"),
      await ask(`{ me { quetes(etat: "GAGNEE") { edges { cursor } } } }`, { role: "joueur", id: alix.id }),
    ];
    expect(bad.map(({ codes }) => codes)).toEqual(bad.map(() => ["BAD_REQUEST"]));
    const deep = await fetch(`${server.apiUrl}/graphql`, {
      method: "POST",
      headers: { authorization: `Bearer ${await tokenFor("admin")}`, "content-type": "application/json" },
      body: `{ "query": "query ($id: ID!) { item(id: $id) { nom } }", "variables": { "id": ${nested(50_000)} } }`,
    });
    expect(deep.status).toBe(400);
    const mutation = await call(server.apiUrl, `/graphql?query=${encodeURIComponent("mutation { x }")}`, "admin");
    expect(mutation.status).toBeGreaterThanOrEqual(400);
    const several = await call(server.apiUrl, "/graphql", "admin", {
      method: "POST",
      body: [{ query: "{ world { saison } }" }],
    });
    expect(several).toMatchObject({ status: 400, body: { code: "BAD_REQUEST" } });
    expect(await server.metric("aether_refused_total", 'code="BAD_REQUEST"')).toBeGreaterThanOrEqual(
      before + bad.length,
    );
    expect(await server.metric("aether_faults_total")).toBe(faults);
  });

  test("[GQL-5] a query is known by its hash once it was sent", async () => {
    const query = "{ world { saison } }";
    const persistedQuery = { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") };
    const params = new URLSearchParams({ extensions: JSON.stringify({ persistedQuery }) });
    const get = () => call(server.apiUrl, `/graphql?${params}`, "admin");
    expect((await get()).body["errors"]).toMatchObject([{ message: "PersistedQueryNotFound" }]);
    await ask(query, {}, { extensions: { persistedQuery } });
    expect((await get()).body["data"]).toMatchObject({ world: { saison: expect.any(String) } });
  });

  test("[GQL-6] a page takes as many statements as a longer one", async () => {
    const players = Array.from({ length: 10 }, () => crypto.randomUUID());
    for (let n = 0; n < 50; n += 1) {
      const [one = "", other = ""] = [players[n % 10], players[(n + 1) % 10]];
      const body = demoCombat(one, other, { graine: crypto.randomUUID(), preparationMs: 600_000 });
      const started = await call(server.apiUrl, "/combat/start", "service", { method: "POST", body });
      expect(started.status, JSON.stringify(started.body)).toBe(201);
    }
    // Who is known already is taken into one combat at a time.
    for (const [n, id] of players.entries()) {
      const creation = { type: "CreerJoueur", username: `nombre${n}`, pseudo: `Nombre ${n}`, classe: "MAGE" };
      const body = { method: "POST", body: creation, userId: id };
      expect((await call(server.apiUrl, `/players/${id}/commands`, "joueur", body)).status).toBe(200);
    }
    await sagasDone(server.apiUrl);
    const query = (first: number) =>
      `{ combats(etat: "PREPARATION", first: ${first}) { edges { node { combatId historique(first: 2) { edges { node { eventType acteur { nom } } } }
           actions(first: 2) { edges { node { typeAction item { nom } } } }
           participants { nom joueur { pseudo statistiques inventaire { objets(first: 5) { edges { node { item { nom } } } } } equipement { emplacements }
             competences(first: 2) { edges { node { competence { nom } } } } quetes(first: 1) { edges { node { nom } } } niveaux(first: 1) { edges { node { niveau } } } } } } } } }`;
    const statements = async (first: number) => {
      const before = await server.metric("aether_reads_total");
      const { codes, data } = await ask(query(first));
      expect(codes).toEqual([]);
      expect((data as { combats: { edges: unknown[] } }).combats.edges).toHaveLength(first);
      expect(JSON.stringify(data)).toContain('"inventaire":{"objets":{"edges":[{"node":{"item":{"nom":"');
      return (await server.metric("aether_reads_total")) - before;
    };
    const short = await statements(5);
    expect(short).toBeGreaterThan(5);
    expect(await statements(50)).toBe(short);
  });
});
