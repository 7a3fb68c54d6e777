import { describe, expect, test } from "vitest";
import { combat } from "../../../domain/combat/combat.ts";
import type { CombatState } from "../../../domain/combat/state.ts";
import {
  attack,
  bySeed,
  cast,
  defend,
  eid,
  fighter,
  given,
  one,
  payload,
  payloads,
  pid,
  skill,
  started,
  when,
} from "./helper.ts";

const stun = (dureeTours: number) => skill(1, { cible: "ENNEMI", effets: [{ typeEffet: "STUN", dureeTours }] });
const expire = (numeroTour: number) => ({ type: "ExpirerTour", numeroTour }) as const;

describe("turns", () => {
  test("[TURN-1] highest initiative first, ties by the seed alone", () => {
    expect(started([fighter(1, { initiative: 5 }), fighter(2, { initiative: 9 })]).ordreTour).toEqual([pid(2), pid(1)]);
    const tied = (graine: string) =>
      started(
        [1, 2, 3, 4].map((n) => fighter(n, { initiative: 7 })),
        { graine },
      ).ordreTour;
    expect(tied("x")).toEqual(tied("x"));
    expect(bySeed((graine) => (tied(graine)[0] === pid(4) ? graine : undefined))).toBeDefined();
    expect(bySeed((graine) => (tied(graine)[0] === pid(1) ? graine : undefined))).toBeDefined();
  });

  test("[TURN-2] after the last of the order a new round begins, in the order of that moment", () => {
    const slow = skill(1, { cible: "ENNEMI", effets: [{ typeEffet: "RALENTI", puissance: 50, dureeTours: 5 }] });
    const state = started([fighter(1), fighter(2, { competences: [slow] }), fighter(3)]);
    const second = when(given(state, defend(1)), cast(2, 1, 1));
    expect(payload(second.events, "TourDebute")).toMatchObject({ numeroTour: 3, manche: 1, participantId: pid(3) });
    const round = when(second.state, defend(3));
    expect(payload(round.events, "TourDebute")).toMatchObject({
      numeroTour: 4,
      manche: 2,
      participantId: pid(2),
      ordreTour: [pid(2), pid(3), pid(1)],
    });
    expect(payload(when(round.state, defend(2)).events, "TourDebute")).not.toHaveProperty("ordreTour");
  });

  test("[TURN-3] a turn's start shortens effects and cooldowns and ends the stance", () => {
    const quick = skill(1, {
      cible: "SOI",
      recharge: 2,
      effets: [{ typeEffet: "FORCE", puissance: 10, dureeTours: 3 }],
    });
    const state = given(started([fighter(1, { competences: [quick] }), fighter(2)]), cast(1, 1), defend(2));
    expect(Object.values(one(state, 1).effets)).toMatchObject([{ typeEffet: "FORCE", dureeTours: 2 }]);
    expect(Object.values(one(state, 1).recharges)).toEqual([2]);
    expect(one(state, 2).enDefense).toBe(true);
    expect(one(given(state, defend(1)), 2).enDefense).toBe(false);
  });

  test("[TURN-3] who does not survive the start of its turn loses it", () => {
    const venom = skill(1, { cible: "ENNEMI", effets: [{ typeEffet: "POISON", puissance: 100, dureeTours: 3 }] });
    const state = started([fighter(1, { competences: [venom] }), fighter(2), fighter(4)]);
    const { types, state: after } = when(state, cast(1, 1, 2));
    expect(types).toEqual([
      "ActionExecutee",
      "EffetStatutApplique",
      "TourDebute",
      "DegatsInfliges",
      "EffetStatutExpire",
      "TourDebute",
    ]);
    expect(after.participantActifId).toBe(pid(4));
    expect(one(after, 2).etat).toBe("KO");
  });

  test("[TURN-4] the stunned have their turns begun and passed", () => {
    const state = started([fighter(1, { competences: [stun(2)] }), fighter(2)]);
    const first = when(state, cast(1, 1, 2));
    expect(payloads(first.events, "TourDebute")).toMatchObject([
      { numeroTour: 2, participantId: pid(2), passe: "STUN" },
      { numeroTour: 3, participantId: pid(1) },
    ]);
    const second = when(first.state, defend(1));
    expect(second.types).toEqual(["ActionExecutee", "TourDebute", "EffetStatutExpire", "TourDebute"]);
    expect(given(second.state, defend(1)).participantActifId).toBe(pid(2));
  });

  test("[TURN-4] even when all are stunned, somebody's turn comes", () => {
    const all = skill(1, { cible: "TOUS", effets: [{ typeEffet: "STUN", dureeTours: 10 }] });
    const self = skill(2, { cible: "SOI", effets: [{ typeEffet: "STUN", dureeTours: 10 }] });
    const state = started([fighter(1, { competences: [all, self] }), fighter(2), fighter(4)]);
    const stunned = given(state, cast(1, 1));
    const { state: after, code } = when(stunned, cast(1, 2));
    expect(code).toBeUndefined();
    expect(after.etat).toBe("EN_COURS");
    expect(after.participantActifId).not.toBeNull();
  });
});

