import { describe, expect, test } from "vitest";
import { critical, defended, halved, resisted, varied } from "../../../domain/combat/formulas.ts";
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
  skill,
  started,
  when,
} from "./helper.ts";

type Stats = Partial<Fighter["statsCombat"]>;

/** The first seed with which the attack of 1 on 2 ends as `resultat`. */
function blow(attacker: Stats, victim: Stats, resultat: string, over: Partial<Fighter> = {}) {
  return bySeed((graine) => {
    const state = started([fighter(1, { stats: attacker }), fighter(2, { stats: victim, ...over })], { graine });
    const result = when(state, attack(1, 2));
    return payload(result.events, "ActionExecutee").resultat === resultat ? result : undefined;
  });
}

function jetOf(result: ReturnType<typeof blow>) {
  const [jet] = payload(result.events, "ActionExecutee").jets;
  if (jet === undefined) throw new Error("no roll");
  return jet;
}

describe("hitting", () => {
  test("[HIT-1] a roll above the accuracy misses", () => {
    const missed = blow({ precision: 50 }, {}, "ECHEC");
    expect(jetOf(missed).precision).toBeGreaterThan(50);
    expect(missed.types).toEqual(["ActionExecutee", "TourDebute"]);
    expect(jetOf(blow({ precision: 50 }, {}, "SUCCES")).precision).toBeLessThanOrEqual(50);
  });

  test("[HIT-2] who dodges is not hurt; the stunned cannot", () => {
    const dodged = blow({}, { esquive: 60 }, "ESQUIVE");
    expect(jetOf(dodged).esquive).toBeLessThanOrEqual(60);
    expect(one(dodged.state, 2).hpActuel).toBe(100);
    const stun = skill(1, { cible: "ENNEMI", effets: [{ typeEffet: "STUN", dureeTours: 3 }] });
    for (let n = 0; n < 20; n++) {
      const base = started([fighter(1, { competences: [stun] }), fighter(2, { stats: { esquive: 75, blocage: 75 } })], {
        graine: `g${n}`,
      });
      const { state } = when(base, cast(1, 1, 2));
      if (Object.keys(one(state, 2).effets).length === 0) continue;
      expect(payload(when(state, attack(1, 2)).events, "ActionExecutee").resultat).toBe("SUCCES");
    }
  });

  test("[HIT-3] a block halves", () => {
    const blocked = blow({ critique: 100 }, { blocage: 50 }, "BLOQUE");
    const { degatsBruts, degatsFinaux, critique } = payload(blocked.events, "DegatsInfliges");
    expect(degatsFinaux).toBe(halved(degatsBruts));
    expect(critique).toBe(false);
  });

  test("[HIT-4] a critical multiplies; an act without damage has none", () => {
    const hit = blow({ critique: 50, critiqueMultiplicateur: 200 }, {}, "CRITIQUE");
    expect(payload(hit.events, "DegatsInfliges")).toMatchObject({
      critique: true,
      degatsBruts: critical(varied(20, jetOf(hit).variation ?? 0), 200),
    });
    const curse = skill(1, { cible: "ENNEMI", effets: [{ typeEffet: "SILENCE", dureeTours: 1 }] });
    const state = started([
      fighter(1, { competences: [curse], stats: { critique: 100 } }),
      fighter(2, { stats: { blocage: 75 } }),
    ]);
    expect(payload(when(state, cast(1, 1, 2)).events, "ActionExecutee").resultat).toBe("SUCCES");
  });
});

