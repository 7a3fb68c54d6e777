import { describe, expect, test } from "vitest";
import { demoWorld } from "../../domain/catalogue/demo/demo-world.ts";
import { ITEM, PNJ, QUEST, RESOURCE, SKILL, ZONE } from "../../domain/catalogue/demo/ids.ts";
import type { Answer } from "../../domain/codes.ts";
import { WORLD_ID } from "../../domain/world/values.ts";
import { arrive, call, give, readAsAdmin, sagasDone, wholeLog } from "../support/adventure.ts";
import { readLog, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRaw, joinRoomRaw, type RawClient } from "../support/raw-client.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { MARKETS, PLAYERS, WORLDS } from "../support/wire-commands.ts";

const server = useServerProcess(useDatabase(), { ...FAST, MALFORMED_FRAMES: "100000", DEMO_WORLD: "true" });

const uuid = (): string => crypto.randomUUID();

/** What only the server and its sagas say, as they would say it. */
const INTERNAL: readonly Record<string, unknown>[] = [
  { type: "GagnerExperience", montant: 1_000, source: "me", reference: "me" },
  { type: "ModifierOr", delta: 1_000, raison: "CADEAU", reference: "me" },
  { type: "RecevoirItems", objets: [{ itemId: ITEM.potionDeSoin, quantite: 9 }], source: "CADEAU", reference: "me" },
  { type: "EngagerCombat", combatId: uuid(), typeCombat: "PVE" },
  {
    type: "CloturerCombat",
    combatId: uuid(),
    resultat: "VICTOIRE",
    objetsUtilises: {},
    experience: 1_000,
    or: 1_000,
    objets: [],
  },
  {
    type: "ReserverOrdre",
    ordreId: uuid(),
    typeOrdre: "ACHAT",
    itemId: ITEM.potionDeSoin,
    quantite: 1,
    prixUnitaire: 1,
    expireA: null,
  },
  { type: "ReglerOrdre", ordreId: uuid(), reference: "me", or: 1_000, objets: [], clos: true, motif: "TRANSACTION" },
  {
    type: "ConclureEchange",
    echangeId: uuid(),
    avec: uuid(),
    pseudoAvec: "X",
    donnes: { or: 0, objets: [] },
    recus: { or: 1_000, objets: [] },
  },
  { type: "SeConnecter", sessionId: "mine" },
  { type: "SeDeconnecter", sessionId: "mine" },
  { type: "RejoindreGuilde", guildeId: "g", nom: "Guild" },
  { type: "EchouerQuete", queteId: QUEST.bienvenue },
  { type: "ExpirerQuetes" },
  { type: "ProgresserObjectifs", faits: [{ type: "TUER", quantite: 1_000 }], reference: "me" },
  { type: "ActualiserPrix" },
  { type: "ExpirerOrdres" },
  { type: "PasserHeure" },
  { type: "CreerMonde", definition: {} },
  { type: "AnnulerEvenement", evenementId: uuid(), raison: "me" },
  { type: "ContribuerEvenement", evenementId: uuid(), joueurId: uuid(), montant: 1, reference: "me" },
  { type: "DeclarerBossVaincu", bossId: uuid(), nom: "B", combatId: uuid(), zoneId: uuid(), vainqueurs: [] },
];

const WRONG: readonly unknown[] = [
  ...[-1, 0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, true, null, [], {}, ["a"]],
  ...["", "1", "NaN", "'; DROP TABLE events; --", "FLUSHALL\r\n", "__proto__", "x".repeat(2_000), "\u0000"],
];

/** A command with each of its fields missing, then wrong in every way, then with a field too many. */
function brokenForms(command: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const forms: Record<string, unknown>[] = [];
  for (const key of Object.keys(command)) {
    if (!["email", "emplacement", "position", "dialogueId", "choixId", "expireA"].includes(key) || key === "position")
      forms.push(...(key === "position" && command["type"] === "DiviserPile" ? [] : [without(command, key)]));
    if (key === "emplacement" && command["type"] === "DesequiperItem") forms.push(without(command, key));
    for (const value of WRONG) {
      const isText = typeof value === "string" && /^(username|pseudo|texte|dialogueId|choixId)$/.test(key);
      if ((isText && !["", "\u0000", "x".repeat(2_000)].includes(value)) || (key === "stats" && isEmpty(value)))
        continue;
      forms.push({ ...command, [key]: value });
    }
  }
  for (const extra of ["admin", "definitions", "constructor", "prototype", "sessionId"])
    forms.push({ ...command, [extra]: { admin: true } });
  forms.push(JSON.parse(JSON.stringify(command).replace("{", '{"__proto__":{"admin":true},"x":1,')) as never);
  return forms;
}
const isEmpty = (value: unknown): boolean => JSON.stringify(value) === "{}";
const without = (command: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(command).filter(([name]) => name !== key));

