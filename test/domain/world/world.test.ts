import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { wireWorldCommand, worldCommand } from "../../../domain/world/commands.ts";
import * as formulas from "../../../domain/world/formulas.ts";
import { bossIsBack, hasDiscovered } from "../../../domain/world/state.ts";
import { world } from "../../../domain/world/world.ts";
import {
  at,
  bid,
  cid,
  contribute,
  createWorld,
  defeat,
  discover,
  gather,
  given,
  HOUR,
  jid,
  payload,
  rid,
  trigger,
  vid,
  when,
  zid,
} from "./helper.ts";

const pass = { type: "PasserHeure" } as const;
const regrow = (n: number) => ({ type: "RegenererRessource", ressourceId: rid(n) }) as const;
const expire = (n: number) => ({ type: "ExpirerEvenement", evenementId: vid(n) }) as const;

describe("time", () => {
  test("[WORLD-1] a world is made once and begins in the morning of the first day of spring", () => {
    const { state, types } = when(world.initial, createWorld, 5_000);
    expect(types).toEqual(["MondeCree"]);
    expect(state).toMatchObject({ version: 1, heure: 8, jour: 1, saison: "PRINTEMPS", annee: 1, heureMs: HOUR });
    expect(state.prochaineHeure).toBe(at(5_000 + HOUR));
    expect(state.ressources[rid(1)]).toMatchObject({ quantite: 100, capacite: 100, zoneId: zid(1) });
    expect(when(state, createWorld).code).toBe("WORLD_EXISTS");
    expect(when(world.initial, pass).code).toBe("WORLD_NOT_FOUND");
  });

  test("[WORLD-1] a definition that contradicts itself is refused", () => {
    if (createWorld.type !== "CreerMonde") throw new Error("no definition");
    const { zones } = createWorld.definition;
    const [wood] = zones;
    if (wood === undefined) throw new Error("no zone");
    const wrong = (...list: typeof zones) =>
      when(world.initial, { type: "CreerMonde", definition: { zones: list, heureMs: HOUR } });
    expect(wrong(wood, wood).message).toBe("a zone is there twice; a resource is there twice; a boss is there twice");
    expect(wrong({ ...wood, niveauMin: 9 })).toMatchObject({ code: "INVALID_WORLD", types: [] });
  });

  test("[WORLD-2] days, seasons and years follow from the hours", () => {
    for (const hours of [0, 8, 23, 24, 719, 720, 2_879, 2_880, 1_000_000])
      expect(formulas.hoursOf(formulas.calendarAt(hours))).toBe(hours);
    expect(formulas.calendarAt(720)).toEqual({ heure: 0, jour: 1, saison: "ETE", annee: 1 });
    const later = when(given(), pass, HOUR * 16).state;
    expect(later).toMatchObject({ heure: 0, jour: 2, saison: "PRINTEMPS", annee: 1 });
  });

  test("[WORLD-3] an hour passes when its time has come", () => {
    expect(when(given(), pass, HOUR - 1).code).toBe("TOO_EARLY");
    const { state, events } = when(given(), pass, HOUR + 50);
    expect(payload(events, "TempsEcoule")).toMatchObject({ heure: 9, heuresEcoulees: 1, prochaineHeure: at(2 * HOUR) });
    expect(when(state, pass, HOUR + 60).code).toBe("TOO_EARLY");
  });

  test("[WORLD-3] a long stop is made up for by one event", () => {
    const { state, events } = when(given(), pass, HOUR * 2_880 + 7);
    expect(events).toHaveLength(1);
    expect(payload(events, "TempsEcoule")).toMatchObject({ heuresEcoulees: 2_880, prochaineHeure: at(2_881 * HOUR) });
    expect(state).toMatchObject({ heure: 8, jour: 1, saison: "PRINTEMPS", annee: 2 });
    const { success } = worldCommand.safeParse(pass);
    expect(success).toBe(true);
  });

  test("[WORLD-4] the season sets the factors", () => {
    const inSeason = (n: number) => when(given(), pass, HOUR * 720 * n).state.facteurs;
    expect([0.5, 1, 2, 3].map(inSeason)).toEqual([
      { recolte: 120 },
      { recolte: 100 },
      { recolte: 150 },
      { recolte: 60 },
    ]);
  });
});

