import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ZONE } from "../../domain/catalogue/demo/ids.ts";
import { combat } from "../../domain/combat/combat.ts";
import type { CombatState } from "../../domain/combat/state.ts";
import { levelScore } from "../../projections/board-placings.ts";
import { type Adventurer, arrive, call, give, sagasDone } from "../support/adventure.ts";
import { type BadNetwork, openBadNetwork } from "../support/bad-network.ts";
import { type Fight, isTurnOf, joinAs, readLog, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";
import { FAST, type TestServerProcess, useServerProcess } from "../support/server-process.ts";

const PREFIX = "game:";
let redisServer: PrivateRedis;
let network: BadNetwork;
let redis: Redis;
const env: Record<string, string> = { ...FAST, DEMO_WORLD: "true", REDIS_PREFIX: PREFIX };
beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  redisServer = started;
  network = await openBadNetwork(started.url);
  env["REDIS_URL"] = network.url.replace("ws:", "redis:");
  redis = new Redis(started.url, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined);
});
const server: TestServerProcess = useServerProcess(useDatabase(), env);
afterAll(async () => {
  redis.disconnect();
  await network.close();
  await redisServer.stop();
});

async function until(holds: () => boolean | Promise<boolean>, what = "it"): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error(`${what} did not come about`);
}

const key = (name: string): string => `${PREFIX}${name}`;

async function stateOf(combatId: string): Promise<CombatState> {
  const log = await readLog(server.apiUrl, combatId);
  return log.reduce<CombatState>((state, event) => combat.evolve(state, event as never), combat.initial);
}

/** All of a combat's keys, as they have to be for its state. */
async function mirrors(combatId: string): Promise<string[]> {
  const state = await stateOf(combatId);
  const of = (rest: string) => key(`combat:${combatId}:${rest}`);
  const strange: string[] = [];
  const same = (what: string, found: unknown, wanted: unknown) => {
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      strange.push(`${what}: ${JSON.stringify(found)} ≠ ${JSON.stringify(wanted)}`);
  };
  same("state", await redis.hgetall(of("state")), {
    combat_id: combatId,
    etat: state.etat,
    type_combat: state.typeCombat,
    tour_actuel: String(state.tourActuel),
    participant_actif_id: state.participantActifId ?? "",
    prochain_timeout: state.echeance ?? "",
    zone_id: state.zone.zoneId,
    version: String(state.version),
  });
  const effects = new Set<string>();
  for (const one of Object.values(state.participants)) {
    const found = await redis.hgetall(of(`participant:${one.participantId}`));
    const { nom, hpActuel: hp, mpActuel: mp, staminaActuel: stamina, etat } = one;
    same(
      nom,
      [found["nom"], found["hp_actuel"], found["mp_actuel"], found["stamina_actuel"], found["etat"]],
      [nom, `${hp}`, `${mp}`, `${stamina}`, etat],
    );
    same(
      `${nom}: effects`,
      (await redis.smembers(of(`participant:${one.participantId}:effects`))).sort(),
      Object.keys(one.effets).sort(),
    );
    for (const [id, effet] of Object.entries(one.effets)) {
      effects.add(id);
      same(id, await redis.hget(of(`effect:${id}`), "duree_tours_restants"), String(effet.dureeTours));
    }
  }
  const order = await redis.zrange(of("turn_order"), "0", "-1");
  same("turn order", order.sort(), Object.keys(state.participants).sort());
  const all = await redis.keys(of("*"));
  same("no other effects", all.filter((one) => one.includes(":effect:")).length, effects.size);
  for (const one of all) if ((await redis.ttl(one)) < 3_000) strange.push(`${one} does not expire as it should`);
  return strange;
}