const ask = (room: RawClient, command: object): Promise<Answer> =>
  room.request({ commandId: uuid(), ...command }) as Promise<Answer>;
const badRequests = (): Promise<number> => server.metric("aether_refused_total", 'code="BAD_REQUEST"');
/** A player as the log has it at this moment: what it is, and beside that all of it. */
async function profileOf(id: string): Promise<Record<string, unknown>> {
  const { state } = await readAsAdmin<{ state: { joueur: object } }>(server.apiUrl, `/aggregates/Joueur/${id}`);
  return { ...state.joueur, all: state };
}
const bookOf = async (itemId: string, minSequence: number) =>
  (await call(server.apiUrl, `/market/items/${itemId}/book?minSequence=${minSequence}`, "joueur", { userId: uuid() }))
    .body;
const rest = (id: string, body: unknown, commandId = uuid()) =>
  call(server.apiUrl, `/players/${id}/commands`, "joueur", { method: "POST", body, userId: id, id: commandId });

/** A player with something in the bag and in the purse, whose own session has ended. */
async function someone(or = 1_000) {
  const player = await arrive(server.gameUrl, "GUERRIER");
  if (or > 0) await give(server.apiUrl, player.id, { type: "ModifierOr", delta: or, raison: "CADEAU", reference: "t" });
  await player.session.until((s) => s.or === or && Object.keys(s.slots).length === 4);
  return player;
}

