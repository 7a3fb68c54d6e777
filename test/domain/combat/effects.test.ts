import { describe, expect, test } from "vitest";
import type { CombatState } from "../../../domain/combat/state.ts";
import type { TypeEffet } from "../../../domain/combat/values.ts";
import {
  attack,
  bySeed,
  cast,
  defend,
  type Fighter,
  fighter,
  given,
  one,
  payload,
  payloads,
  pid,
  sid,
  skill,
  started,
  when,
} from "./helper.ts";

type EffectInput = NonNullable<Parameters<typeof skill>[1]["effets"]>[number];

/** Number 1 can put it on an enemy (skill 1) or on itself (skill 2), dispel an enemy (3) or itself (4), and nobody pays anything. */
function duel(effect: EffectInput, over: Partial<Fighter> = {}, graine = "seed"): CombatState {
  const competences = [
    skill(1, { cible: "ENNEMI", effets: [effect] }),
    skill(2, { cible: "SOI", effets: [effect] }),
    skill(3, { cible: "ENNEMI", dissipe: 1 }),
    skill(4, { cible: "SOI", dissipe: 1 }),
  ];
  return started([fighter(1, { competences }), fighter(2, { competences, ...over })], { graine });
}

const effectsOf = (state: CombatState, n: number) => Object.values(one(state, n).effets);
const typesOf = (state: CombatState, n: number) => effectsOf(state, n).map((effect) => effect.typeEffet);

describe("each effect", () => {
  test("[EFF-1] POISON hurts at the turn's start, past defence, in stacks up to five", () => {
    const poison: EffectInput = { typeEffet: "POISON", puissance: 4, dureeTours: 9 };
    let state = duel(poison, { stats: { attaque: 1, defense: 999 } } as Partial<Fighter>);
    for (const lost of [4, 8, 12, 16, 20, 20]) {
      const { events, state: next } = when(state, cast(1, 1, 2));
      expect(payload(events, "DegatsInfliges")).toMatchObject({
        element: "POISON",
        degatsFinaux: lost,
        source: { participantId: pid(1), typeEffet: "POISON" },
      });
      state = given(next, defend(2));
    }
    expect(effectsOf(state, 2)).toMatchObject([{ stacks: 5 }]);
    expect(one(state, 1).bilan.degatsInfliges).toBe(80);
  });

  test("[EFF-1] it lasts its number of own turns", () => {
    let state = given(duel({ typeEffet: "POISON", puissance: 4, dureeTours: 2 }), cast(1, 1, 2));
    for (let turn = 0; turn < 3; turn++) state = given(state, defend(2), defend(1));
    expect(one(state, 2).hpActuel).toBe(92);
    expect(effectsOf(state, 2)).toEqual([]);
  });

  test("[EFF-2] BRULURE burns with FEU, and resistance to it helps", () => {
    const burn: EffectInput = { typeEffet: "BRULURE", puissance: 10, dureeTours: 2 };
    const { events, state } = when(duel(burn, { resistances: { FEU: 50 } }), cast(1, 1, 2));
    expect(payload(events, "DegatsInfliges")).toMatchObject({
      element: "FEU",
      degatsBruts: 10,
      degatsFinaux: 5,
      hpApres: 95,
    });
    expect(effectsOf(given(state, defend(2), cast(1, 1, 2)), 2)).toMatchObject([{ stacks: 1 }]);
  });

  test("[EFF-3] REGEN heals at the turn's start, in stacks up to three", () => {
    const regen: EffectInput = { typeEffet: "REGEN", puissance: 5, dureeTours: 9 };
    const competences = [skill(2, { cible: "SOI", effets: [regen] })];
    let state = started([fighter(1, { competences, hpActuel: 10 }), fighter(2)]);
    for (let turn = 0; turn < 4; turn++) state = given(state, cast(1, 2), defend(2));
    expect(one(state, 1).hpActuel).toBe(10 + 5 + 10 + 15 + 15);
    expect(one(state, 1).bilan.soinsProdigues).toBe(45);
  });

  test("[EFF-4] BOUCLIER takes damage of any kind until it is used up", () => {
    const shield: EffectInput = { typeEffet: "BOUCLIER", puissance: 30, dureeTours: 9 };
    let state = given(
      duel(shield, { statsCombat: { attaque: 20, precision: 100, critique: 0, esquive: 0 } }),
      cast(1, 2),
    );
    const first = when(state, attack(2, 1));
    expect(payload(first.events, "DegatsInfliges")).toMatchObject({ degatsFinaux: 0, hpApres: 100 });
    const left = 30 - payload(first.events, "DegatsInfliges").degatsBruts;
    expect(effectsOf(first.state, 1)).toMatchObject([{ typeEffet: "BOUCLIER", puissance: left }]);
    state = given(first.state, attack(1, 2));
    expect(payload(when(state, attack(2, 1)).events, "EffetStatutExpire").raison).toBe("EPUISE");
  });

  test("[EFF-5] STUN is not prolonged while it lasts", () => {
    const stunned = given(duel({ typeEffet: "STUN", dureeTours: 3 }), cast(1, 1, 2));
    const again = when(stunned, cast(1, 1, 2));
    expect(payload(again.events, "ActionExecutee").effetsAppliques).toEqual([]);
    expect(again.types).not.toContain("EffetStatutApplique");
    expect(given(again.state, defend(1), defend(1)).participantActifId).toBe(pid(2));
  });

  test("[EFF-6] SILENCE forbids skills for its turns", () => {
    const state = given(duel({ typeEffet: "SILENCE", dureeTours: 1 }), cast(1, 1, 2));
    expect(when(state, cast(2, 4)).code).toBe("SILENCED");
    expect(when(given(state, attack(2, 1), defend(1)), cast(2, 4)).code).toBeUndefined();
  });

  test("[EFF-7] [EFF-8] RALENTI and HATE change order and reach", () => {
    const move = (position: number) => ({ type: "ExecuterAction", typeAction: "DEPLACEMENT", position }) as const;
    const slowed = given(duel({ typeEffet: "RALENTI", puissance: 10, dureeTours: 2 }), cast(1, 1, 2));
    const joueurId = one(slowed, 2).entiteId;
    expect(when(slowed, { ...move(8), joueurId }).code).toBe("INVALID_POSITION");
    expect(when(slowed, { ...move(7), joueurId }).code).toBeUndefined();
    const competences = [skill(1, { cible: "SOI", effets: [{ typeEffet: "HATE", puissance: 10, dureeTours: 2 }] })];
    const hasty = given(started([fighter(1), fighter(2, { competences })]), defend(1), cast(2, 1));
    expect(hasty.ordreTour).toEqual([pid(2), pid(1)]);
    expect(when(hasty, { ...move(9), joueurId }).code).toBeUndefined();
  });

  test("[EFF-9] [EFF-10] FORCE and FAIBLESSE stack up to three", () => {
    for (const [typeEffet, sum] of [
      ["FORCE", 30],
      ["FAIBLESSE", -30],
    ] as const) {
      let state = duel({ typeEffet, puissance: 10, dureeTours: 9 });
      for (let turn = 0; turn < 3; turn++) state = given(state, cast(1, 2), defend(2));
      const { events } = when(state, cast(1, 2));
      expect(payload(events, "EffetStatutApplique")).toMatchObject({
        stacks: 3,
        modificateurs: { degatsPourcent: sum },
      });
    }
  });
});

