import { describe, expect, test } from "vitest";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { combatSkills, passiveBonus } from "../../../domain/player/competences.ts";
import type { PlayerState } from "../../../domain/player/state.ts";
import { totalStats } from "../../../domain/player/stats.ts";
import { currentVitals } from "../../../domain/player/vitals.ts";
import { born, given, known, learn, payloads, type SkillInput, sid, when } from "./life-helper.ts";

const improve = (n: number): PlayerCommand => ({ type: "AmeliorerCompetence", competenceId: sid(n) });
const use = (n: number): PlayerCommand => ({ type: "UtiliserCompetence", competenceId: sid(n) });

/** A mage with skill points. */
const able = (points = 50) => born({ pointsCompetence: points, niveau: 5 });

describe("learning", () => {
  test("[SKILL-1] costs its points and carries the definition", () => {
    const { events, types, state } = when(able(5), learn(1, { coutPoints: 3, nom: "Soin" }));
    expect(types).toEqual(["CompetenceAprise", "StatsModifiees"]);
    expect(payloads(events, "CompetenceAprise")).toMatchObject([
      { competenceId: sid(1), niveau: 1, coutPoints: 3, definition: { nom: "Soin" } },
    ]);
    expect(payloads(events, "StatsModifiees")).toMatchObject([
      { raison: "COMPETENCE", reference: sid(1), stats: { pointsCompetence: { avant: 5, apres: 2 } } },
    ]);
    expect(state.joueur.pointsCompetence).toBe(2);
  });

  test.each<[string, PlayerState, PlayerCommand]>([
    ["UNKNOWN_SKILL", able(), { type: "ApprendreCompetence", competenceId: sid(1), definitions: known({}) }],
    ["SKILL_ALREADY_KNOWN", given(able(), learn(1)), learn(1)],
    ["LEVEL_TOO_LOW", able(), learn(1, { niveauRequis: 6 })],
    ["WRONG_CLASS", able(), learn(1, { classes: ["GUERRIER"] })],
    ["NOT_ENOUGH_POINTS", able(2), learn(1, { coutPoints: 3 })],
  ])("[SKILL-1] %s", (code, state, command) => {
    expect(when(state, command).code).toBe(code);
  });

  test("[SKILL-1] required skills at required levels", () => {
    const second = learn(2, { preRequis: { competences: [{ competenceId: sid(1), niveau: 2 }] } });
    expect(when(able(), second).code).toBe("SKILL_REQUIRED");
    const first = given(able(), learn(1));
    expect(when(first, second).code).toBe("SKILL_REQUIRED");
    expect(when(given(first, improve(1)), second).code).toBeUndefined();
  });

  test("[SKILL-2] 16 that are not passive, 64 in all", () => {
    const active = given(able(), ...Array.from({ length: 16 }, (_, n) => learn(n + 1)));
    expect(when(active, learn(17, { typeCompetence: "ULTIMATE" })).code).toBe("SKILLS_FULL");
    const passive: SkillInput = { typeCompetence: "PASSIVE", coutPoints: 0 };
    const full = given(active, ...Array.from({ length: 48 }, (_, n) => learn(n + 20, passive)));
    expect(when(full, learn(90, passive)).code).toBe("SKILLS_FULL");
  });

  test("[SKILL-2] skills of another class leave room, and a combat takes the first 16", () => {
    const mage = given(able(), ...Array.from({ length: 16 }, (_, n) => learn(n + 1, { classes: ["MAGE"] })));
    const clerc = { ...mage, joueur: { ...mage.joueur, classe: "CLERC" as const } };
    const both = given(clerc, learn(17));
    expect(combatSkills(both.competences).map((one) => one.competenceId)).toEqual(
      Array.from({ length: 16 }, (_, n) => sid(n + 1)),
    );
  });

  test("[SKILL-3] each level costs the points again, up to its highest", () => {
    const state = given(able(5), learn(1, { coutPoints: 2, niveauMax: 2 }));
    const { events, state: after } = when(state, improve(1));
    expect(payloads(events, "CompetenceAmelioree")).toMatchObject([
      { avant: 1, apres: 2, coutPoints: 2, definition: { niveauMax: 2 } },
    ]);
    expect(after.joueur.pointsCompetence).toBe(1);
    expect(when(after, improve(1)).code).toBe("SKILL_MAXED");
    expect(when(state, improve(2)).code).toBe("SKILL_NOT_KNOWN");
    expect(when(given(able(2), learn(1, { coutPoints: 2 })), improve(1)).code).toBe("NOT_ENOUGH_POINTS");
  });
});

