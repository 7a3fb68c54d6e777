import { describe, expect, test } from "vitest";
import type { CombatSnapshot } from "../../client/combat.ts";
import type { ChatLine } from "../../client/world.ts";
import { ITEM, PNJ, QUEST, RESOURCE, SKILL, ZONE } from "../../domain/catalogue/demo/ids.ts";
import { type Adventurer, alone, arrive, call, clientFor, give, sagasDone, wholeLog } from "../support/adventure.ts";
import { isOver, isTurnOf, post } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, DEMO_WORLD: "true" });

/** A fight of one player against rats, begun by the matchmaking service. */
async function startHunt(hunter: Adventurer, rats: number, over: Record<string, unknown> = {}) {
  const foes = Array.from({ length: rats }, (_, i) => ({
    entiteId: PNJ.ratDesCaves,
    typeEntite: "PNJ",
    equipe: "B",
    position: 6 + i,
  }));
  return post(`${server.apiUrl}/combat/start`, "service", {
    typeCombat: "PVE",
    zone: { zoneId: ZONE.bourgClochette },
    delaiPnjMs: 0,
    preparationMs: 600_000,
    participants: [{ entiteId: hunter.id, typeEntite: "JOUEUR", equipe: "A", position: 5 }, ...foes],
    ...over,
  });
}

async function fightToTheEnd(hunter: Adventurer, combatId: string): Promise<CombatSnapshot> {
  const fight = await hunter.client.joinCombat(combatId);
  for (;;) {
    const state = await fight.until((s) => isOver(s) || isTurnOf(s, hunter.id));
    if (isOver(state)) {
      await fight.leave();
      return state;
    }
    const me = state.participants[state.participantActifId];
    const foe = Object.values(state.participants).find(({ equipe, etat }) => equipe !== me?.equipe && etat === "ACTIF");
    const potion =
      me !== undefined && me.hpActuel < 30
        ? await fight.command({
            type: "ExecuterAction",
            typeAction: "OBJET",
            itemId: ITEM.potionDeSoin,
            cibles: [me.participantId],
          })
        : undefined;
    if (potion?.ok === true || foe === undefined) continue;
    const blow = await fight.command({ type: "ExecuterAction", typeAction: "ATTAQUE", cibles: [foe.participantId] });
    if (!blow.ok && me !== undefined) {
      const position = me.position + Math.sign(foe.position - me.position);
      const step = await fight.command({ type: "ExecuterAction", typeAction: "DEPLACEMENT", position });
      if (!step.ok) await fight.command({ type: "ExecuterAction", typeAction: "DEFENSE" });
    }
  }
}