describe("broken commands", () => {
  const rooms = {
    player: { commands: PLAYERS, options: {} },
    market: { commands: MARKETS, options: { itemId: ITEM.potionDeSoin } },
    world: { commands: WORLDS, options: { zoneId: ZONE.bourgClochette } },
  };
  test.each(Object.entries(rooms))(
    "[GATE-16] to the room %s: each is BAD_REQUEST, is counted, and changes nothing",
    async (name, { commands, options }) => {
      const mallory = await someone();
      await mallory.session.leave();
      const room = await joinRoomRaw(server.gameUrl, name, options, mallory.id);
      await sagasDone(server.apiUrl);
      const [counted, log, profile] = [await badRequests(), await wholeLog(server.apiUrl), await profileOf(mallory.id)];
      let sent = 0;
      for (const command of Object.values(commands) as Record<string, unknown>[]) {
        for (const form of brokenForms(command)) {
          const answer = await ask(room, form);
          if (answer.ok || answer.code !== "BAD_REQUEST")
            throw new Error(`${JSON.stringify(form).slice(0, 200)}: ${JSON.stringify(answer)}`);
          sent += 1;
        }
      }
      for (const command of INTERNAL) {
        const answer = await ask(room, command);
        // A player's room takes nothing in another player's name, whatever it is.
        const code = name === "player" && "joueurId" in command ? "FORBIDDEN" : "BAD_REQUEST";
        expect(answer, JSON.stringify(command)).toMatchObject({ ok: false, code });
        sent += code === "BAD_REQUEST" ? 1 : 0;
      }
      expect(sent).toBeGreaterThan(60);
      expect(await badRequests()).toBe(counted + sent);
      expect(await profileOf(mallory.id)).toEqual(profile);
      const since = (await wholeLog(server.apiUrl)).slice(log.length).map(({ eventType }) => eventType);
      // The world's own time goes on.
      expect(since.filter((type) => !["TempsEcoule", "RessourceRegeneree"].includes(type))).toEqual([]);
      room.destroy();
    },
  );

  test("[GATE-16] over REST: each is BAD_REQUEST, is counted, and changes nothing", async () => {
    const mallory = await someone();
    await mallory.session.leave();
    await sagasDone(server.apiUrl);
    const [counted, profile] = [await badRequests(), await profileOf(mallory.id)];
    let sent = 0;
    const all = [...Object.values(PLAYERS).flatMap(brokenForms), ...INTERNAL];
    for (const form of all.filter((_, n) => n % 3 === 0)) {
      const { status, body } = await rest(mallory.id, form);
      // JSON has no NaN.
      if (status !== 400) throw new Error(`${JSON.stringify(form).slice(0, 200)}: ${JSON.stringify(body)}`);
      sent += 1;
    }
    const { type: _, typeOrdre: __, ...order } = MARKETS.PlacerOrdre;
    for (const form of brokenForms({ itemId: ITEM.potionDeSoin, ...order })) {
      const { status } = await call(server.apiUrl, "/market/buy", "joueur", {
        method: "POST",
        body: form,
        userId: mallory.id,
      });
      expect(status, JSON.stringify(form).slice(0, 200)).toBe(400);
      sent += 1;
    }
    expect(await badRequests()).toBe(counted + sent);
    expect(await profileOf(mallory.id)).toEqual(profile);
  });

  test("[GATE-17] text that the log could not keep is refused at every door, wherever it stands", async () => {
    const mallory = await someone();
    const faults = await server.metric("aether_faults_total");
    const room = await joinRoomRaw(server.gameUrl, "world", { zoneId: ZONE.bourgClochette }, mallory.id);
    for (const text of ["a\u0000b", "\ud800", "\udc00a", "a\ud800\ud800"]) {
      // The codec of the rooms itself makes half a pair a replacement character.
      if (text.includes("\u0000"))
        expect(await ask(room, { type: "Parler", texte: text })).toMatchObject({ code: "BAD_REQUEST" });
      expect((await rest(mallory.id, { type: "ParlerPnj", pnjId: PNJ.oriane, dialogueId: text })).status).toBe(400);
      const admin = (path: string, body: unknown) =>
        call(server.apiUrl, path, "admin", { method: "POST", body, id: uuid() });
      const gift = { type: "ModifierOr", delta: 1, raison: "CADEAU", reference: text };
      expect((await admin(`/players/${mallory.id}/commands`, gift)).status).toBe(400);
      expect((await admin("/items", { nom: text, typeItem: "AUTRE" })).status).toBe(400);
      const fighter = { entiteId: uuid(), typeEntite: "PNJ", equipe: "A", position: 1 };
      expect((await admin("/combat/start", { typeCombat: "PVE", graine: text, participants: [fighter] })).status).toBe(
        400,
      );
    }
    expect(await server.metric("aether_faults_total")).toBe(faults);
    expect((await ask(room, { type: "Parler", texte: "🜁 é" })).ok).toBe(true);
    room.destroy();
    await mallory.session.leave();
  });

  test("[GATE-18] a combat asked for in capitals is the same combat, and a command in capitals the same command", async () => {
    const { combatId, alix, bruno } = await startFight(server.apiUrl, { preparationMs: 0 });
    const witness = await joinRaw(server.gameUrl, combatId, alix);
    const actors = await server.metric("aether_actors", 'aggregate_type="Combat"');
    const loud = await joinRaw(server.gameUrl, combatId.toUpperCase(), bruno);
    expect(loud.roomId).toBe(witness.roomId);
    await call(server.apiUrl, "/combat/action", "joueur", {
      method: "POST",
      userId: bruno,
      body: { combatId: combatId.toUpperCase(), type: "ExecuterAction", typeAction: "DEFENSE" },
    });
    expect(await server.metric("aether_actors", 'aggregate_type="Combat"')).toBe(actors);
    expect(await ask(witness, { type: "Conceder" })).toMatchObject({ ok: true });
    expect(witness.isClosed).toBe(false);
    for (const one of [witness, loud]) one.destroy();

    const mallory = await someone();
    // Those of the tests before, whom nobody watches any more, leave memory when their time is up.
    const players = await server.metric("aether_actors", 'aggregate_type="Joueur"');
    const commandId = uuid();
    const gift = { type: "ModifierOr", delta: 5, raison: "CADEAU", reference: "t" };
    for (const [id, key] of [
      [mallory.id, commandId],
      [mallory.id.toUpperCase(), commandId.toUpperCase()],
    ] as const)
      await call(server.apiUrl, `/players/${id}/commands`, "admin", { method: "POST", body: gift, id: key });
    const stack = mallory.slotOf(ITEM.potionDeSoin);
    const room = await joinRoomRaw(server.gameUrl, "player", {}, mallory.id);
    const drop = { type: "JeterItem", slotId: stack, quantite: 1 };
    const dropId = uuid();
    const first = await ask(room, { ...drop, commandId: dropId });
    expect(first.ok).toBe(true);
    expect(await ask(room, { ...drop, commandId: dropId.toUpperCase() })).toEqual(first);
    expect(await profileOf(mallory.id)).toMatchObject({ or: 1_005 });
    expect(await server.metric("aether_actors", 'aggregate_type="Joueur"')).toBeLessThanOrEqual(players);
    room.destroy();
  });
});

