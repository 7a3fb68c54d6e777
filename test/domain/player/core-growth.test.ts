import { describe, expect, test } from "vitest";
import { wirePlayerCommand } from "../../../domain/player/commands.ts";
import { experienceAt, experienceFrom } from "../../../domain/player/formulas.ts";
import { player } from "../../../domain/player/player.ts";
import { lastingStats, totalStats } from "../../../domain/player/stats.ts";
import { currentVitals } from "../../../domain/player/vitals.ts";
import { all, close, creation, engage, experience, gift, gold, one, slotOf, warrior } from "./core-helper.ts";
import { given, known, PLAYER_ID, sid, skill, when } from "./life-helper.ts";

describe("the player", () => {
  test("[PLAYER-1] begins once, at level 1, with an empty inventory and nothing worn", () => {
    const { state, types, events } = when(player.initial, creation("MAGE"), 5_000);
    expect(types).toEqual(["JoueurCree", "CapaciteModifiee", "EquipementCree"]);
    expect(state.joueur).toMatchObject({ joueurId: PLAYER_ID, niveau: 1, or: 0, pointsCompetence: 1, cote: 1_000 });
    expect(state.inventaire).toEqual({ capacite: 50, poidsMax: 1_000, poidsActuel: 0, slots: {} });
    expect(state.versions).toMatchObject({ Joueur: 1, Inventaire: 1, Equipement: 1, Quete: 0 });
    expect(currentVitals(state, 5_000)).toEqual({ hpActuel: 80, mpActuel: 120, staminaActuel: 80 });
    expect(Object.keys(one(events, "EquipementCree").emplacements)).toHaveLength(13);
    expect(when(state, creation()).code).toBe("PLAYER_EXISTS");
  });

  test("[PLAYER-1] names of no use are refused by the form of the command", () => {
    const passes = (username: string, pseudo: string) =>
      wirePlayerCommand.safeParse({ type: "CreerJoueur", username, pseudo, classe: "MAGE" }).success;
    expect(passes("a.b-c_1", "Élodie la Rouge!")).toBe(true);
    for (const username of ["ab", "a b c", "é-é", "x".repeat(51), ""]) expect(passes(username, "X")).toBe(false);
    for (const pseudo of ["", " x", "x ", "x  y", "x\ny", "x\u0000", "\u200b", "x".repeat(51)])
      expect(passes("abc", pseudo)).toBe(false);
  });

  test("[PLAYER-2] whoever does not exist cannot be commanded", () => {
    for (const command of [gold(5), experience(5), gift(["potion", 1]), engage()])
      expect(when(player.initial, command).code).toBe("PLAYER_NOT_FOUND");
  });

  test("[PLAYER-4] sessions come and go once each", () => {
    const on = { type: "SeConnecter", sessionId: "s" } as const;
    const off = { type: "SeDeconnecter", sessionId: "s" } as const;
    const state = warrior(on);
    expect(state.joueur.sessions).toEqual(["s"]);
    expect(when(state, on)).toMatchObject({ code: undefined, types: [] });
    expect(when(given(state, off), off)).toMatchObject({ code: undefined, types: [] });
    const many = Array.from({ length: 25 }, (_, n) => ({ type: "SeConnecter", sessionId: `s${n}` }) as const);
    expect(warrior(...many).joueur.sessions).toHaveLength(20);
  });

  test("[PLAYER-5] the guild is the one joined last", () => {
    const join = (guildeId: string) => ({ type: "RejoindreGuilde", guildeId, nom: "G" }) as const;
    const state = warrior(join("a"), join("b"));
    expect(state.joueur.guilde).toEqual({ guildeId: "b", nom: "G" });
    expect(when(state, join("b")).types).toEqual([]);
  });
});

