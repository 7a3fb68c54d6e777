import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { AetherClient, type CombatSession, type PlayerSession } from "../../client/client.ts";
import { ITEM, ZONE } from "../../domain/catalogue/demo/ids.ts";
import { erasedName } from "../../domain/personal.ts";
import { projectors } from "../../projections/all.ts";
import { auth, loggedIn } from "../support/accounts.ts";
import { type Adventurer, arrive, call, clientFor, give, sagasDone, wholeLog } from "../support/adventure.ts";
import { useErasures } from "../support/erasures.ts";
import { tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { held, refreshView, sql } from "../support/sql.ts";

/** Stands in every name that the player has, and in nothing else. */
const MARK = "Quetzalcoatl";
const database = useDatabase();
const { server, forget, finished, ...where } = useErasures(database, { DEMO_WORLD: "true" });
const rowsThatName = () => where.rowsWith(MARK);
const keysThatName = () => where.keysWith(MARK);

let one: Adventurer;
let other: Adventurer;
let third: Adventurer;
let fight: CombatSession;
let combatId: string;
let there: PlayerSession;

const ranks = () =>
  sql<{ pseudo: string }>(database, "SELECT pseudo FROM vue_leaderboard_global WHERE joueur_id = $1", [one.id]);

async function rebuildOf(name: string): Promise<string | undefined> {
  const { body } = await call(server.apiUrl, "/admin/projections", "admin");
  const { items } = body as unknown as { items: readonly { name: string; rebuild?: { state: string } }[] };
  return items.find((one) => one.name === name)?.rebuild?.state;
}

async function begin(one: Adventurer, other: Adventurer): Promise<string> {
  const fighter = (id: string, equipe: string, position: number) => ({
    entiteId: id,
    typeEntite: "JOUEUR",
    equipe,
    position,
  });
  const { status, body } = await call(server.apiUrl, "/combat/start", "service", {
    method: "POST",
    body: {
      ...{ typeCombat: "PVP", zone: { zoneId: ZONE.bourgClochette }, preparationMs: 600_000, dureeTourMs: 60_000 },
      participants: [fighter(one.id, "A", 5), fighter(other.id, "B", 6)],
    },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return String(body["combatId"]);
}

async function discover(who: Adventurer, zoneId: string): Promise<void> {
  const world = await who.client.joinWorld({ zoneId });
  expect((await world.command({ type: "DecouvrirZone", zoneId })).ok).toBe(true);
  await world.leave();
}

test("[FORGET-1] what is kept of a player is told, to it and to operators: rows, and all of its events", async () => {
  const account = await loggedIn(auth(server.apiUrl, "register", { username: MARK, password: "long enough" }));
  await loggedIn(auth(server.apiUrl, "refresh", { refreshToken: account.refreshToken }));
  one = await arrive(server.gameUrl, "GUERRIER", `${MARK} le Grand`, account.userId);
  other = await arrive(server.gameUrl, "MAGE", "Bruno");
  for (const { id } of [one, other])
    await give(server.apiUrl, id, { type: "ModifierOr", delta: 1_000, raison: "CADEAU", reference: "test" });
  await give(server.apiUrl, one.id, {
    type: "RecevoirItems",
    objets: [{ itemId: ITEM.sauge, quantite: 6 }],
    source: "CADEAU",
    reference: "t",
  });
  const order = { itemId: ITEM.sauge, prixUnitaire: 5 };
  const trade = (path: string, who: Adventurer, quantite: number) =>
    call(server.apiUrl, path, "joueur", {
      method: "POST",
      userId: who.id,
      id: crypto.randomUUID(),
      body: { ...order, quantite },
    });
  expect((await trade("/market/sell", one, 4)).status).toBeLessThan(300);
  expect((await trade("/market/buy", other, 2)).status).toBeLessThan(300);
  await one.does({ type: "OuvrirEchange", avec: other.id });
  await give(server.apiUrl, one.id, { type: "RejoindreGuilde", guildeId: "lucioles", nom: "Les Lucioles" });
  const zoneId = ZONE.champsAuxLucioles;
  await discover(one, zoneId);
  combatId = await begin(one, other);
  await one.client.joinCombat(combatId);
  // A reason is what somebody wrote about the player.
  const ban = `/admin/players/${one.id}/ban`;
  await call(server.apiUrl, ban, "admin", { method: "POST", body: { reason: `calls himself ${MARK}` } });
  await call(server.apiUrl, ban, "admin", { method: "DELETE" });
  fight = await other.client.joinCombat(combatId);
  await fight.until((state) => state.etat === "EN_COURS");
  // On the boards are those who have come since they are players.
  await one.session.leave();
  there = await one.client.joinPlayer();
  await sagasDone(server.apiUrl);
  const kept = await call(server.apiUrl, `/admin/players/${one.id}/export`, "admin");
  expect(kept.status).toBe(200);
  const own = await call(server.apiUrl, "/player/export", "joueur", { userId: one.id });
  expect(own.body).toEqual({ ...kept.body, actes: expect.anything() });
  expect(kept.body).toMatchObject({
    compte: [{ username: MARK }],
    profil: [{ pseudo: `${MARK} le Grand` }],
    ordres: [{ pseudo_joueur: `${MARK} le Grand` }],
    sessions: expect.arrayContaining([expect.objectContaining({ room: "player" })]),
    connexions: [{}],
    combats: [{ combat_id: combatId, equipe: "A" }],
    transactions: [{ cote: "VENDEUR", item_id: ITEM.sauge, quantite: 2 }],
    decouvertes: [{ zone_id: zoneId }],
    inventaire: expect.arrayContaining([expect.objectContaining({ item_id: ITEM.sauge })]),
    incomplets: [],
  });
  expect((await call(server.apiUrl, `/admin/players/${crypto.randomUUID()}/export`, "admin")).status).toBe(404);
  const types = (kept.body["evenements"] as { eventType: string }[]).map(({ eventType }) => eventType);
  expect(types).toEqual(expect.arrayContaining(["JoueurCree", "OrModifie", "ItemAjoute", "OrdreReserve", "BanLeve"]));
  expect(JSON.stringify(kept.body)).not.toMatch(/token_hash|mot_de_passe/);
  const page = await call(server.apiUrl, `/player/export?limit=2`, "joueur", { userId: one.id });
  expect(page.body).toMatchObject({ evenements: [{ eventType: "JoueurCree" }, {}], next: expect.any(Number) });
  expect((await rowsThatName()).length).toBeGreaterThan(3);
  expect((await keysThatName()).length).toBeGreaterThan(0);
  await refreshView(database, "vue_leaderboard_global");
  expect(await ranks()).toEqual([{ pseudo: `${MARK} le Grand` }]);
});

test("[FORGET-2] who is in a combat is shut out at once, and forgotten once it is over, whichever node goes on with it", async () => {
  expect((await forget(crypto.randomUUID())).status).toBe(404);
  expect(await forget(one.id)).toMatchObject({ status: 202, body: { joueurId: one.id, finishedAt: null } });
  await expect.poll(() => there.status).toBe("closed");
  const again = new AetherClient({ url: server.gameUrl, token: await tokenFor("joueur", one.id) });
  await expect(again.joinPlayer()).rejects.toThrow();
  const profile = async () => (await call(server.apiUrl, "/player/profile", "joueur", { userId: one.id })).status;
  await expect.poll(profile).toBe(403);
  // Lifted by mistake: who is erased stays outside.
  await call(server.apiUrl, `/admin/players/${one.id}/ban`, "admin", { method: "DELETE", body: {} });
  await server.stop("SIGKILL");
  await server.start();
  expect(await profile()).toBe(403);
  await expect(again.joinPlayer()).rejects.toThrow();
  // Another one, through whose erasure no node has to read anything again.
  third = await arrive(server.gameUrl, "ARCHER", `${MARK} la Petite`);
  await discover(third, ZONE.boisMurmure);
  // A fight that is over, of which Redis tells for a while.
  const winner = await arrive(server.gameUrl, "VOLEUR", "Dora");
  const past = await begin(third, winner);
  await winner.client.joinCombat(past);
  const lost = await third.client.joinCombat(past);
  await lost.until((state) => state.etat === "EN_COURS");
  await lost.command({ type: "Conceder" });
  await lost.until((state) => state.etat === "TERMINE");
  await lost.leave();
  await sagasDone(server.apiUrl);
  await expect.poll(keysThatName).toContainEqual(expect.stringContaining(`combat:${past}:participant:`));
  await held(database, async (client) => {
    // Somebody makes a leaderboard anew, and has begun before it is forgotten.
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock(hashtext('aether.vue_leaderboard_global'), hashtext('public'))");
    await forget(third.id);
    const isTold = () =>
      sql(database, "SELECT FROM erasures WHERE joueur_id = $1 AND event_sequence IS NOT NULL", [third.id]);
    while ((await isTold()).length === 0) await sleep(100);
    await sleep(5_000);
    expect((await forget(third.id, "GET")).body).toMatchObject({ finishedAt: null });
  });
  await finished(third.id);
  expect((await forget(one.id, "GET")).body).toMatchObject({ finishedAt: null });
  expect(await fight.command({ type: "Conceder" })).toMatchObject({ ok: true });
  await fight.leave();
  await finished(one.id);
});

test("[FORGET-3] then no row of any table, no key of Redis and no line of the log of the server names the player", async () => {
  expect(await rowsThatName()).toEqual([]);
  expect(await keysThatName()).toEqual([]);
  expect(server.log()).not.toContain(MARK);
  const stands = await sql<{ nom: string }>(
    database,
    "SELECT pseudo AS nom FROM joueurs WHERE joueur_id = $1 UNION ALL SELECT pseudo_vendeur FROM transactions_economie UNION ALL SELECT nom FROM participants_combat WHERE entite_id = $1",
    [one.id],
  );
  expect(stands).toEqual([1, 2, 3].map(() => ({ nom: erasedName(one.id) })));
  expect(await ranks()).toEqual([{ pseudo: erasedName(one.id) }]);
  const world = await other.client.joinWorld({ zoneId: ZONE.boisMurmure });
  expect(world.state.zones[ZONE.boisMurmure]).toMatchObject({ premierPseudo: erasedName(third.id) });
  await world.leave();
});

test("[FORGET-4] replays and read models made anew work, with the same name for the player as everywhere; another player's things stay", async () => {
  const log = await wholeLog(server.apiUrl);
  expect(log.filter(({ eventType }) => eventType === "DonneesPersonnellesEffacees")).toHaveLength(2);
  expect(
    log.find(({ eventType, aggregateId }) => eventType === "JoueurCree" && aggregateId === one.id)?.payload,
  ).toMatchObject({
    pseudo: erasedName(one.id),
  });
  expect(JSON.stringify(log)).not.toContain(MARK);
  const bruno = await call(server.apiUrl, `/aggregates/Joueur/${other.id}`, "admin");
  expect(JSON.stringify(bruno.body)).toContain("Bruno");
  const visitor = new AetherClient({ url: server.gameUrl, token: await tokenFor("spectateur") });
  const replay = await visitor.spectate(combatId, { replay: { speed: 16 } });
  const shown = await replay.until(({ etat }) => etat === "TERMINE");
  const names = Object.values(shown.participants).map(({ entiteId, nom }) => [entiteId, nom]);
  expect(new Map(names as [string, string][])).toEqual(
    new Map([
      [one.id, erasedName(one.id)],
      [other.id, "Bruno"],
    ]),
  );
  await replay.leave();
  const rows = async (): Promise<object> => {
    const all: Record<string, object[]> = {};
    for (const table of ["joueurs", "participants_combat", "transactions_economie", "ordres_economie"])
      all[table] = (await sql(database, `SELECT t.* FROM ${table} t ORDER BY t::text`)).map((row) => ({
        ...row,
        updated_at: undefined,
      }));
    // An hour of the world's may pass meanwhile.
    const lasting = "boss_vaincus, zones_decouvertes, classements, evenements_actifs";
    return { ...all, world: await sql(database, `SELECT ${lasting} FROM etat_monde`) };
  };
  const before = await rows();
  for (const { name } of projectors) {
    const path = `/admin/projections/${name}/rebuild`;
    expect((await call(server.apiUrl, path, "admin", { method: "POST", body: {} })).status, name).toBe(202);
    await expect.poll(() => rebuildOf(name)).toBe("DONE");
  }
  expect(await rows()).toEqual(before);
  expect(await rowsThatName()).toEqual([]);
});

test("[FORGET-5] asked again it is the same erasure; the name is free, and nothing is done in the name of the erased", async () => {
  const first = (await forget(one.id, "GET")).body;
  expect((await forget(one.id)).body).toEqual(first);
  expect(
    (
      await call(server.apiUrl, `/players/${one.id}/commands`, "admin", {
        method: "POST",
        id: crypto.randomUUID(),
        body: { type: "RejoindreGuilde", guildeId: "g", nom: "G" },
      })
    ).body,
  ).toMatchObject({ code: "PLAYER_ERASED" });
  await loggedIn(auth(server.apiUrl, "register", { username: MARK, password: "long enough" }));
  const heir = await (await clientFor(server.gameUrl, crypto.randomUUID())).joinPlayer();
  const username = `u${one.id.slice(0, 8)}`;
  expect(await heir.command({ type: "CreerJoueur", username, pseudo: "Carla", classe: "MAGE" })).toMatchObject({
    ok: true,
  });
  await heir.leave();
});