describe("passive skills", () => {
  const strong: SkillInput = {
    typeCompetence: "PASSIVE",
    effets: [{ type: "BONUS", stats: { attaque: 15, hpMax: 40 } }],
  };

  test("[SKILL-7] add their bonus at their level, and add up", () => {
    const state = given(able(), learn(1, strong), improve(1), learn(2, strong));
    expect(passiveBonus(state.competences)).toEqual({ attaque: 16 + 15, hpMax: 44 + 40 });
    expect(totalStats(state, 0).attaque).toBe(totalStats(able(), 0).attaque + 31);
  });

  test("[SKILL-7] the stats that an event tells are those after what was learnt", () => {
    const { events } = when(able(), learn(1, { ...strong, coutPoints: 0 }));
    const before = totalStats(able(), 0).attaque;
    expect(payloads(events, "StatsModifiees")).toMatchObject([{ stats: {}, statsTotales: { attaque: before + 15 } }]);
  });

  test("[SKILL-7] they are neither used nor taken into a combat; BONUS of others does nothing", () => {
    const state = given(able(), learn(1, strong), learn(2, { effets: [{ type: "BONUS", stats: { attaque: 9 } }] }));
    expect(when(state, use(1)).code).toBe("NOT_USABLE_HERE");
    expect(combatSkills(state.competences).map((one) => one.competenceId)).toEqual([sid(2)]);
    expect(passiveBonus(state.competences)).toEqual({ attaque: 15, hpMax: 40 });
  });
});

describe("using a skill outside of a combat", () => {
  const cure: SkillInput = { effets: [{ type: "SOIN", puissance: 20 }], coutMana: 10, coutStamina: 5 };
  const hurt = (state: PlayerState, vitaux: Partial<PlayerState["joueur"]["vitaux"]>): PlayerState => ({
    ...state,
    joueur: { ...state.joueur, vitaux: { ...state.joueur.vitaux, ...vitaux } },
  });
  const wounded = (over: SkillInput = {}) => hurt(given(able(), learn(1, { ...cure, ...over })), { hpActuel: 10 });

  test.each<[string, SkillInput]>([
    ["of damage alone", { effets: [{ type: "DEGATS", puissance: 5 }] }],
    ["of a status alone", { effets: [{ type: "STATUT", typeEffet: "REGEN", dureeTours: 3 }] }],
    ["for enemies", { cible: "ENNEMI" }],
    ["passive", { typeCompetence: "PASSIVE" }],
  ])("[SKILL-8] not one %s", (_, over) => {
    expect(when(wounded(over), use(1)).code).toBe("NOT_USABLE_HERE");
  });

  test.each(["SOI", "ALLIE", "ZONE", "TOUS"] as const)("[SKILL-8] one for %s reaches oneself", (cible) => {
    expect(when(wounded({ cible }), use(1)).code).toBeUndefined();
  });

  test("[SKILL-8] not in a combat, not unknown, not of another class", () => {
    const state = wounded();
    expect(when({ ...state, joueur: { ...state.joueur, combatId: sid(99) } }, use(1)).code).toBe("IN_COMBAT");
    expect(when(state, use(2)).code).toBe("SKILL_NOT_KNOWN");
    const mages = wounded({ classes: ["MAGE"] });
    expect(when({ ...mages, joueur: { ...mages.joueur, classe: "CLERC" } }, use(1)).code).toBe("WRONG_CLASS");
  });

  test("[SKILL-9] pays, then heals by power and magic, at its level", () => {
    const state = given(wounded({ effets: [{ type: "SOIN", puissance: 20, ratioMagie: 50 }] }), improve(1));
    const { mpActuel, staminaActuel } = currentVitals(state, 0);
    const heal = 22 + Math.floor(totalStats(state, 0).magie / 2);
    const { events, types, state: after } = when(state, use(1));
    expect(types).toEqual(["CompetenceUtilisee", "StatsModifiees"]);
    expect(payloads(events, "CompetenceUtilisee")).toMatchObject([
      {
        niveau: 2,
        cout: { mp: 10, stamina: 5 },
        effets: [{ type: "SOIN", ressource: "HP", soinBrut: heal, avant: 10, apres: 10 + heal }],
      },
    ]);
    expect(currentVitals(after, 0)).toEqual({
      hpActuel: 10 + heal,
      mpActuel: mpActuel - 10,
      staminaActuel: staminaActuel - 5,
    });
  });

  test("[SKILL-9] never above the maximum, and not for nothing", () => {
    const state = wounded({ effets: [{ type: "SOIN", puissance: 100_000 }] });
    const after = given(state, use(1));
    expect(currentVitals(after, 0).hpActuel).toBe(totalStats(state, 0).hpMax);
    expect(when(after, use(1)).code).toBe("NO_EFFECT");
    const circular = wounded({ effets: [{ type: "SOIN", ressource: "MP", puissance: 10 }] });
    expect(when(circular, use(1)).code).toBe("NO_EFFECT");
  });

  test("[SKILL-9] what cannot be paid is refused", () => {
    expect(when(hurt(wounded(), { mpActuel: 9 }), use(1)).code).toBe("NOT_ENOUGH_MANA");
    expect(when(hurt(wounded(), { staminaActuel: 4 }), use(1)).code).toBe("NOT_ENOUGH_STAMINA");
    expect(when(hurt(wounded(), { mpActuel: 10, staminaActuel: 5 }), use(1)).code).toBeUndefined();
  });

  test("[SKILL-10] it is locked until the instant that the event names", () => {
    const state = wounded({ cooldownMs: 60_000 });
    const { events, types, state: after } = when(state, use(1), 1_000);
    expect(types).toContain("CooldownDemarre");
    expect(payloads(events, "CooldownDemarre")).toMatchObject([
      { competenceId: sid(1), echeance: "1970-01-01T00:01:01.000Z" },
    ]);
    expect(when(after, use(1), 60_999).code).toBe("ON_COOLDOWN");
    expect(when(after, use(1), 61_000).code).toBeUndefined();
  });
});