describe("experience and points", () => {
  test("[LEVEL-1] the curve is the largest whole number whose square is at most 10,000 n³", () => {
    for (let n = 1; n < 100; n++) {
      const [root, square] = [BigInt(experienceFrom(n)), 10_000n * BigInt(n) ** 3n];
      expect(root * root <= square && (root + 1n) * (root + 1n) > square).toBe(true);
      expect(experienceAt(n + 1) - experienceAt(n)).toBe(experienceFrom(n));
    }
  });

  test("[LEVEL-2] one gain can be worth several levels, each an event of its own", () => {
    const { events, state } = when(warrior(), experience(400));
    expect(one(events, "ExperienceGagnee")).toMatchObject({ montant: 400, experienceTotale: 400 });
    expect(all(events, "NiveauAtteint").map((level) => [level.ancienNiveau, level.nouveauNiveau])).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(all(events, "NiveauAtteint")[1]).toMatchObject({
      experienceProchainNiveau: experienceAt(4),
      statsAugmentees: { hpMax: 14, attaque: 3 },
    });
    expect(state.joueur.statsBase.hpMax).toBe(168);
    expect(when(state, experience(1)).types).toEqual(["ExperienceGagnee"]);
  });

  test("[LEVEL-2] level 100 is the last, and experience has an end too", () => {
    const state = warrior(experience(10_000_000));
    expect(state.joueur.niveau).toBe(100);
    const full = { ...state, joueur: { ...state.joueur, experience: 1_999_999_990 } };
    const { events, state: after } = when(full, experience(1_000));
    expect(one(events, "ExperienceGagnee").montant).toBe(10);
    expect(when(after, experience(1))).toMatchObject({ code: undefined, types: [] });
  });

  test("[LEVEL-3] a level brings a skill point and three for stats", () => {
    const { joueur } = warrior(experience(400));
    expect(joueur).toMatchObject({ niveau: 3, pointsCompetence: 3, pointsStats: 6 });
  });

  test("[CLASS-2] points raise stats by what each is worth", () => {
    const spend = { type: "DepenserPoints", stats: { hpMax: 2, attaque: 1, critique: 1 } } as const;
    const { events, state } = when(warrior(experience(400)), spend);
    expect(one(events, "StatsModifiees")).toMatchObject({
      raison: "POINTS",
      stats: {
        hpMax: { avant: 168, apres: 188 },
        attaque: { avant: 20, apres: 22 },
        critique: { avant: 5, apres: 6 },
        pointsStats: { avant: 6, apres: 2 },
      },
    });
    expect(state.joueur.pointsStats).toBe(2);
  });

  test("[CLASS-3] points that are not there, and stats beyond their bounds, refuse all of it", () => {
    const state = warrior(experience(400));
    expect(when(state, { type: "DepenserPoints", stats: { attaque: 7 } }).code).toBe("NOT_ENOUGH_POINTS");
    const rich = { ...state, joueur: { ...state.joueur, pointsStats: 500 } };
    expect(when(rich, { type: "DepenserPoints", stats: { hpMax: 1, esquive: 36 } }).code).toBe("STAT_AT_LIMIT");
    expect(when(rich, { type: "DepenserPoints", stats: { esquive: 35 } }).code).toBeUndefined();
  });

  test("[CLASS-4] another class takes level 10 and gold", () => {
    const change = { type: "ChangerClasse", classe: "MAGE" } as const;
    expect(when(warrior(gold(50_000)), change).code).toBe("LEVEL_TOO_LOW");
    const ten = warrior(experience(experienceAt(10)), gold(9_999));
    expect(ten.joueur.niveau).toBe(10);
    expect(when(ten, change).code).toBe("NOT_ENOUGH_GOLD");
    expect(when(ten, { type: "ChangerClasse", classe: "GUERRIER" }).code).toBe("SAME_CLASS");
    expect(when(given(ten, gold(1)), change).state.joueur).toMatchObject({ classe: "MAGE", or: 0 });
  });

  test("[CLASS-5] points come back, what no longer fits is taken off, skills of other classes rest", () => {
    const passive = skill({
      typeCompetence: "PASSIVE",
      classes: ["GUERRIER"],
      effets: [{ type: "BONUS", stats: { magie: 100 } }],
    });
    const start = warrior(experience(experienceAt(10)), gold(10_000), gift(["plate", 1], ["ring", 1]), {
      type: "ApprendreCompetence",
      competenceId: sid(1),
      definitions: known({ competences: { [sid(1)]: passive } }),
    });
    const dressed = given(
      start,
      { type: "EquiperItem", slotId: slotOf(start, "plate").slotId },
      { type: "EquiperItem", slotId: slotOf(start, "ring").slotId },
      { type: "DepenserPoints", stats: { attaque: 20 } },
    );
    expect(lastingStats(dressed).magie).toBe(13 + 5 + 100);
    const { events, state } = when(dressed, { type: "ChangerClasse", classe: "MAGE" });
    expect(one(events, "ClasseChangee")).toMatchObject({ ancienneClasse: "GUERRIER", pointsStats: 27 });
    expect(all(events, "ItemDesequipe").map((off) => off.emplacement)).toEqual(["TORSE"]);
    expect(state.joueur.pointsStats).toBe(27);
    expect(lastingStats(state)).toMatchObject({ attaque: 14, magie: 52 + 5, hpMax: 143 });
  });
});