describe("what is another's", () => {
  test("[GATE-19] another's player, slots, orders and quests are refused through room and REST, and stay as they are", async () => {
    const [mallory, victim] = [await someone(), await someone()];
    await victim.does({ type: "AccepterQuete", queteId: QUEST.bienvenue });
    const sold = await call(server.apiUrl, "/market/sell", "joueur", {
      method: "POST",
      userId: victim.id,
      body: { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 77_000 },
    });
    expect(sold.status).toBe(201);
    const { ordres } = await victim.session.until((s) => Object.keys(s.ordres).length === 1);
    const [ordreId = ""] = Object.keys(ordres);
    const before = await profileOf(victim.id);
    const slotId = victim.slotOf(ITEM.epeeEbrechee);

    for (const joueurId of [victim.id, undefined]) {
      const room = await joinRoomRaw(server.gameUrl, "player", { joueurId }, mallory.id);
      const aimed = await ask(room, { type: "AccepterQuete", queteId: QUEST.bienvenue, joueurId: victim.id });
      expect(aimed).toMatchObject({ ok: false, code: "FORBIDDEN" });
      for (const [command, code] of [
        [{ type: "EquiperItem", slotId }, "SLOT"],
        [{ type: "JeterItem", slotId, quantite: 1 }, "SLOT"],
        [{ type: "VendrePnj", pnjId: PNJ.oriane, slotId, quantite: 1 }, "SLOT|NPC|SHOP"],
        [{ type: "TerminerQuete", queteId: QUEST.bienvenue }, "QUEST"],
        [{ type: "AbandonnerQuete", queteId: QUEST.bienvenue }, "QUEST"],
      ] as const) {
        const answers = [await ask(room, command), (await rest(mallory.id, command)).body as unknown as Answer];
        for (const answer of answers) {
          if (answer.ok) throw new Error(`${joueurId}: ${JSON.stringify(answer)}`);
          expect(answer.code).toMatch(new RegExp(code));
        }
      }
      room.destroy();
    }
    const asVictim = await call(server.apiUrl, `/players/${victim.id}/commands`, "joueur", {
      method: "POST",
      userId: mallory.id,
      body: { type: "JeterItem", slotId, quantite: 1 },
    });
    expect(asVictim.status).toBe(403);
    const seen = await call(server.apiUrl, `/players/${victim.id}`, "joueur", { userId: mallory.id });
    expect(Object.keys(seen.body).sort()).toEqual(["classe", "guildeNom", "joueurId", "niveau", "pseudo", "titre"]);
    const market = await joinRoomRaw(server.gameUrl, "market", { itemId: ITEM.potionDeSoin }, mallory.id);
    expect(await ask(market, { type: "AnnulerOrdre", ordreId })).toMatchObject({ code: "NOT_YOUR_ORDER" });
    expect(await ask(market, { type: "AnnulerOrdre", ordreId, joueurId: victim.id })).toMatchObject({
      code: "BAD_REQUEST",
    });
    const removed = await call(server.apiUrl, `/market/orders/${ordreId}`, "joueur", {
      method: "DELETE",
      userId: mallory.id,
    });
    expect(removed.status).toBe(404);
    const world = await joinRoomRaw(server.gameUrl, "world", {}, mallory.id);
    const zone = { type: "DecouvrirZone", zoneId: ZONE.champsAuxLucioles, joueurId: victim.id };
    expect(await ask(world, zone)).toMatchObject({ code: "BAD_REQUEST" });
    for (const room of [market, world]) room.destroy();
    expect(await profileOf(victim.id)).toEqual(before);
    await Promise.all([mallory.session.leave(), victim.session.leave()]);
  });

  test("[GATE-19] a request id that somebody else has used already is as good as a new one", async () => {
    const [mallory, victim] = [await someone(), await someone()];
    const id = uuid();
    const buy = (userId: string, prixUnitaire: number) =>
      call(server.apiUrl, "/market/buy", "joueur", {
        method: "POST",
        userId,
        id,
        body: { itemId: ITEM.sauge, quantite: 1, prixUnitaire },
      });
    const [first, second] = [await buy(victim.id, 3), await buy(mallory.id, 2)];
    expect([first.status, second.status]).toEqual([201, 201]);
    const { achats } = await bookOf(ITEM.sauge, Number(second.body["sequence"]));
    expect(achats).toEqual([
      { prix: 3, quantite: 1, ordres: 1 },
      { prix: 2, quantite: 1, ordres: 1 },
    ]);
    await Promise.all([mallory.session.leave(), victim.session.leave()]);
  });
});