/** Both players defend in turn, so many times; then nobody acts before one of them does. */
async function fightOn(combatId: string, ids: readonly string[], turns: number): Promise<number> {
  const sessions = await Promise.all(ids.map((id) => joinAs(server.gameUrl, combatId, id)));
  let accepted = 0;
  let last = sessions[0];
  for (let n = 0; n < turns; n += 1) {
    const at = ids.findIndex((id, i) => sessions[i] !== undefined && isTurnOf(sessions[i].state, id));
    if (at < 0) {
      await sleep(20);
      n -= 1;
      continue;
    }
    last = sessions[at];
    const answer = await last?.command({ type: "ExecuterAction", typeAction: "DEFENSE" });
    if (answer?.ok === true) accepted += 1;
  }
  await last?.until((state) => ids.some((id) => isTurnOf(state, id)));
  await Promise.all(sessions.map((session) => session.leave()));
  return accepted;
}

test("[REDIS-4] a combat's keys are what its state is, field by field, after each commit and at the end", async () => {
  const { combatId, alix, bruno } = await startFight(server.apiUrl);
  await fightOn(combatId, [alix, bruno], 5);
  await until(async () => (await mirrors(combatId)).length === 0, JSON.stringify(await mirrors(combatId)));
  const { zone } = await stateOf(combatId);
  expect(await redis.sismember(key(`zone:${zone.zoneId}:active_combats`), combatId)).toBe(1);
  const recent = (await redis.lrange(key(`combat:${combatId}:recent_actions`), 0, -1)).map((line) => JSON.parse(line));
  const acts = (await readLog(server.apiUrl, combatId)).filter(({ eventType }) => eventType === "ActionExecutee");
  expect(recent.map(({ sequence }) => sequence)).toEqual(
    acts
      .map(({ sequence }) => sequence)
      .reverse()
      .slice(0, 20),
  );
  for (const id of [alix, bruno]) {
    const session = await joinAs(server.gameUrl, combatId, id);
    await session.command({ type: "Conceder" });
    await session.leave();
  }
  await until(async () => (await stateOf(combatId)).fin !== null);
  await until(async () => (await mirrors(combatId)).length === 0);
  // Another key than the combat's own, and written after those.
  await expect.poll(() => redis.sismember(key(`zone:${zone.zoneId}:active_combats`), combatId)).toBe(0);
});

test("[REDIS-5] an older version never takes the place of a newer one", async () => {
  const { combatId, alix, bruno } = await startFight(server.apiUrl);
  await fightOn(combatId, [alix, bruno], 2);
  await until(async () => (await mirrors(combatId)).length === 0);
  const state = key(`combat:${combatId}:state`);
  await redis.hset(state, "version", "1000000", "etat", "FROM_ANOTHER_NODE");
  await fightOn(combatId, [alix, bruno], 2);
  await sleep(300);
  expect(await redis.hget(state, "etat")).toBe("FROM_ANOTHER_NODE");
});

test("[REDIS-6] channels tell what has become durable, in order, without names and without the seed", async () => {
  const listener = new Redis(redisServer.url);
  const heard: { channel: string; message: string }[] = [];
  listener.on("pmessage", (_pattern, channel: string, message: string) => heard.push({ channel, message }));
  await listener.psubscribe(`${PREFIX}*`);
  const on = (channel: string) =>
    heard
      .filter((one) => one.channel === key(channel))
      .map(({ message }) => JSON.parse(message) as Record<string, unknown>);
  const dropped = () => server.metric("aether_redis_messages_dropped_total");
  /** At most once: what comes while Redis is late, or is left alone after that, is dropped and counted. Then it is told again. */
  async function hear(tell: () => Promise<unknown>, holds: () => boolean): Promise<void> {
    while (!holds()) {
      const before = await dropped();
      await tell();
      await until(async () => holds() || (await dropped()) > before);
    }
  }
  let fight: Fight = { combatId: "", alix: "", bruno: "", graine: "" };
  let log: Awaited<ReturnType<typeof readLog>> = [];
  await hear(
    async () => {
      fight = await startFight(server.apiUrl);
      await fightOn(fight.combatId, [fight.alix, fight.bruno], 3);
      log = await readLog(server.apiUrl, fight.combatId);
    },
    () => log.length > 0 && on(`combat:${fight.combatId}:updates`).length >= log.length,
  );
  const updates = on(`combat:${fight.combatId}:updates`);
  expect(updates.map(({ sequence }) => sequence)).toEqual(log.map(({ sequence }) => sequence));
  const player = await arrive(server.gameUrl, "MAGE", "Zoroastre");
  await hear(
    () => give(server.apiUrl, player.id, { type: "ModifierOr", delta: 5, raison: "CADEAU", reference: "t" }),
    () => on(`player:${player.id}:notifications`).some(({ type }) => type === "OrModifie"),
  );
  const world = await player.client.joinWorld({ zoneId: ZONE.bourgClochette });
  await hear(
    async () => expect((await world.command({ type: "Parler", texte: "ohé" } as never)).ok).toBe(true),
    () => on(`zone:${ZONE.bourgClochette}:chat`).length > 0,
  );
  expect(on(`zone:${ZONE.bourgClochette}:chat`)[0]).toMatchObject({ texte: "ohé", joueurId: player.id });
  const zones = [ZONE.champsAuxLucioles, ZONE.boisMurmure];
  await hear(
    async () => expect((await world.command({ type: "DecouvrirZone", zoneId: zones.shift() ?? "" })).ok).toBe(true),
    () => on("world:events").some(({ type }) => type === "ZoneDecouverte"),
  );
  const all = JSON.stringify(heard);
  expect(all).not.toContain("Zoroastre");
  expect(all).not.toContain(fight.graine);
  await world.leave();
  await player.session.leave();
  listener.disconnect();
});