describe("a player's life", () => {
  test("[GAME-1] a player is created, given first things, learns, wears, talks, and its room shows what is durable", async () => {
    const alix = await arrive(server.gameUrl, "GUERRIER");
    const equipped = await alix.session.until((s) => Object.keys(s.slots).length === 4);
    expect(equipped).toMatchObject({ pseudo: "Alix", classe: "GUERRIER", niveau: 1, or: 0 });
    await alix.does({ type: "AccepterQuete", queteId: QUEST.bienvenue });
    await alix.does({ type: "ParlerPnj", pnjId: PNJ.oriane, dialogueId: "accueil", choixId: "saluer" });
    await alix.does({ type: "TerminerQuete", queteId: QUEST.bienvenue });
    await alix.does({ type: "ApprendreCompetence", competenceId: SKILL.tailleFranche });
    const before = alix.session.state.stats["attaque"] ?? 0;
    await alix.does({ type: "EquiperItem", slotId: alix.slotOf(ITEM.epeeEbrechee) });
    const after = await alix.session.until((s) => (s.stats["attaque"] ?? 0) > before);
    expect(after).toMatchObject({ or: 40, relations: { [PNJ.oriane]: { reputation: 5 } }, pointsCompetence: 0 });
    expect(await alix.refused({ type: "ApprendreCompetence", competenceId: SKILL.etincelle })).toBe("WRONG_CLASS");

    const last = (await wholeLog(server.apiUrl)).at(-1)?.sequence;
    const { body } = await call(server.apiUrl, `/player/profile?minSequence=${last}`, "joueur", { userId: alix.id });
    const { joueurId, username, pseudo, classe, niveau, experience, experienceProchainNiveau, or } = after;
    expect(body).toMatchObject({
      joueurId,
      username,
      pseudo,
      classe,
      niveau,
      experience,
      experienceProchainNiveau,
      or,
    });
    expect(body["reputation"]).toEqual({ [PNJ.oriane]: 5 });
    await alix.session.leave();
  });

  test("[GAME-2] one session at a time: a newer one takes over, the older is told and does not come back", async () => {
    const first = await arrive(server.gameUrl, "MAGE");
    const ended = new Promise<string>((resolve) => {
      first.session.onStatus((status, reason) => status === "closed" && resolve(reason));
    });
    const second = await (await clientFor(server.gameUrl, first.id)).joinPlayer();
    expect(await ended).toContain("4103");
    expect((await second.command({ type: "AccepterQuete", queteId: QUEST.bienvenue })).ok).toBe(true);
    await second.leave();
  });

  test("[GAME-3] a combat takes the player as it is, and what becomes of it goes back: wounds, used items, rewards, quests", async () => {
    const alix = await arrive(server.gameUrl, "GUERRIER", "Brune");
    await alix.session.until((s) => Object.keys(s.slots).length === 4);
    await alix.does({ type: "EquiperItem", slotId: alix.slotOf(ITEM.epeeEbrechee) });
    await alix.does({ type: "AccepterQuete", queteId: QUEST.bienvenue });
    await alix.does({ type: "ParlerPnj", pnjId: PNJ.oriane });
    await alix.does({ type: "TerminerQuete", queteId: QUEST.bienvenue });
    await alix.does({ type: "AccepterQuete", queteId: QUEST.bruitDansLaCave });
    const before = alix.session.state;

    const started = await startHunt(alix, 2);
    expect(started.status, JSON.stringify(started.body)).toBe(201);
    const combatId = String(started.body["combatId"]);
    await alix.session.until((s) => s.combatId === combatId);
    expect(await alix.refused({ type: "JeterItem", slotId: alix.slotOf(ITEM.potionDeSoin), quantite: 1 })).toBe(
      "IN_COMBAT",
    );
    const second = await startHunt(alix, 1);
    expect([second.status, second.body["code"]]).toEqual([409, "IN_COMBAT"]);

    const fight = await fightToTheEnd(alix, combatId);
    const me = Object.values(fight.participants).find(({ entiteId }) => entiteId === alix.id);
    expect(me).toMatchObject({ nom: "Brune", hpMax: before.stats["hpMax"], niveau: 1 });
    const after = await alix.session.until(alone);
    expect(after.experience).toBe(before.experience + 36);
    expect(after.or).toBe(before.or + 6);
    expect(after.hpActuel).toBe(me?.hpActuel);
    await alix.session.until((s) => s.quetes[QUEST.bruitDansLaCave]?.progres[0] === 2);
    const third = await startHunt(alix, 1);
    expect(third.status).toBe(201);
    await alix.session.leave();
  });

  test("[GAME-4] who is known enters by reference alone, a stranger is not found, and a repeat gets the first answer", async () => {
    const alix = await arrive(server.gameUrl, "CLERC");
    const whole = { entiteId: alix.id, typeEntite: "JOUEUR", equipe: "A", nom: "Tricheuse", position: 5 };
    const forged = await startHunt(alix, 1, {
      participants: [
        { ...whole, hpMax: 1_000_000, statsCombat: { attaque: 10_000 } },
        { entiteId: PNJ.ratDesCaves, typeEntite: "PNJ", equipe: "B", position: 6 },
      ],
    });
    expect(forged.status).toBe(400);
    const strange = await startHunt({ ...alix, id: crypto.randomUUID() }, 1);
    expect([strange.status, strange.body["code"]]).toEqual([409, "PLAYER_NOT_FOUND"]);
    const key = crypto.randomUUID();
    const body = {
      typeCombat: "PVE",
      zone: { zoneId: ZONE.bourgClochette },
      preparationMs: 60_000,
      participants: [
        { entiteId: alix.id, typeEntite: "JOUEUR", equipe: "A", position: 5 },
        { entiteId: PNJ.ratDesCaves, typeEntite: "PNJ", equipe: "B", position: 6 },
      ],
    };
    const answers = await Promise.all(
      [1, 2].map(() => post(`${server.apiUrl}/combat/start`, "service", body, { "idempotency-key": key })),
    );
    expect(answers[0]?.status).toBe(201);
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    await alix.session.leave();
  });
});

