import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "graphql-ws";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { ITEM, QUEST, ZONE } from "../../domain/catalogue/demo/ids.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { player } from "../../domain/player/player.ts";
import type { Principal } from "../../rooms/principal.ts";
import { streamsOf } from "../../rooms/streams.ts";
import { type Adventurer, arrive, call, give, wholeLog } from "../support/adventure.ts";
import { withClient } from "../support/client.ts";
import { isTurnOf, joinAs, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { appendRaw } from "../support/raw-append.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, DEMO_WORLD: "true" });
type Json = Record<string, unknown>;
interface Told {
  readonly type: string;
  readonly version: number;
  readonly sequence: number;
  readonly payload: Json;
}

const clients = new Set<Client>();
afterAll(async () => {
  for (const client of clients) await client.dispose();
});

function connect(token: string): Client {
  const client = createClient({
    url: `${server.apiUrl.replace("http:", "ws:")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { token },
    retryAttempts: 0,
    lazy: true,
  });
  clients.add(client);
  return client;
}

/** What a subscription has told, as it grows; `failed` has its errors or the code with which the connection ended. */
interface Following {
  readonly told: Told[];
  readonly books: Json[];
  readonly failed: unknown[];
  stop(): void;
}

function follow(client: Client, query: string, variables: Json = {}): Following {
  const following: Following = { told: [], books: [], failed: [], stop: () => undefined };
  following.stop = client.subscribe<Json>(
    { query, variables },
    {
      next({ data, errors }) {
        if (errors !== undefined && errors !== null) following.failed.push(...errors);
        for (const [name, one] of Object.entries(data ?? {}))
          if (name === "orderBookChanged") following.books.push(one as Json);
          else if (one !== null) following.told.push(one as unknown as Told);
      },
      error: (error) => following.failed.push(...(Array.isArray(error) ? error : [error])),
      complete: () => undefined,
    },
  );
  return following;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_400; tries += 1) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error("it did not come about");
}

/** Until so many subscriptions follow the log: what happens from then on they are told. */
const followers = (count: number) => until(async () => (await server.metric("aether_live_followers")) === count);

const COMBAT =
  "subscription ($id: ID!, $after: Float) { combatUpdated(combatId: $id, after: $after) { type version sequence payload } }";
const ME = "subscription ($after: Float) { playerNotified(after: $after) { type version sequence payload } }";
const clientFor = async (role: Principal["role"], id?: string) => connect(await tokenFor(role, id));
const logOf = async (...ids: string[]): Promise<StoredEvent[]> =>
  (await wholeLog(server.apiUrl)).filter(({ aggregateId }) => ids.includes(aggregateId));

let alix: Adventurer;
beforeAll(async () => {
  alix = await arrive(server.gameUrl, "GUERRIER");
  await alix.session.until((s) => Object.keys(s.slots).length === 4);
});

test("[GQL-7] a combat is followed from its beginning, each event once and in order, without what would foretell it", async () => {
  const { combatId, alix: one, bruno: other, graine } = await startFight(server.apiUrl);
  const watchers = [
    follow(await clientFor("spectateur"), COMBAT, { id: combatId, after: 0 }),
    follow(await clientFor("joueur", one), COMBAT, { id: combatId, after: 0 }),
  ];
  const sessions = [
    await joinAs(server.gameUrl, combatId, one),
    await joinAs(server.gameUrl, combatId, other),
  ] as const;
  for (let turns = 0; turns < 6; turns += 1) {
    const [session, id] = isTurnOf(sessions[0].state, one) ? [sessions[0], one] : [sessions[1], other];
    await session.until((s) => isTurnOf(s, id) || isTurnOf(s, id === one ? other : one));
    const turn = isTurnOf(sessions[0].state, one) ? sessions[0] : sessions[1];
    await turn.command({ type: "ExecuterAction", typeAction: "DEFENSE" });
  }
  const log = await logOf(combatId);
  for (const watcher of watchers) {
    await until(() => (watcher.told.at(-1)?.sequence ?? 0) >= (log.at(-1)?.sequence ?? 0));
    expect(watcher.failed).toEqual([]);
    expect(watcher.told.slice(0, log.length).map(({ sequence }) => sequence)).toEqual(
      log.map(({ sequence }) => sequence),
    );
    expect(JSON.stringify(watcher.told)).not.toContain(graine);
    watcher.stop();
  }
  await Promise.all(sessions.map((session) => session.leave()));
});

test("[GQL-7] a combat that has only just begun is there for its players, also while an unfinished append holds up the feed", async () => {
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await appendRaw(client, crypto.randomUUID(), 0);
    const { combatId, alix: one } = await startFight(server.apiUrl);
    const following = follow(await clientFor("joueur", one), COMBAT, { id: combatId, after: 0 });
    // As long as it would take to be told that there is none.
    await sleep(300);
    await client.query("ROLLBACK");
    await until(() => following.told.length + following.failed.length > 0);
    expect(following.failed).toEqual([]);
    following.stop();
  });
});

test("[GQL-7] a player is told all that happens to it, over its streams, and nobody else is", async () => {
  await followers(0);
  const mine = follow(await clientFor("joueur", alix.id), ME);
  const another = follow(await clientFor("joueur"), ME);
  await followers(2);
  const before = (await wholeLog(server.apiUrl)).at(-1)?.sequence ?? 0;
  await alix.does({ type: "EquiperItem", slotId: alix.slotOf(ITEM.epeeEbrechee) });
  await alix.does({ type: "AccepterQuete", queteId: QUEST.bienvenue });
  await give(server.apiUrl, alix.id, { type: "ModifierOr", delta: 500, raison: "CADEAU", reference: "t" });
  await until(() => mine.told.some(({ type }) => type === "OrModifie"));
  const streams = streamsOf(player, alix.id).map(({ aggregateId }) => aggregateId);
  const own = (await logOf(...streams)).filter(({ sequence }) => sequence > before);
  await until(() => mine.told.length >= own.length);
  expect(mine.told.map(({ sequence }) => sequence)).toEqual(own.map(({ sequence }) => sequence));
  expect(mine.told.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["ItemEquipe", "QueteAcceptee", "OrModifie"]),
  );
  expect(another.told).toEqual([]);
  for (const one of [mine, another]) one.stop();
});

test("[GQL-7] the world's events come without whom they are owed to; a book comes as it is after each change", async () => {
  await followers(0);
  const world = follow(await clientFor("spectateur"), "subscription { worldEvent { type version sequence payload } }");
  const book = follow(
    await clientFor("joueur", alix.id),
    "subscription ($id: ID!) { orderBookChanged(itemId: $id) { ventes { prix quantite } achats { prix } } }",
    { id: ITEM.potionDeSoin },
  );
  await followers(2);
  const definition = { type: "RECOLTE", nom: "Moisson", objectif: 10, dureeMs: 100_000 };
  const happening = { type: "DeclencherEvenement", evenementId: crypto.randomUUID(), definition };
  const begun = await call(server.apiUrl, "/world/commands", "admin", { method: "POST", body: happening });
  expect(begun.status, JSON.stringify(begun.body)).toBe(200);
  const room = await alix.client.joinWorld();
  expect((await room.command({ type: "DecouvrirZone", zoneId: ZONE.champsAuxLucioles })).ok).toBe(true);
  const sale = { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 7 };
  const sold = await call(server.apiUrl, "/market/sell", "joueur", { method: "POST", body: sale, userId: alix.id });
  expect(sold.status).toBe(201);
  await until(() => world.told.some(({ type }) => type === "ZoneDecouverte"));
  expect(world.told.map(({ type }) => type)).toContain("EvenementMondialDeclenche");
  await room.leave();
  await until(() => book.books.length > 0);
  expect(book.failed).toEqual([]);
  expect(book.books.at(-1)).toEqual({ ventes: [{ prix: 7, quantite: 1 }], achats: [] });
  expect(world.failed).toEqual([]);
  expect(JSON.stringify(world.told)).not.toContain(alix.id);
  for (const one of [world, book]) one.stop();
});

test("[GQL-8] after a kill the client goes on where it was: no event is lost, none comes twice", async () => {
  const { combatId, alix: one } = await startFight(server.apiUrl);
  let last = 0;
  const told: Told[] = [];
  const token = await tokenFor("joueur", one);
  const begin = () => {
    const following = follow(connect(token), COMBAT, { id: combatId, after: last });
    return following;
  };
  const drain = (following: Following) => {
    told.push(...following.told.splice(0));
    last = told.at(-1)?.sequence ?? last;
  };
  let following = begin();
  await until(() => following.told.length > 0);
  for (let kills = 0; kills < 2; kills += 1) {
    drain(following);
    const session = await joinAs(server.gameUrl, combatId, one);
    await session.leave();
    await server.stop("SIGKILL");
    await until(() => following.failed.length > 0);
    drain(following);
    await server.start();
    const again = await joinAs(server.gameUrl, combatId, one);
    following = begin();
    await again.command({ type: "ExecuterAction", typeAction: "DEFENSE" });
    const log = await logOf(combatId);
    await until(() => (following.told.at(-1)?.sequence ?? last) >= (log.at(-1)?.sequence ?? 0));
    drain(following);
    await again.leave();
  }
  const log = await logOf(combatId);
  expect(told.map(({ sequence }) => sequence).slice(0, log.length)).toEqual(
    log.map(({ sequence }) => sequence).slice(0, told.length),
  );
});

test("[GQL-9] who may not follow is refused; without a token nobody gets in", async () => {
  const { combatId } = await startFight(server.apiUrl);
  const codeOf = (following: Following) => (following.failed[0] as { extensions?: Json }).extensions?.["code"];
  const stranger = follow(await clientFor("joueur"), COMBAT, { id: combatId });
  const author = follow(await clientFor("auteur"), COMBAT, { id: combatId });
  const nobody = follow(await clientFor("service"), ME);
  const far = follow(await clientFor("admin"), "subscription { nothing }");
  await until(() => [stranger, author, nobody, far].every(({ failed }) => failed.length > 0));
  expect([stranger, author, nobody, far].map(codeOf)).toEqual(["FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "BAD_REQUEST"]);
  const without = follow(connect("nonsense"), ME);
  await until(() => without.failed.length > 0);
  expect((without.failed[0] as { code: number }).code).toBe(4403);
  const elsewhere = new WebSocket(`${server.apiUrl.replace("http:", "ws:")}/elsewhere`);
  const refused = await new Promise((resolve) => elsewhere.on("error", resolve));
  expect(String(refused)).toContain("404");
});

test("[GQL-9] a connection has so many operations at most, and a message is so long at most", async () => {
  const client = await clientFor("joueur", alix.id);
  const all = Array.from({ length: 60 }, () => follow(client, ME));
  await until(() => all.filter(({ failed }) => failed.length > 0).length >= 10);
  const codes = all.flatMap(({ failed }) =>
    failed.map((error) => (error as { extensions?: Json }).extensions?.["code"]),
  );
  expect(new Set(codes)).toEqual(new Set(["BUSY"]));
  const long = follow(
    await clientFor("joueur", alix.id),
    `subscription { playerNotified { type ${" ".repeat(70_000)} } }`,
  );
  await until(() => long.failed.length > 0);
  expect((long.failed[0] as { code: number }).code).toBe(1009);
});

test("[GQL-10] when nobody follows any more the node reads nothing for them", async () => {
  for (const client of clients) await client.dispose();
  clients.clear();
  await until(async () => (await server.metric("aether_live_followers")) === 0);
});