test("[REDIS-7] sessions, who is online and cooldowns", async () => {
  const created = await arrive(server.gameUrl, "GUERRIER");
  const sessions = () => redis.smembers(key(`user:${created.id}:sessions`));
  await until(async () => (await sessions()).length === 1);
  const [before = ""] = await sessions();
  await created.session.leave();
  const player = { id: created.id, session: await created.client.joinPlayer() };
  await until(async () => {
    const all = await sessions();
    return all.length === 1 && all[0] !== before;
  });
  const [session = ""] = await sessions();
  expect(await redis.hgetall(key(`session:${session}`))).toEqual({
    user_id: player.id,
    ip: expect.stringMatching(/^[\w-]{22}$/),
    created_at: expect.stringMatching(/Z$/),
    last_activity: expect.stringMatching(/Z$/),
  });
  expect(await redis.ttl(key(`session:${session}`))).toBeGreaterThan(3_000);
  await until(async () => Number(await redis.get(key("stats:players:online"))) >= 1);
  await player.session.leave();
  await until(async () => (await sessions()).length === 0);
  expect(await redis.exists(key(`session:${session}`))).toBe(0);
});

test("[REDIS-8] the day's figures count each event once, and come back after a flush", async () => {
  const today = async (type: string) => {
    const { body } = await call(server.apiUrl, `/events?type=${type}&limit=1000`, "admin");
    return (body["items"] as unknown[] | undefined)?.length ?? 0;
  };
  const figure = async (name: string) => Number(await redis.get(key(`stats:${name}:today`)));
  await startFight(server.apiUrl, { preparationMs: 1 });
  const agrees = async () => {
    const counted = await figure("combats");
    return counted > 0 && counted === (await today("CombatDemarre"));
  };
  const players = async () => (await redis.pfcount(key("stats:active_players:today"))) > 0;
  await until(agrees, "the figure");
  await until(players, "the players");
  const ttl = await redis.ttl(key("stats:combats:today"));
  expect(Math.abs(ttl - (86_400 - (Date.now() % 86_400_000) / 1_000))).toBeLessThan(5);
  await redis.flushall();
  await startFight(server.apiUrl, { preparationMs: 1 });
  await until(agrees, "the figure after a flush");
  await until(players, "the players after a flush");
});

const profileOf = (id: string, minSequence?: number) =>
  call(server.apiUrl, `/players/${id}${minSequence === undefined ? "" : `?minSequence=${minSequence}`}`, "admin");
const gift = async (id: string, n: number) => {
  const body = { type: "ModifierOr", delta: 1, raison: "CADEAU", reference: `n${n}` };
  return call(server.apiUrl, `/players/${id}/commands`, "admin", { method: "POST", body });
};
const hits = () => server.metric("aether_cache_reads_total", 'outcome="hit"');