describe("two players", () => {
  test("[GAME-9] they exchange what both have seen and confirmed; a stale confirmation is refused", async () => {
    const [one, other] = [await arrive(server.gameUrl, "MAGE", "Une"), await arrive(server.gameUrl, "CLERC", "Autre")];
    await give(server.apiUrl, other.id, { type: "ModifierOr", delta: 100, raison: "CADEAU", reference: "test" });
    await one.session.until((s) => Object.keys(s.slots).length === 4);
    const potions = { slotId: one.slotOf(ITEM.potionDeSoin), quantite: 2 };
    await one.does({ type: "OuvrirEchange", avec: other.id });
    await other.session.until((s) => s.echangePseudo === "Une");
    await one.does({ type: "ProposerOffre", or: 0, objets: [potions] });
    const seen = await other.session.until((s) => s.offreSienne.objets.includes(ITEM.potionDeSoin));
    await other.does({ type: "ProposerOffre", or: 60, objets: [] });
    expect(await other.refused({ type: "ConfirmerEchange", revision: seen.echangeRevision })).toBe("STALE_OFFER");
    const agreed = await one.session.until((s) => s.offreSienne.or === 60);
    await one.does({ type: "ConfirmerEchange", revision: agreed.echangeRevision });
    await other.does({ type: "ConfirmerEchange", revision: agreed.echangeRevision });
    await one.session.until((s) => s.echangeId === "" && s.or === 60);
    await other.session.until((s) => s.echangeId === "" && s.or === 40);
    const count = (who: Adventurer) =>
      Object.values(who.session.state.slots).find(({ itemId }) => itemId === ITEM.potionDeSoin)?.quantite;
    expect([count(one), count(other)]).toEqual([1, 5]);
    await Promise.all([one.session.leave(), other.session.leave()]);
  });

  test("[GAME-10] a username belongs to one player, in whatever case; who was refused takes another", async () => {
    const first = await arrive(server.gameUrl, "MAGE");
    const username = first.session.state.username.toUpperCase();
    const [id, key] = [crypto.randomUUID(), crypto.randomUUID()];
    const create = (name: string, idempotency: string = crypto.randomUUID()) =>
      call(server.apiUrl, `/players/${id}/commands`, "joueur", {
        method: "POST",
        userId: id,
        id: idempotency,
        body: { type: "CreerJoueur", username: name, pseudo: "X", classe: "MAGE" },
      });
    expect((await create(username)).body).toMatchObject({ code: "USERNAME_TAKEN" });
    const created = await create(`n${id.slice(0, 8)}`, key);
    expect(created.status).toBe(200);
    expect((await create(`n${id.slice(0, 8)}`, key)).body).toEqual(created.body);
    expect((await create("autre-nom")).body).toMatchObject({ code: "PLAYER_EXISTS" });
    await first.session.leave();
  });
});