test("[GATE-22] an order asked for again, hundreds of commands after it was closed, sets nothing aside", async () => {
  const player = await someone();
  const id = uuid();
  const place = () =>
    call(server.apiUrl, "/market/buy", "joueur", {
      method: "POST",
      userId: player.id,
      id,
      body: { itemId: ITEM.sauge, quantite: 1, prixUnitaire: 7 },
    });
  const first = await place();
  const { ordres } = await player.session.until((s) => Object.keys(s.ordres).length === 1);
  for (const one of Object.keys(ordres))
    await call(server.apiUrl, `/market/orders/${one}`, "joueur", { method: "DELETE", userId: player.id });
  await player.session.until((s) => s.or === 1_000 && Object.keys(s.ordres).length === 0);
  // An actor remembers its 256 newest commands.
  const slotId = player.slotOf(ITEM.epeeEbrechee);
  for (let n = 0; n < 300; n += 1) await player.does({ type: "DeplacerItem", slotId, position: 20 + (n % 2) });
  expect((await place()).body).toEqual(first.body);
  expect(await profileOf(player.id)).toMatchObject({ or: 1_000, ordres: {} });
  await player.session.leave();
});

describe("at once", () => {
  /** Room and REST, by turns. */
  const through = (room: RawClient, id: string, n: number, command: object): Promise<Answer> =>
    n % 2 === 0 ? ask(room, command) : rest(id, command).then(({ body }) => body as unknown as Answer);

  test("[GATE-20] the same gold, spent at an NPC's and on the market: what was accepted has been paid for, the rest is refused", async () => {
    const shops = Object.entries(demoWorld.pnj).flatMap(([pnjId, { commerce }]) =>
      (commerce?.articles ?? []).map(({ itemId, prix, reputationMin }) => ({ pnjId, itemId, prix, reputationMin })),
    );
    const [shop] = shops.filter(({ reputationMin }) => reputationMin <= 0).sort((a, b) => b.prix - a.prix);
    if (shop === undefined) throw new Error("nobody sells anything");
    const { pnjId, itemId, prix } = shop;
    const buyer = await someone(2 * prix - 1);
    await buyer.does({ type: "OuvrirCommerce", pnjId });
    const room = await joinRoomRaw(server.gameUrl, "player", {}, buyer.id);
    const book = await joinRoomRaw(server.gameUrl, "market", { itemId: ITEM.boisDIf }, buyer.id);
    const order = { quantite: 1, prixUnitaire: prix };
    const answers = await Promise.all([
      ...[0, 1, 2].map((n) => through(room, buyer.id, n, { type: "AcheterPnj", pnjId, itemId, quantite: 1 })),
      ...[0, 1, 2].map(() => ask(book, { type: "PlacerOrdre", typeOrdre: "ACHAT", ...order })),
      ...[0, 1, 2].map(() =>
        call(server.apiUrl, "/market/buy", "joueur", {
          method: "POST",
          userId: buyer.id,
          body: { itemId: ITEM.mineraiDeFer, ...order },
        }).then(({ body }) => body as unknown as Answer),
      ),
    ]);
    const refused = answers.flatMap((one) => (one.ok ? [] : [one.code]));
    expect(refused).toEqual(Array(8).fill("NOT_ENOUGH_GOLD"));
    await sagasDone(server.apiUrl);
    expect(await profileOf(buyer.id)).toMatchObject({ or: prix - 1 });
    for (const one of [room, book]) one.destroy();
  });

  test("[GATE-20] one thing dropped, sold, worn and offered at once goes one way", async () => {
    for (let round = 0; round < 5; round += 1) {
      const owner = await someone();
      const room = await joinRoomRaw(server.gameUrl, "player", {}, owner.id);
      const slotId = owner.slotOf(ITEM.epeeEbrechee);
      const ways = [
        { type: "JeterItem", slotId, quantite: 1 },
        { type: "DetruireItem", slotId, quantite: 1 },
        { type: "JeterItem", slotId, quantite: 1 },
      ];
      const offer = call(server.apiUrl, "/market/sell", "joueur", {
        method: "POST",
        userId: owner.id,
        body: { itemId: ITEM.epeeEbrechee, quantite: 1, prixUnitaire: 90_000 },
      }).then(({ body }) => body as unknown as Answer);
      const answers = await Promise.all([...ways.map((way, n) => through(room, owner.id, n + round, way)), offer]);
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
      for (const one of answers) if (!one.ok) expect(one.code).toMatch(/SLOT|ITEM/);
      room.destroy();
    }
  });

  test("[GATE-20] an order cancelled and filled at once is one or the other; gold and goods are right", async () => {
    for (let round = 0; round < 6; round += 1) {
      const [seller, buyer] = [await someone(0), await someone(100)];
      const offered = await call(server.apiUrl, "/market/sell", "joueur", {
        method: "POST",
        userId: seller.id,
        body: { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 20 },
      });
      expect(offered.status).toBe(201);
      const ordreId = Object.keys((await seller.session.until((s) => Object.keys(s.ordres).length === 1)).ordres)[0];
      const room = await joinRoomRaw(server.gameUrl, "market", { itemId: ITEM.potionDeSoin }, seller.id);
      const [cancelled, bought, again] = await Promise.all([
        ask(room, { type: "AnnulerOrdre", ordreId }),
        call(server.apiUrl, "/market/buy", "joueur", {
          method: "POST",
          userId: buyer.id,
          body: { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 20 },
        }),
        call(server.apiUrl, `/market/orders/${ordreId}`, "joueur", { method: "DELETE", userId: seller.id }),
      ]);
      expect(bought.status).toBe(201);
      const isCancelled = cancelled.ok || again.status === 200;
      await sagasDone(server.apiUrl);
      expect(await profileOf(seller.id)).toMatchObject({ or: isCancelled ? 0 : 19, ordres: {} });
      expect(await profileOf(buyer.id)).toMatchObject({ or: 80 });
      const open = Object.keys((await profileOf(buyer.id))["ordres"] as object);
      expect(open).toHaveLength(isCancelled ? 1 : 0);
      for (const id of open)
        await call(server.apiUrl, `/market/orders/${id}`, "joueur", { method: "DELETE", userId: buyer.id });
      room.destroy();
      await Promise.all([seller.session.leave(), buyer.session.leave()]);
    }
  });

  test("[GATE-20] a quest accepted from everywhere at once is accepted once", async () => {
    const player = await someone();
    const room = await joinRoomRaw(server.gameUrl, "player", {}, player.id);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        through(room, player.id, n, { type: "AccepterQuete", queteId: QUEST.bienvenue }),
      ),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    for (const one of answers) if (!one.ok) expect(one.code).toMatch(/QUEST/);
    expect((await readLog(server.apiUrl, player.id)).length).toBeGreaterThan(0);
    room.destroy();
  });

  test("[GATE-20] a skill point is spent once", async () => {
    const player = await someone();
    const room = await joinRoomRaw(server.gameUrl, "player", {}, player.id);
    const learn = { type: "ApprendreCompetence", competenceId: SKILL.tailleFranche };
    const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => through(room, player.id, n, learn)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await profileOf(player.id)).toMatchObject({ pointsCompetence: 0 });
    room.destroy();
  });

  test("[GATE-20] the last of a resource is gathered once, whoever asks", async () => {
    const people = await Promise.all([someone(), someone(), someone()]);
    const rooms = await Promise.all(people.map(({ id }) => joinRoomRaw(server.gameUrl, "world", {}, id)));
    for (const room of rooms) await ask(room, { type: "DecouvrirZone", zoneId: ZONE.champsAuxLucioles });
    const left = async () => {
      const path = `/aggregates/WorldState/${WORLD_ID}`;
      const { state } = await readAsAdmin<{
        state: { ressources: Record<string, { readonly quantite: number }> };
      }>(server.apiUrl, path);
      return state.ressources[RESOURCE.saugeDesChamps]?.quantite ?? 0;
    };
    const before = await left();
    const quantite = 100;
    const harvest = (room: RawClient) =>
      ask(room, { type: "RecolterRessource", ressourceId: RESOURCE.saugeDesChamps, quantite });
    const answers = await Promise.all(rooms.flatMap((room) => [harvest(room), harvest(room), harvest(room)]));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(Math.floor(before / quantite));
    expect(before).toBeLessThan(9 * quantite);
    for (const one of answers) if (!one.ok) expect(one.code).toBe("NOT_ENOUGH_LEFT");
    for (const room of rooms) room.destroy();
  });

  test("[GATE-20] after all of that no step is left undone", async () => {
    await sagasDone(server.apiUrl);
    expect((await call(server.apiUrl, "/admin/dead-letters", "admin")).body["items"]).toEqual([]);
    expect(await server.metric("aether_faults_total")).toBe(0);
  });
});