describe("vitals and stats", () => {
  test("[VITAL-1] who rests recovers, with nothing stored for it", () => {
    const hurt = given(warrior(engage()), close({ vitaux: { hpActuel: 0, mpActuel: 0, staminaActuel: 0 } }));
    expect(currentVitals(hurt, 0)).toEqual({ hpActuel: 0, mpActuel: 0, staminaActuel: 0 });
    expect(currentVitals(hurt, 60_000)).toEqual({ hpActuel: 14, mpActuel: 6, staminaActuel: 55 });
    expect(currentVitals(hurt, 10 ** 15)).toEqual({ hpActuel: 140, mpActuel: 30, staminaActuel: 110 });
    expect(currentVitals(hurt, -1_000).hpActuel).toBe(0);
  });

  test("[VITAL-2] in a combat nobody rests", () => {
    const hurt = given(warrior(engage()), close({ vitaux: { hpActuel: 50, mpActuel: 0, staminaActuel: 0 } }));
    const { state, events } = when(hurt, engage(2), 60_000);
    expect(one(events, "CombatEngage").vitaux.hpActuel).toBe(64);
    expect(currentVitals(state, 600_000).hpActuel).toBe(64);
  });

  test("[VITAL-3] vitals are never more than their maximum of the moment", () => {
    const start = warrior(experience(400), gift(["plate", 1]));
    const dressed = given(start, { type: "EquiperItem", slotId: slotOf(start, "plate").slotId });
    expect(currentVitals(dressed, 600_000).hpActuel).toBe(208);
    const bare = given(dressed, { type: "DesequiperItem", emplacement: "TORSE" });
    expect(currentVitals(bare, 600_000).hpActuel).toBe(168);
  });

  test("[STAT-1] base, pieces, passive skills and timed effects add up", () => {
    const passive = skill({ typeCompetence: "PASSIVE", effets: [{ type: "BONUS", stats: { attaque: 4 } }] });
    const start = warrior(gift(["sword", 1], ["elixir", 1]), {
      type: "ApprendreCompetence",
      competenceId: sid(1),
      definitions: known({ competences: { [sid(1)]: passive } }),
    });
    const state = given(
      start,
      { type: "EquiperItem", slotId: slotOf(start, "sword").slotId },
      { type: "UtiliserItem", slotId: slotOf(start, "elixir").slotId, quantite: 1 },
    );
    expect(totalStats(state, 59_999).attaque).toBe(14 + 20 + 4 + 9);
    expect(totalStats(state, 60_000).attaque).toBe(14 + 20 + 4);
    expect(lastingStats(state).attaque).toBe(14 + 20 + 4);
  });

  test("[STAT-2] a broken piece adds nothing", () => {
    const start = warrior(gift(["sword", 1]));
    let state = given(start, { type: "EquiperItem", slotId: slotOf(start, "sword").slotId });
    for (let n = 0; n < 3; n++) state = given(state, engage(), close());
    expect(slotOf(state, "sword").proprietes.usure).toBe(3);
    expect(lastingStats(state)).toMatchObject({ attaque: 14, initiative: 10 });
  });

  test("[STAT-3] a set counts different pieces", () => {
    const start = warrior(experience(400), gift(["ring", 2], ["plate", 1]));
    const [one_, two, plate] = [slotOf(start, "ring"), slotOf(start, "ring", 1), slotOf(start, "plate")];
    const rings = given(
      start,
      { type: "EquiperItem", slotId: one_.slotId },
      { type: "EquiperItem", slotId: two.slotId },
    );
    expect(lastingStats(rings)).toMatchObject({ hpMax: 168, magie: 6 + 10 });
    const { state, events } = when(rings, { type: "EquiperItem", slotId: plate.slotId });
    expect(lastingStats(state)).toMatchObject({ hpMax: 168 + 40 + 50, defense: 18 + 15 + 3 });
    const { tenue } = one(events, "ItemEquipe");
    expect(tenue.bonusSet).toMatchObject([{ nom: "Set", pieces: 2, stats: { hpMax: 50 } }]);
    expect(tenue.statsTotales).toEqual(lastingStats(state));
    expect(tenue.statsEquipement).toMatchObject({ hpMax: 90, magie: 10 });
  });

  test("[STAT-4] totals stay within a combat's bounds", () => {
    const state = warrior();
    const joueur = (statsBase: object) => ({ ...state.joueur, statsBase: { ...state.joueur.statsBase, ...statsBase } });
    expect(lastingStats({ ...state, joueur: joueur({ esquive: 180, attaque: 20_000, hpMax: -5 }) })).toMatchObject({
      esquive: 100,
      attaque: 10_000,
      hpMax: 1,
    });
  });

  test("[PURSE-1] gold that is not there cannot be paid", () => {
    expect(when(warrior(gold(10)), gold(-11)).code).toBe("NOT_ENOUGH_GOLD");
    expect(when(warrior(gold(10)), gold(-10)).state.joueur.or).toBe(0);
    expect(when(warrior(), gold(0))).toMatchObject({ code: undefined, types: [] });
  });

  test("[PURSE-2] gold that is owed arrives; what is too much is lost, and told", () => {
    const { events, state } = when(warrior(gold(1_999_999_990)), gold(30));
    expect(one(events, "OrModifie")).toMatchObject({ delta: 10, solde: 2_000_000_000, perdu: 20 });
    expect(when(state, gold(5)).code).toBeUndefined();
  });
});