describe("damage", () => {
  const hitWith = (over: Partial<Fighter>, stats: Stats = {}) => blow({}, stats, "SUCCES", over);

  test("[DMG-1] [DMG-3] [DMG-5] power, variation, defence, in this order", () => {
    const hit = hitWith({}, { defense: 50 });
    const bruts = varied(20, jetOf(hit).variation ?? 0);
    expect(payload(hit.events, "DegatsInfliges")).toMatchObject({
      degatsBruts: bruts,
      degatsFinaux: defended(bruts, 50),
      reduction: bruts - defended(bruts, 50),
    });
  });

  test("[DMG-5] defenseMagique stands against the other elements", () => {
    const fire = skill(1, { cible: "ENNEMI", degats: { element: "FEU", puissance: 40 } });
    const shielded = { defense: 1000, defenseMagique: 100 };
    const state = started([fighter(1, { competences: [fire] }), fighter(2, { stats: shielded })]);
    const { degatsBruts, degatsFinaux } = payload(when(state, cast(1, 1, 2)).events, "DegatsInfliges");
    expect(degatsFinaux).toBe(defended(degatsBruts, 100));
  });

  test("[DMG-2] FORCE and FAIBLESSE of the attacker count", () => {
    const rage = skill(1, { cible: "SOI", effets: [{ typeEffet: "FORCE", puissance: 50, dureeTours: 3 }] });
    const state = given(started([fighter(1, { competences: [rage] }), fighter(2)]), cast(1, 1), defend(2));
    const { events } = when(state, attack(1, 2));
    const [jet] = payload(events, "ActionExecutee").jets;
    expect(payload(events, "DegatsInfliges").degatsBruts).toBe(varied(30, jet?.variation ?? 0));
  });

  test("[DMG-7] DEFENSE halves", () => {
    const state = given(started([fighter(1), fighter(2)]), defend(1), defend(2));
    const { degatsBruts, degatsFinaux } = payload(when(state, attack(1, 2)).events, "DegatsInfliges");
    expect(degatsFinaux).toBe(halved(degatsBruts));
  });

  test("[DMG-8] resistance, weakness and immunity", () => {
    for (const PHYSIQUE of [40, -60, 100]) {
      const { degatsBruts, degatsFinaux } = payload(hitWith({ resistances: { PHYSIQUE } }).events, "DegatsInfliges");
      expect(degatsFinaux).toBe(resisted(degatsBruts, PHYSIQUE));
    }
    expect(one(hitWith({ resistances: { PHYSIQUE: 150 } }).state, 2).hpActuel).toBe(100);
  });

  test("[DMG-10] a shield takes its share first, and hit points never fall below 0", () => {
    const shield = skill(1, { cible: "SOI", effets: [{ typeEffet: "BOUCLIER", puissance: 15, dureeTours: 5 }] });
    const pair = [fighter(1, { competences: [shield], hpActuel: 20 }), fighter(2, { stats: { attaque: 30 } })];
    const first = when(given(started(pair), cast(1, 1)), attack(2, 1));
    const damage = payload(first.events, "DegatsInfliges");
    const [taken] = damage.boucliers ?? [];
    expect(taken).toMatchObject({ absorbe: 15, reste: 0 });
    expect(damage.degatsFinaux).toBe(damage.degatsBruts - 15);
    expect(damage.reduction).toBe(15);
    expect(damage.hpApres).toBe(20 - damage.degatsFinaux);
    expect(payload(first.events, "EffetStatutExpire")).toMatchObject({ typeEffet: "BOUCLIER", raison: "EPUISE" });
    const second = when(given(first.state, defend(1), defend(2), defend(1)), attack(2, 1));
    expect(payload(second.events, "DegatsInfliges")).toMatchObject({ hpApres: 0, etatApres: "KO" });
  });
});

describe("healing", () => {
  const heal = skill(1, { cible: "ALLIE", soin: { puissance: 20, ratioMagie: 80 } });
  const healer = (hpActuel: number) =>
    started([fighter(1, { competences: [heal], stats: { magie: 25 }, hpActuel }), fighter(2)]);

  test("[HEAL-1] power and magic, no roll", () => {
    expect(payload(when(healer(10), cast(1, 1, 1)).events, "SoinsRecus")).toMatchObject({
      soinBrut: 40,
      soinFinal: 40,
      surplus: 0,
      avant: 10,
      apres: 50,
    });
  });

  test("[HEAL-2] never above the maximum; nothing given is no event", () => {
    expect(payload(when(healer(90), cast(1, 1, 1)).events, "SoinsRecus")).toMatchObject({
      soinFinal: 10,
      surplus: 30,
      apres: 100,
    });
    expect(when(healer(100), cast(1, 1, 1)).types).toEqual(["ActionExecutee", "TourDebute"]);
  });

  test("[HEAL-2] mana too", () => {
    const brew = skill(1, { cible: "SOI", soin: { ressource: "MP", puissance: 30 } });
    const state = started([fighter(1, { competences: [brew], mpActuel: 5 }), fighter(2)]);
    expect(one(given(state, cast(1, 1)), 1).mpActuel).toBe(35);
  });
});