describe("deadlines", () => {
  const sleep = (state: CombatState) => when(state, expire(state.tourActuel), 1e9);

  test("[TIME-1] the sleeper takes DEFENSE", () => {
    const state = started([fighter(1, { staminaActuel: 50 }), fighter(2)]);
    expect(combat.wakeUp?.(state)).toEqual({ at: 30_000, command: expire(1) });
    const { types, events } = when(state, expire(1), 30_000);
    expect(types).toEqual(["ActionExecutee", "SoinsRecus", "TourDebute"]);
    expect(payload(events, "ActionExecutee")).toMatchObject({ typeAction: "DEFENSE", automatique: true });
    expect(payload(events, "TourDebute").echeance).toBe(new Date(60_000).toISOString());
  });

  test("[TIME-2] after three in a row a player is out", () => {
    let state = started([fighter(1), fighter(2)]);
    for (let round = 0; round < 2; round++) state = given(sleep(state).state, defend(2));
    const third = sleep(state);
    expect(third.types).toEqual(["ActionExecutee", "ParticipantRetire", "CombatTermine"]);
    expect(payload(third.events, "CombatTermine")).toMatchObject({ raison: "INACTIVITE", equipesVictorieuses: ["B"] });
  });

  test("[TIME-2] an act of its own starts the count anew", () => {
    let state = started([fighter(1), fighter(2)]);
    for (let round = 0; round < 2; round++) state = given(sleep(state).state, defend(2));
    state = given(state, defend(1), defend(2));
    for (let round = 0; round < 2; round++) state = given(sleep(state).state, defend(2));
    expect(state.etat).toBe("EN_COURS");
    expect(sleep(state).state.etat).toBe("TERMINE");
  });

  test("[TIME-3] a deadline too early or of another turn is refused; a late act is not", () => {
    const state = started([fighter(1), fighter(2)]);
    expect(when(state, expire(1), 29_999).code).toBe("TOO_EARLY");
    expect(when(state, expire(0), 1e9).code).toBe("STALE_TURN");
    expect(when(state, attack(1, 2), 1e9).code).toBeUndefined();
    expect(when(given(state, defend(1)), expire(1), 1e9).code).toBe("STALE_TURN");
  });

  test("[NPC-1] a non-player's turn wakes by its own delay", () => {
    const state = started([fighter(1, { typeEntite: "PNJ" }), fighter(2)], { delaiPnjMs: 250 });
    expect(combat.wakeUp?.(state)).toEqual({ at: 250, command: { type: "JouerPnj", numeroTour: 1 } });
    const { state: after, types } = when(state, { type: "JouerPnj", numeroTour: 1 }, 250);
    expect(types).toEqual(["ActionExecutee", "DegatsInfliges", "TourDebute"]);
    expect(when(after, { type: "JouerPnj", numeroTour: 1 }, 250).code).toBe("STALE_TURN");
    expect(when(after, { type: "JouerPnj", numeroTour: 2 }, 250).code).toBe("NOT_NPC_TURN");
    expect(when(state, attack(1, 2)).code).toBe("NOT_A_PARTICIPANT");
    expect(eid(1)).toBe(one(state, 1).entiteId);
  });
});