describe("market and world", () => {
  test("[GAME-5] an order goes from the purse into the book, trades, and both sides are settled; the tax leaves the game", async () => {
    const [seller, buyer] = [await arrive(server.gameUrl, "VOLEUR"), await arrive(server.gameUrl, "ARCHER")];
    await give(server.apiUrl, buyer.id, { type: "ModifierOr", delta: 1_000, raison: "CADEAU", reference: "test" });
    await buyer.session.until((s) => s.or === 1_000);
    await seller.session.until((s) => Object.keys(s.slots).length === 4);

    const book = await seller.client.joinMarket(ITEM.potionDeSoin, { events: true });
    const offered = await book.command({ type: "PlacerOrdre", typeOrdre: "VENTE", quantite: 3, prixUnitaire: 40 });
    expect(offered.ok).toBe(true);
    expect(await book.until((s) => s.ventes["40"] !== undefined)).toMatchObject({
      ventes: { "40": { quantite: 3, ordres: 1 } },
    });
    const bought = await call(server.apiUrl, "/market/buy", "joueur", {
      method: "POST",
      userId: buyer.id,
      body: { itemId: ITEM.potionDeSoin, quantite: 2, prixUnitaire: 50 },
    });
    expect(bought.status, JSON.stringify(bought.body)).toBe(201);
    await seller.session.until((s) => s.or === 76);
    await buyer.session.until((s) => s.or === 1_000 - 80);
    expect(await book.until((s) => s.transactions.length === 1)).toMatchObject({ dernierPrix: 40 });

    // One's own order is not for oneself: refused, and what was set aside is back.
    const own = await book.command({ type: "PlacerOrdre", typeOrdre: "ACHAT", quantite: 1, prixUnitaire: 40 });
    expect(own).toMatchObject({ ok: false, code: "SELF_TRADE" });
    await seller.session.until((s) => s.or === 76);
    const [open] = Object.values(seller.session.state.ordres);
    const path = `/market/orders/${open?.ordreId}`;
    expect((await call(server.apiUrl, path, "joueur", { method: "DELETE", userId: buyer.id })).status).toBe(404);
    const cancelling = { method: "DELETE", userId: seller.id, id: crypto.randomUUID() };
    const cancelled = await call(server.apiUrl, path, "joueur", cancelling);
    expect(cancelled.status).toBe(200);
    await seller.session.until((s) => Object.keys(s.ordres).length === 0);
    // Asked again, by one who got no answer: the same. By somebody who wants it closed once more: it is.
    expect(await call(server.apiUrl, path, "joueur", cancelling)).toMatchObject({ status: 200, body: cancelled.body });
    const again = await call(server.apiUrl, path, "joueur", { method: "DELETE", userId: seller.id });
    expect(again.body).toMatchObject({ code: "ORDER_CLOSED" });
    await Promise.all([book.leave(), seller.session.leave(), buyer.session.leave()]);
  });

  test("[GAME-6] zones are discovered, resources gathered and delivered, and a zone's chat reaches those who are there", async () => {
    const [here, there] = [await arrive(server.gameUrl, "ARCHER", "Ici"), await arrive(server.gameUrl, "MAGE", "Là")];
    const zoneId = ZONE.champsAuxLucioles;
    const world = await here.client.joinWorld({ zoneId });
    const elsewhere = await there.client.joinWorld({ zoneId: ZONE.boisMurmure });
    const neighbour = await there.client.joinWorld({ zoneId });
    const harvest = { type: "RecolterRessource", ressourceId: RESOURCE.saugeDesChamps, quantite: 2 } as const;
    expect(await world.command(harvest)).toMatchObject({ ok: false, code: "ZONE_NOT_DISCOVERED" });
    expect(await world.command({ type: "DecouvrirZone", zoneId })).toMatchObject({ ok: true });
    expect((await world.command(harvest)).ok).toBe(true);
    await here.session.until((s) => Object.values(s.slots).some((one) => one.itemId === ITEM.sauge));
    expect((await world.until((s) => s.zones[zoneId]?.premierPseudo !== "")).zones[zoneId]?.premierPseudo).toBe("Ici");

    const heard: string[] = [];
    const quiet: string[] = [];
    neighbour.onMessage<ChatLine>("chat", ({ pseudo, texte }) => heard.push(`${pseudo}: ${texte}`));
    elsewhere.onMessage<ChatLine>("chat", ({ texte }) => quiet.push(texte));
    const says = (n: number, giveUpAfterMs: number) =>
      world.command({ type: "Parler", texte: `bonjour ${n}` }, { giveUpAfterMs });
    for (let n = 0; n < 5; n += 1) expect((await says(n, 60_000)).ok).toBe(true);
    // One more in 2 s: so many at once are too many, however long the first ones took.
    const more = await Promise.all([5, 6, 7, 8, 9, 10, 11].map((n) => says(n, 300)));
    expect(more.map((one) => (one.ok ? "ok" : one.code))).toContain("UNANSWERED");
    await expect.poll(() => heard.slice(0, 2)).toEqual(["Ici: bonjour 0", "Ici: bonjour 1"]);
    expect(quiet).toEqual([]);
    await Promise.all([world, elsewhere, neighbour, here.session, there.session].map((one) => one.leave()));
  });

  test("[GAME-7] authors define, change and withdraw; players see it at once, and what they carry stays as it was", async () => {
    const alix = await arrive(server.gameUrl, "MAGE");
    const itemId = crypto.randomUUID();
    const asAuthor = (method: string, path: string, body: unknown) =>
      call(server.apiUrl, path, "auteur", { method, body });
    const pebble = { itemId, nom: "Caillou", typeItem: "AUTRE", valeurOr: 1 };
    expect((await asAuthor("POST", "/items", pebble)).status).toBe(201);
    await give(server.apiUrl, alix.id, {
      type: "RecevoirItems",
      objets: [{ itemId, quantite: 1 }],
      source: "CADEAU",
      reference: "test",
    });
    const amended = await asAuthor("PATCH", `/items/${itemId}`, { nom: "Galet" });
    expect(amended.status).toBe(200);
    const read = `/items/${itemId}?minSequence=${amended.body["sequence"]}`;
    expect((await call(server.apiUrl, read, "joueur")).body).toMatchObject({
      nom: "Galet",
      sequence: amended.body["sequence"],
    });
    expect((await asAuthor("PATCH", `/items/${itemId}`, { stackMax: -1 })).status).toBe(400);
    expect((await asAuthor("DELETE", `/items/${itemId}`, {})).status).toBe(200);
    const gone = await post(`${server.apiUrl}/players/${alix.id}/commands`, "admin", {
      type: "RecevoirItems",
      objets: [{ itemId, quantite: 1 }],
      source: "CADEAU",
      reference: "test",
    });
    expect([gone.status, gone.body["code"]]).toEqual([409, "UNKNOWN_ITEM"]);
    const { slots } = await alix.session.until((s) => Object.values(s.slots).some((one) => one.itemId === itemId));
    expect(Object.values(slots).find((one) => one.itemId === itemId)?.nom).toBe("Caillou");
    await alix.session.leave();
  });

  test("[GAME-8] nothing is left undone: every saga is at the end of the log, and no step was refused", async () => {
    await sagasDone(server.apiUrl);
    const { body } = await call(server.apiUrl, "/admin/dead-letters", "admin");
    expect(body["items"]).toEqual([]);
    const log = await wholeLog(server.apiUrl);
    expect(new Set(log.map(({ eventId }) => eventId)).size).toBe(log.length);
  });
});