test("[CACHE-1] a read is from Redis the second time, and is deleted when its rows change", async () => {
  const player = await arrive(server.gameUrl, "GUERRIER");
  await player.session.until((s) => Object.keys(s.slots).length === 4);
  await sagasDone(server.apiUrl);
  const first = await profileOf(player.id);
  let second = first;
  await until(async () => {
    const before = await hits();
    second = await profileOf(player.id);
    return (await hits()) > before;
  });
  expect(second.body).toEqual(first.body);
  expect(await redis.hgetall(key(`player:${player.id}:profile`))).toMatchObject({ pseudo: "Alix", or: "0" });
  const inventory = await call(server.apiUrl, `/players/${player.id}/inventory`, "admin");
  await until(async () => (await redis.exists(key(`player:${player.id}:inventory:meta`))) === 1);
  const slots = await redis.smembers(key(`player:${player.id}:inventory:items`));
  expect(slots).toHaveLength((inventory.body["items"] as unknown[]).length);
  const one = (inventory.body["items"] as { position: number; itemId: string }[])[0];
  expect(await redis.hget(key(`player:${player.id}:inventory:item:${one?.position}`), "itemId")).toBe(one?.itemId);
  expect((await call(server.apiUrl, `/players/${player.id}/inventory`, "admin")).body).toEqual(inventory.body);
  const { body } = await gift(player.id, 1);
  expect((await profileOf(player.id, body["sequence"] as number)).body["or"]).toBe(1);
  await until(async () => (await redis.keys(key(`player:${player.id}:inventory*`))).length === 0, "no key");
  await player.session.leave();
});

test("[CACHE-1] the world's events are keys of their own, which go when the world changes", async () => {
  const command = (body: object) => call(server.apiUrl, "/world/commands", "admin", { method: "POST", body });
  const definition = { type: "RECOLTE", nom: "Moisson", objectif: 10, dureeMs: 600_000 };
  const evenementId = crypto.randomUUID();
  const begun = await command({ type: "DeclencherEvenement", evenementId, definition });
  expect([begun.status, begun.body]).toEqual([200, expect.anything()]);
  await call(server.apiUrl, `/world?minSequence=${begun.body["sequence"]}`, "admin");
  const event = key(`world:event:${evenementId}`);
  await until(async () => {
    await call(server.apiUrl, "/world", "admin");
    const active = await redis.smembers(key("world:active_events"));
    // At every hour of the world's they are gone until the next read.
    return active.includes(evenementId) && (await redis.hget(event, "evenementId")) === evenementId;
  }, "the event");
  expect((await command({ type: "AnnulerEvenement", evenementId, raison: "assez" })).status).toBe(200);
  await until(async () => (await redis.exists(event, key("world:active_events"))) === 0, "no key");
});

test("[CACHE-2] whatever becomes of Redis in the middle of a load, no answer fails and none is older than asked for", async () => {
  const players: Adventurer[] = [];
  for (let n = 0; n < 3; n += 1) players.push(await arrive(server.gameUrl, "VOLEUR"));
  await sagasDone(server.apiUrl);
  const gold = new Map<string, number>();
  let stop = false;
  let reads = 0;
  const load = players.map(async ({ id }) => {
    for (let n = 1; !stop; n += 1) {
      const answer = await gift(id, n);
      expect(answer.status).toBe(200);
      gold.set(id, n);
      const read = await profileOf(id, answer.body["sequence"] as number);
      expect([read.status, read.body["or"]]).toEqual([200, n]);
      const again = await profileOf(id);
      expect(again.status).toBe(200);
      reads += 2;
    }
  });
  const { combatId, alix, bruno } = await startFight(server.apiUrl);
  const going = async (): Promise<void> => {
    const before = reads;
    await until(() => reads > before + 20, "the load goes on");
    expect(await fightOn(combatId, [alix, bruno], 2)).toBe(2);
  };
  await going();
  redisServer.pause();
  await going();
  redisServer.resume();
  await going();
  // Slow, and then too slow.
  network.late(20);
  await going();
  network.late(500);
  await going();
  network.late(0);
  await going();
  await redisServer.kill();
  await going();
  await redisServer.start();
  await going();
  await redis.flushall();
  await going();
  stop = true;
  await Promise.all(load);
  for (const { id, session } of players) {
    expect((await profileOf(id)).body["or"]).toBe(gold.get(id));
    await session.leave();
  }
  // And everything is back.
  let strange: string[] = [];
  await until(async () => {
    strange = await mirrors(combatId);
    return strange.length === 0;
  }).catch(() => undefined);
  expect(strange).toEqual([]);
  const before = await hits();
  await until(async () => {
    await profileOf(players[0]?.id ?? "");
    return (await hits()) > before;
  });
  const losses = await server.metric("aether_redis_losses_total", 'why="slow"');
  expect(losses).toBeLessThan(reads);
});