describe("zones", () => {
  test("[WORLD-5] the first to discover a zone is remembered, and nobody discovers it twice", () => {
    const first = when(given(), discover(1), 10);
    expect(payload(first.events, "ZoneDecouverte")).toEqual({
      zoneId: zid(1),
      nom: "Bois",
      joueurId: jid(1),
      pseudo: "P1",
      premiere: true,
      nombreDecouvreurs: 1,
      decouverteA: at(10),
    });
    const second = when(first.state, discover(2));
    expect(payload(second.events, "ZoneDecouverte")).toMatchObject({ premiere: false, nombreDecouvreurs: 2 });
    expect(second.state.zones[zid(1)]?.premier?.pseudo).toBe("P1");
    expect(when(second.state, discover(1))).toMatchObject({ types: [], code: undefined });
    expect(when(second.state, discover(1, 2)).types).toEqual(["ZoneDecouverte"]);
    expect(when(second.state, discover(1, 3)).code).toBe("ZONE_NOT_FOUND");
  });

  test("[WORLD-6] of each group the newest 40 discoverers are remembered", () => {
    const players = Array.from({ length: 41 }, (_, n) => n * 100);
    const state = given(...players.map((n) => discover(n)), discover(1));
    expect(players.map((n) => hasDiscovered(state, zid(1), jid(n))).filter(Boolean)).toHaveLength(40);
    expect(hasDiscovered(state, zid(1), jid(0))).toBe(false);
    expect(hasDiscovered(state, zid(1), jid(1))).toBe(true);
    expect(payload(when(state, discover(0)).events, "ZoneDecouverte")).toMatchObject({
      premiere: false,
      nombreDecouvreurs: 43,
    });
  });
});

describe("resources", () => {
  test("[WORLD-7] are gathered in full or not at all", () => {
    const state = given(discover(1));
    const { events, state: after } = when(state, gather(1, 4, 2), 1_000);
    expect(payload(events, "RessourceRecoltee")).toMatchObject({
      joueurId: jid(1),
      quantite: 4,
      avant: 5,
      apres: 1,
      prochaineRegeneration: at(91_000),
    });
    expect(when(after, gather(1, 2, 2)).code).toBe("NOT_ENOUGH_LEFT");
    expect(when(after, gather(1, 1, 3)).code).toBe("RESOURCE_NOT_FOUND");
    for (const quantite of [0, -1, 1.5, 101, Number.NaN])
      expect(worldCommand.safeParse(gather(1, quantite)).success).toBe(false);
  });

  test("[WORLD-8] are out of reach in a zone that one does not know", () => {
    expect(when(given(discover(1)), gather(2, 1)).code).toBe("ZONE_NOT_DISCOVERED");
  });

  test("[WORLD-9] grow back step by step until they are full", () => {
    const state = given(discover(1), gather(1, 20));
    expect(when(state, regrow(1), 9_999).code).toBe("TOO_EARLY");
    const first = when(state, regrow(1), 10_000);
    expect(payload(first.events, "RessourceRegeneree")).toMatchObject({
      avant: 80,
      apres: 92,
      capacite: 100,
      prochaineRegeneration: at(20_000),
    });
    const second = when(first.state, regrow(1), 20_000);
    expect(payload(second.events, "RessourceRegeneree")).toMatchObject({ apres: 100, prochaineRegeneration: null });
    expect(when(second.state, regrow(1), 30_000).code).toBe("FULLY_GROWN");
    expect(when(second.state, regrow(9), 30_000).code).toBe("RESOURCE_NOT_FOUND");
  });

  test("[WORLD-10] make up for a stop at once, and never above the capacity", () => {
    const state = given(discover(1), gather(1, 100));
    const some = when(state, regrow(1), 35_000);
    expect(payload(some.events, "RessourceRegeneree")).toMatchObject({
      avant: 0,
      apres: 36,
      prochaineRegeneration: at(40_000),
    });
    expect(when(state, regrow(1), 9_000_000).state.ressources[rid(1)]?.quantite).toBe(100);
  });
});