test("[EFF-7] [EFF-10] an effect without strength changes by 0, not by -0", () => {
  for (const [typeEffet, key] of [
    ["RALENTI", "initiative"],
    ["FAIBLESSE", "degatsPourcent"],
  ] as const) {
    const { events } = when(duel({ typeEffet, dureeTours: 1 }), cast(1, 1, 2));
    expect(payload(events, "EffetStatutApplique").modificateurs[key]).toBe(0);
  }
});

describe("all effects", () => {
  test("[EFF-11] a second one refreshes the first: longer, stronger, same id", () => {
    const strong = skill(1, { cible: "ENNEMI", effets: [{ typeEffet: "RALENTI", puissance: 9, dureeTours: 2 }] });
    const long = skill(2, { cible: "ENNEMI", effets: [{ typeEffet: "RALENTI", puissance: 3, dureeTours: 6 }] });
    const state = started([fighter(1, { competences: [strong, long] }), fighter(2)]);
    const first = payload(when(state, cast(1, 1, 2)).events, "EffetStatutApplique");
    const second = payload(when(given(state, cast(1, 1, 2), defend(2)), cast(1, 2, 2)).events, "EffetStatutApplique");
    expect(second).toMatchObject({ effetId: first.effetId, puissance: 9, dureeTours: 6, stacks: 1 });
    expect(first).toMatchObject({ source: { type: "COMPETENCE", id: sid(1), participantId: pid(1) }, estDebuff: true });
  });

  test("[EFF-12] by chance, and never on the immune", () => {
    const maybe: EffectInput = { typeEffet: "SILENCE", dureeTours: 2, chance: 50 };
    const held = (graine: string) => typesOf(given(duel(maybe, {}, graine), cast(1, 1, 2)), 2).length;
    expect(bySeed((graine) => (held(graine) === 1 ? true : undefined))).toBe(true);
    expect(bySeed((graine) => (held(graine) === 0 ? true : undefined))).toBe(true);
    const immune = when(duel({ typeEffet: "STUN", dureeTours: 1 }, { immunites: ["STUN"] }), cast(1, 1, 2));
    expect(immune.types).toEqual(["ActionExecutee", "TourDebute"]);
  });

  test("[EFF-13] not where the act missed or killed", () => {
    const sting = skill(1, {
      cible: "ENNEMI",
      degats: { element: "PHYSIQUE", puissance: 50 },
      effets: [{ typeEffet: "POISON", puissance: 1, dureeTours: 2 }],
    });
    const dodging = (graine: string) =>
      started([fighter(1, { competences: [sting] }), fighter(2, { stats: { esquive: 60 } })], { graine });
    const dodged = bySeed((graine) => {
      const result = when(dodging(graine), cast(1, 1, 2));
      return payload(result.events, "ActionExecutee").resultat === "ESQUIVE" ? result : undefined;
    });
    expect(dodged.types).not.toContain("EffetStatutApplique");
    const killed = when(started([fighter(1, { competences: [sting] }), fighter(2, { hpActuel: 10 })]), cast(1, 1, 2));
    expect(killed.types).toEqual(["ActionExecutee", "DegatsInfliges", "CombatTermine"]);
    expect(payload(killed.events, "ActionExecutee").effetsAppliques).toEqual([]);
  });

  test("[EFF-14] dispel takes debuffs of friends and buffs of enemies, where that is allowed", () => {
    const poisoned = given(duel({ typeEffet: "POISON", puissance: 1, dureeTours: 9 }), cast(1, 1, 2));
    const cleansed = when(poisoned, cast(2, 4));
    expect(payload(cleansed.events, "EffetStatutExpire")).toMatchObject({
      typeEffet: "POISON",
      raison: "DISSIPE",
      participantId: pid(2),
    });
    const strong = given(duel({ typeEffet: "FORCE", puissance: 1, dureeTours: 9 }), cast(1, 2));
    expect(typesOf(given(strong, cast(2, 3, 1)), 1)).toEqual([]);
    expect(typesOf(given(strong, defend(2), cast(1, 4), defend(2)), 1)).toEqual(["FORCE"]);
    const lasting = given(
      duel({ typeEffet: "FORCE", puissance: 1, dureeTours: 9, peutEtreDissipe: false }),
      cast(1, 2),
    );
    expect(typesOf(given(lasting, cast(2, 3, 1)), 1)).toEqual(["FORCE"]);
  });

  test("[EFF-15] it expires at the end of the last of its turns", () => {
    let state = given(duel({ typeEffet: "FORCE", puissance: 50, dureeTours: 1 }), cast(1, 2), defend(2));
    expect(effectsOf(state, 1)).toMatchObject([{ dureeTours: 0 }]);
    const spent = when(state, attack(1, 2));
    expect(payload(spent.events, "DegatsInfliges").degatsBruts).toBeGreaterThanOrEqual(28);
    expect(spent.types).toEqual(["ActionExecutee", "DegatsInfliges", "EffetStatutExpire", "TourDebute"]);
    expect(payload(spent.events, "EffetStatutExpire").raison).toBe("DUREE");
    state = spent.state;
    expect(effectsOf(state, 1)).toEqual([]);
  });

  test("[EFF-16] who falls or gives up loses all effects", () => {
    const competences = [
      skill(1, {
        cible: "ENNEMI",
        effets: (["SILENCE", "FAIBLESSE"] as TypeEffet[]).map((typeEffet) => ({ typeEffet, dureeTours: 9 })),
      }),
    ];
    const trio = [fighter(1, { competences, stats: { attaque: 500 } }), fighter(2), fighter(4)];
    const weakened = given(started(trio), cast(1, 1, 2));
    const conceded = when(weakened, { type: "Conceder", joueurId: one(weakened, 2).entiteId });
    expect(payloads(conceded.events, "EffetStatutExpire").map((expired) => expired.raison)).toEqual([
      "HORS_COMBAT",
      "HORS_COMBAT",
    ]);
    expect(effectsOf(conceded.state, 2)).toEqual([]);
    const killed = given(weakened, defend(2), defend(4), attack(1, 2));
    expect(effectsOf(killed, 2)).toEqual([]);
  });
});