test("[CACHE-3] leaderboards are what the players' rows are, also after a flush", async () => {
  const player = await arrive(server.gameUrl, "CLERC");
  await give(server.apiUrl, player.id, { type: "RejoindreGuilde", guildeId: "lune", nom: "Lune" });
  await sagasDone(server.apiUrl);
  const pseudo = String((await profileOf(player.id)).body["pseudo"]);
  const member = `${player.id}:${pseudo}`;
  const score = async () => Number(await redis.zscore(key("leaderboard:level"), member));
  await until(async () => (await score()) === levelScore(1, 0));
  await until(async () => (await redis.zscore(key("leaderboard:guild"), "lune:Lune")) === "1");
  await redis.flushall();
  await until(async () => (await score()) === levelScore(1, 0), "the board");
  /** Of a Redis that is late the ranks are those of the views, until it is asked again. */
  const board = async (query: string) => {
    let body: Record<string, unknown> = {};
    await until(async () => {
      ({ body } = await call(server.apiUrl, `/leaderboards/${query}`, "joueur"));
      return body["live"] === true;
    }, `the board ${query}`);
    return body;
  };
  expect(await board(`level?around=${player.id}&limit=1`)).toMatchObject({ items: [{ joueurId: player.id }] });
  expect(await board("guild")).toMatchObject({ items: [{ guildeId: "lune", membres: 1, points: 1, rang: 1 }] });
  expect(await board(`guild?around=${player.id}&limit=1`)).toMatchObject({ items: [{ guildeId: "lune" }] });
  await player.session.leave();
});

test("[CACHE-3] [REDIS-8] what a node had committed and not told Redis of when it was killed, the next one tells it", async () => {
  const player = await arrive(server.gameUrl, "MAGE");
  await player.session.leave();
  await sagasDone(server.apiUrl);
  const member = `${player.id}:${String((await profileOf(player.id)).body["pseudo"])}`;
  const scoreNow = async () => Number(await redis.zscore(key("leaderboard:level"), member));
  const combats = async () => Number(await redis.get(key("stats:combats:today")));
  await until(async () => (await scoreNow()) === levelScore(1, 0));
  const [before, witness] = [await combats(), "witness:that nothing is filled anew"];
  await redis.zadd(key("leaderboard:level"), -1, witness);
  redisServer.pause();
  const given = { type: "GagnerExperience", montant: 40, source: "EVENEMENT", reference: "killed" };
  const answer = await call(server.apiUrl, `/players/${player.id}/commands`, "admin", { method: "POST", body: given });
  expect(answer.status).toBe(200);
  await startFight(server.apiUrl, { preparationMs: 0 });
  const { body } = await profileOf(player.id, answer.body["sequence"] as number);
  expect(body["experience"]).toBe(40);
  await server.stop("SIGKILL");
  redisServer.resume();
  expect(await scoreNow()).toBe(levelScore(1, 0));
  await server.start();
  await until(async () => (await scoreNow()) === levelScore(1, 40), "the score");
  await until(async () => (await combats()) > before, "the figure");
  expect(await redis.zscore(key("leaderboard:level"), witness)).toBe("-1");
});