describe("events", () => {
  test("[WORLD-11] are triggered once, in a zone that exists, 20 at most", () => {
    const { events, state } = when(given(), trigger(1, { zoneId: zid(1) }), 1_000);
    expect(payload(events, "EvenementMondialDeclenche")).toMatchObject({
      evenementId: vid(1),
      debut: at(1_000),
      expireA: at(101_000),
      objectif: 10,
    });
    expect(when(state, trigger(1)).code).toBe("EVENT_EXISTS");
    expect(when(when(state, contribute(1, 1, 10)).state, trigger(1)).code).toBe("EVENT_EXISTS");
    expect(when(state, trigger(2, { zoneId: zid(9) })).code).toBe("ZONE_NOT_FOUND");
    const full = given(...Array.from({ length: 20 }, (_, n) => trigger(n)));
    expect(when(full, trigger(20)).code).toBe("TOO_MANY_EVENTS");
  });

  test("[WORLD-12] count what is gathered, discovered and defeated by themselves", () => {
    const state = given(
      discover(1),
      trigger(1, { type: "RECOLTE", zoneId: zid(1) }),
      trigger(2, { type: "EXPLORATION" }),
      trigger(3, { type: "CHASSE" }),
      trigger(4, { type: "RECOLTE", zoneId: zid(2) }),
    );
    const after = [gather(1, 3), discover(2), discover(2, 2), defeat(1, [1, 2])].reduce(
      (one, command) => when(one, command).state,
      state,
    );
    expect([1, 2, 3, 4].map((n) => after.evenements[vid(n)]?.progres)).toEqual([3, 2, 2, 0]);
    expect(when(state, gather(1, 3)).types).toEqual(["RessourceRecoltee", "EvenementProgresse"]);
  });

  test("[WORLD-12] are told of who was brought down in combat", () => {
    const state = given(trigger(1, { type: "INVASION", zoneId: zid(1) }), trigger(2, { type: "INVASION" }));
    const told = (zoneId: string, ...amounts: number[]) =>
      ({
        type: "CompterFaits",
        typeEvenement: "INVASION",
        zoneId,
        contributions: amounts.map((montant, n) => ({ joueurId: jid(n), montant })),
        reference: cid(1),
      }) as const;
    const after = when(state, told(zid(1), 2, 3)).state;
    expect([1, 2].map((n) => after.evenements[vid(n)]?.progres)).toEqual([5, 5]);
    expect(when(state, told(zid(2), 2)).state.evenements[vid(1)]?.progres).toBe(0);
    expect(when(given(), told(zid(1), 2))).toMatchObject({ types: [], code: undefined });
    expect(when(state, told(zid(1), 4, 9, 2)).types).toEqual([
      "EvenementProgresse",
      "EvenementProgresse",
      "EvenementTermine",
      "EvenementProgresse",
      "EvenementProgresse",
      "EvenementTermine",
    ]);
  });

  test("[WORLD-13] end at their goal, with what each contributed", () => {
    const recompenses = { experience: 50, or: 5, objets: [] };
    const state = given(trigger(1, { recompenses }), contribute(1, 1, 4), contribute(1, 2, 1), contribute(1, 1, 1));
    const { events, state: after } = when(state, contribute(1, 2, 900), 5);
    expect(payload(events, "EvenementProgresse")).toMatchObject({ montant: 4, avant: 6, apres: 10, contribution: 5 });
    expect(payload(events, "EvenementTermine")).toEqual({
      evenementId: vid(1),
      type: "RECOLTE",
      nom: "Moisson",
      resultat: "REUSSI",
      progres: 10,
      objectif: 10,
      participants: [
        { joueurId: jid(1), contribution: 5 },
        { joueurId: jid(2), contribution: 5 },
      ],
      autres: 0,
      recompenses,
      termineA: at(5),
    });
    expect(when(after, contribute(1, 1, 1)).code).toBe("EVENT_NOT_FOUND");
    expect(when(after, expire(1), 200_000).code).toBe("EVENT_NOT_FOUND");
  });

  test("[WORLD-13] fail at their deadline, after which nothing counts", () => {
    const state = given(discover(1), trigger(1), contribute(1, 1, 4));
    expect(when(state, expire(1), 99_999).code).toBe("TOO_EARLY");
    expect(when(state, contribute(1, 1, 1), 100_000).code).toBe("EVENT_OVER");
    expect(when(state, gather(1, 1), 100_000).types).toEqual(["RessourceRecoltee"]);
    const { events } = when(state, expire(1), 100_000);
    expect(payload(events, "EvenementTermine")).toMatchObject({ resultat: "ECHOUE", progres: 4 });
  });

  test("[WORLD-14] remember 10,000 contributors, and sum up the others", () => {
    let state = given(trigger(1, { objectif: 1_000_000 }));
    for (let n = 0; n < 10_002; n++) state = when(state, contribute(1, n, 2)).state;
    state = when(state, contribute(1, 5, 3)).state;
    expect(state.evenements[vid(1)]).toMatchObject({ contributeurs: 10_000, autres: 4, progres: 20_007 });
    const { events } = when(state, { type: "AnnulerEvenement", evenementId: vid(1), raison: "fin" });
    const { participants, autres } = payload(events, "EvenementTermine");
    expect(participants).toHaveLength(10_000);
    expect(participants[0]).toEqual({ joueurId: jid(5), contribution: 5 });
    expect(autres).toBe(4);
  });

  test("[WORLD-15] can be cancelled while they run", () => {
    const cancel = { type: "AnnulerEvenement", evenementId: vid(1), raison: "erreur" } as const;
    const { events, state } = when(given(trigger(1)), cancel);
    expect(payload(events, "EvenementTermine")).toMatchObject({ resultat: "ANNULE", raison: "erreur" });
    expect(when(state, cancel).code).toBe("EVENT_NOT_FOUND");
  });
});

