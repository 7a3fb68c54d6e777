import { describe, expect, test } from "vitest";
import { combat } from "../../../domain/combat/combat.ts";
import {
  act,
  attack,
  bySeed,
  cast,
  defend,
  eid,
  fighter,
  given,
  iid,
  item,
  one,
  payload,
  pid,
  prepareCommand,
  skill,
  started,
  use,
  when,
} from "./helper.ts";

const mighty = { stats: { attaque: 5000 } };
const concede = (n: number) => ({ type: "Conceder", joueurId: eid(n) }) as const;

describe("the end", () => {
  test("[END-1] the last team standing wins", () => {
    const { types, events, state } = when(started([fighter(1, mighty), fighter(2)]), attack(1, 2));
    expect(types).toEqual(["ActionExecutee", "DegatsInfliges", "CombatTermine"]);
    expect(payload(events, "CombatTermine")).toMatchObject({
      resultat: "VICTOIRE",
      raison: "DERNIERE_EQUIPE",
      equipesVictorieuses: ["A"],
      vainqueurs: [{ participantId: pid(1), entiteId: eid(1), typeEntite: "JOUEUR" }],
      vaincus: [{ participantId: pid(2) }],
      tours: 1,
      statistiques: { [pid(1)]: { degatsInfliges: 100, eliminations: [eid(2)] }, [pid(2)]: { degatsSubis: 100 } },
    });
    expect(state).toMatchObject({ etat: "TERMINE", participantActifId: null, echeance: null });
    expect(combat.mayRest?.(state)).toBe(true);
  });

  test("[END-1] three teams fight until one is left", () => {
    const three = started([fighter(1, mighty), fighter(2), fighter(4, { equipe: "C" })]);
    const two = given(three, attack(1, 2));
    expect(two.etat).toBe("EN_COURS");
    expect(given(two, defend(4), attack(1, 4)).etat).toBe("TERMINE");
  });

  test("[END-1] the last one to flee ends it", () => {
    const fled = bySeed((graine) => {
      const result = when(started([fighter(1), fighter(2)], { graine }), act(1, { typeAction: "FUITE" }));
      return result.state.etat === "TERMINE" ? result : undefined;
    });
    expect(payload(fled.events, "CombatTermine")).toMatchObject({ raison: "FUITE", equipesVictorieuses: ["B"] });
  });

  test("[END-1] a concession is not blamed for what a poison does after it", () => {
    const venom = skill(1, { cible: "ENNEMI", effets: [{ typeEffet: "POISON", puissance: 60, dureeTours: 9 }] });
    const state = started([fighter(1, { competences: [venom] }), fighter(2), fighter(3)]);
    const { events } = when(given(state, cast(1, 1, 2), defend(2), defend(3)), concede(1));
    expect(payload(events, "CombatTermine")).toMatchObject({
      raison: "DERNIERE_EQUIPE",
      vainqueurs: [{ entiteId: eid(3) }],
    });
  });

  test("[END-2] players fall KO, the others die", () => {
    const state = started([fighter(1, mighty), fighter(2), fighter(4, { typeEntite: "PNJ" })]);
    expect(one(given(state, attack(1, 2)), 2)).toMatchObject({ etat: "KO", hpActuel: 0 });
    expect(one(given(state, attack(1, 4)), 4)).toMatchObject({ etat: "MORT", hpActuel: 0 });
  });

  test("[END-3] with the boss dead its minions do not matter", () => {
    const raid = [fighter(1, mighty), fighter(2, { typeEntite: "BOSS" }), fighter(4, { typeEntite: "PNJ" })];
    const conditionsVictoire = { bossVaincu: true };
    const { events } = when(started(raid, { conditionsVictoire }), attack(1, 2));
    expect(payload(events, "CombatTermine")).toMatchObject({
      raison: "BOSS_VAINCU",
      equipesVictorieuses: ["A"],
      bossVaincus: [{ entiteId: eid(2) }],
    });
    expect(given(started(raid), attack(1, 2)).etat).toBe("EN_COURS");
  });

  test("[END-4] surviving long enough wins", () => {
    const conditionsVictoire = { survie: { equipe: "A", tours: 3 } };
    const state = given(started([fighter(1), fighter(2)], { conditionsVictoire }), defend(1), defend(2));
    const { events } = when(state, defend(1));
    expect(payload(events, "CombatTermine")).toMatchObject({ raison: "SURVIE", equipesVictorieuses: ["A"], tours: 3 });
  });

  test("[END-5] at the turn limit nobody wins", () => {
    const state = given(started([fighter(1), fighter(2)], { conditionsVictoire: { limiteTours: 2 } }), defend(1));
    expect(payload(when(state, defend(2)).events, "CombatTermine")).toMatchObject({
      resultat: "NUL",
      raison: "LIMITE_TOURS",
      vainqueurs: [],
      vaincus: [],
      recompenses: {},
    });
  });

  test("[END-6] conceding works at any time, and shares in no victory", () => {
    const state = started([fighter(1, mighty), fighter(2), fighter(3), fighter(4)]);
    const early = when(state, concede(3));
    expect(early.types).toEqual(["ParticipantRetire"]);
    expect(one(early.state, 3)).toMatchObject({ etat: "KO", retire: true });
    expect(early.state.participantActifId).toBe(pid(1));
    expect(when(early.state, concede(3)).code).toBe("PARTICIPANT_OUT");
    expect(when(state, concede(9)).code).toBe("NOT_A_PARTICIPANT");
    const won = when(given(early.state, attack(1, 2), defend(4)), attack(1, 4));
    expect(payload(won.events, "CombatTermine").vainqueurs.map((each) => each.participantId)).toEqual([pid(1)]);
    const last = when(given(state, concede(2)), concede(4));
    expect(payload(last.events, "CombatTermine")).toMatchObject({ raison: "CONCESSION", equipesVictorieuses: ["A"] });
    expect(when(state, concede(1)).types).toEqual(["ParticipantRetire", "TourDebute"]);
  });

  test("[END-7] winners get experience in full, gold in shares, drops by chance", () => {
    const recompenses = {
      experience: 70,
      or: 101,
      objets: [
        { itemId: iid(1), quantite: 2 },
        { itemId: iid(2), chance: 50 },
      ],
    };
    const team = [fighter(1, mighty), fighter(2), fighter(3), fighter(5, { typeEntite: "PNJ" })];
    const rewards = (graine: string) =>
      payload(when(started(team, { recompenses, graine }), attack(1, 2)).events, "CombatTermine").recompenses;
    expect(Object.keys(rewards("x")).sort()).toEqual([pid(1), pid(3)]);
    expect(rewards("x")[pid(1)]).toMatchObject({ entiteId: eid(1), experience: 70, or: 51 });
    expect(rewards("x")[pid(3)]).toMatchObject({ experience: 70, or: 50 });
    expect(rewards("x")[pid(1)]?.objets[0]).toEqual({ itemId: iid(1), quantite: 2 });
    const drops = (count: number) =>
      bySeed((graine) => (rewards(graine)[pid(1)]?.objets.length === count ? count : undefined));
    expect([drops(1), drops(2)]).toEqual([1, 2]);
  });

  test("[END-8] it can be abandoned until it is over", () => {
    const quit = { type: "Abandonner", raison: "operator" } as const;
    const waiting = given(combat.initial, prepareCommand([fighter(1), fighter(2)], { preparationMs: 9000 }));
    for (const state of [waiting, started([fighter(1), fighter(2)])]) {
      const { types, state: after } = when(state, quit);
      expect(types).toEqual(["CombatAbandonne"]);
      expect(after).toMatchObject({ etat: "ABANDONNE", echeance: null, participantActifId: null });
      expect(when(after, quit).code).toBe("COMBAT_OVER");
    }
    expect(when(combat.initial, quit).code).toBe("COMBAT_NOT_FOUND");
  });

  test("[END-9] what became of a followed player goes back, and of nobody else", () => {
    const potion = item(1, { cible: "SOI", soin: { puissance: 10 } });
    const hero = fighter(1, { ...mighty, suivi: true, cote: 1_300, hpActuel: 60, objets: [potion] });
    const team = [hero, fighter(2, { typeEntite: "PNJ" }), fighter(3), fighter(4, { suivi: true })];
    const running = given(started(team), use(1, 1));
    const tired = given(running, { type: "JouerPnj", numeroTour: 2 }, defend(3), defend(4));
    const won = when(given(tired, attack(1, 2), defend(3), defend(4)), attack(1, 4));
    const { retours, statistiques } = payload(won.events, "CombatTermine");
    expect(Object.keys(retours).sort()).toEqual([pid(1), pid(4)]);
    expect(retours[pid(1)]).toMatchObject({
      entiteId: eid(1),
      resultat: "VICTOIRE",
      hpActuel: one(won.state, 1).hpActuel,
      objetsUtilises: { [iid(1)]: 1 },
      pnjVaincus: [eid(2)],
      cote: 1_300,
    });
    expect(retours[pid(4)]).toMatchObject({ resultat: "DEFAITE", hpActuel: 0, objetsUtilises: {}, pnjVaincus: [] });
    expect(statistiques[pid(1)]?.eliminations).toEqual([eid(2), eid(4)]);

    const left = when(started(team), { type: "Abandonner", raison: "operator" });
    expect(payload(left.events, "CombatAbandonne").retours[pid(1)]).toMatchObject({
      resultat: "ABANDON",
      hpActuel: 60,
    });
  });

  test("[END-9] in a combat of the first schema version nobody is followed", () => {
    const { upcasters } = combat.events["CombatTermine"] ?? {};
    expect(upcasters?.[1]?.({ combatId: "x" })).toEqual({ combatId: "x", retours: {} });
    const { upcasters: older } = combat.events["CombatDemarre"] ?? {};
    expect(older?.[1]?.({ participants: [{ nom: "Alix" }] })).toEqual({
      participants: [{ nom: "Alix", suivi: false }],
    });
  });
});