describe("bosses", () => {
  test("[WORLD-16] come back after a day of the game", () => {
    expect(bossIsBack(given(), bid(1), 0)).toBe(true);
    const { events, state } = when(given(), defeat(1, [1, 2]), 1_000);
    expect(payload(events, "BossVaincu")).toMatchObject({
      premiere: true,
      nombreVictoires: 1,
      vaincuA: at(1_000),
      retourA: at(1_000 + 24 * HOUR),
    });
    expect(bossIsBack(state, bid(1), 24 * HOUR)).toBe(false);
    expect(bossIsBack(state, bid(1), 1_000 + 24 * HOUR)).toBe(true);
    const again = when(state, defeat(2, [3]), 2_000);
    expect(payload(again.events, "BossVaincu")).toMatchObject({ premiere: false, nombreVictoires: 2 });
  });

  test("[WORLD-17] count in their zone, once for a combat", () => {
    const state = given(defeat(1, [1]));
    expect(when(state, defeat(1, [1]))).toMatchObject({ types: [], code: undefined });
    expect(when(state, defeat(2, [1], 2)).code).toBe("BOSS_NOT_FOUND");
    expect(when(state, defeat(2, [1], 1, 2)).code).toBe("BOSS_NOT_FOUND");
    expect(when(state, defeat(2, [1], 1, 9)).code).toBe("ZONE_NOT_FOUND");
  });
});

test("[WORLD-18] the nearest of hour, deadline and regrowth comes next", () => {
  expect(world.wakeUp?.(world.initial)).toBeUndefined();
  expect(world.wakeUp?.(given())).toEqual({ at: HOUR, command: pass });
  expect(world.wakeUp?.(given(trigger(1, { dureeMs: 30_000 })))).toEqual({ at: 30_000, command: expire(1) });
  const both = given(discover(1), trigger(1, { dureeMs: 30_000 }), gather(1, 1));
  expect(world.wakeUp?.(both)).toEqual({ at: 10_000, command: regrow(1) });
});

test("numbers that make no sense do not pass", () => {
  const goal = (objectif: number) => ({
    ...trigger(1),
    definition: { type: "CHASSE", nom: "x", objectif, dureeMs: 1_000 },
  });
  const lasting = (dureeMs: number) => ({
    ...trigger(1),
    definition: { type: "CHASSE", nom: "x", objectif: 1, dureeMs },
  });
  for (const n of [0, -1, 1.5, 1e12, Number.NaN, Number.POSITIVE_INFINITY])
    for (const command of [contribute(1, 1, n), gather(1, n), goal(n), lasting(n)])
      expect(worldCommand.safeParse(command).success).toBe(false);
  expect(worldCommand.safeParse(goal(1_000_000_000)).success).toBe(true);
  expect(worldCommand.safeParse({ ...pass, joueurId: jid(1) }).success).toBe(false);
});

test("[WORLD-19] players discover and gather, and send nothing else", () => {
  expect(wireWorldCommand.safeParse({ type: "DecouvrirZone", zoneId: zid(1) }).success).toBe(true);
  expect(wireWorldCommand.safeParse({ type: "RecolterRessource", ressourceId: rid(1), quantite: 2 }).success).toBe(
    true,
  );
  expect(wireWorldCommand.safeParse(gather(1, 1)).success).toBe(false);
  for (const command of [createWorld, pass, contribute(1, 1, 1), defeat(1, []), trigger(1)])
    expect(wireWorldCommand.safeParse(command).success).toBe(false);
});

test("the worked examples of the rules are what the code computes", () => {
  const page = readFileSync(new URL("../../../docs/world-rules.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/`(\w+)\(([^`]*)\) = (\d+)`/g)];
  expect(examples.length).toBeGreaterThan(6);
  const functions: Readonly<Record<string, unknown>> = formulas;
  for (const [text, name, input, output] of examples) {
    const json = `[${input?.replaceAll(/(\w+):/g, '"$1":')}]`;
    const computed: unknown = (functions[name ?? ""] as (...input: unknown[]) => unknown)(...JSON.parse(json));
    expect(computed, text).toBe(Number(output));
  }
});
