import { describe, expect, test } from "vitest";
import { chooseAction } from "../../../domain/combat/npc.ts";
import {
  cast,
  defend,
  type Fighter,
  fighter,
  given,
  item,
  one,
  payload,
  pid,
  sid,
  skill,
  started,
  when,
} from "./helper.ts";

const npc = (n: number, over: Partial<Fighter> = {}) => fighter(n, { typeEntite: "PNJ", ...over });
const choice = (participants: Fighter[]) => {
  const state = started(participants);
  return chooseAction(state, one(state, 1));
};
const heal = skill(1, { cible: "ALLIE", soin: { puissance: 30 } });
const shield = skill(2, { cible: "ALLIE", effets: [{ typeEffet: "BOUCLIER", puissance: 10, dureeTours: 3 }] });
const fire = skill(3, { cible: "ENNEMI", coutMp: 30, degats: { element: "FEU", puissance: 40 } });
const curse = skill(4, { cible: "ENNEMI", effets: [{ typeEffet: "POISON", puissance: 3, dureeTours: 3 }] });
const slap = skill(5, { cible: "ENNEMI", degats: { element: "PHYSIQUE", puissance: 5 } });
const rain = skill(6, { cible: "ZONE", rayon: 1, degats: { element: "GLACE", puissance: 60 } });

describe("non-players", () => {
  test("[NPC-1] AGRESSIF strikes the weakest with the strongest it can pay", () => {
    const foes = [fighter(2), fighter(4, { hpActuel: 40 })];
    expect(choice([npc(1), ...foes])).toEqual({ typeAction: "ATTAQUE", cibles: [pid(4)] });
    expect(choice([npc(1, { competences: [slap, fire] }), ...foes])).toMatchObject({
      competenceId: sid(3),
      cibles: [pid(4)],
    });
    expect(choice([npc(1, { competences: [slap, fire], mpActuel: 29 }), ...foes])).toMatchObject({
      typeAction: "ATTAQUE",
    });
    expect(choice([npc(1, { competences: [fire, rain] }), ...foes])).toMatchObject({
      competenceId: sid(6),
      position: 5,
    });
  });

  test("[NPC-1] it afflicts first, but only with what is news", () => {
    const state = started([npc(1, { competences: [curse, fire] }), fighter(2)]);
    const first = when(state, { type: "JouerPnj", numeroTour: 1 });
    expect(payload(first.events, "ActionExecutee").competenceId).toBe(sid(4));
    const second = when(given(first.state, defend(2)), { type: "JouerPnj", numeroTour: 3 });
    expect(payload(second.events, "ActionExecutee").competenceId).toBe(sid(3));
  });

  test("[NPC-2] DEFENSIF looks after itself below half of its hit points", () => {
    const guard = (over: Partial<Fighter>) => npc(1, { comportement: "DEFENSIF", hpActuel: 40, ...over });
    const foes = [fighter(2, { position: 6 }), fighter(4, { position: 7, hpActuel: 1 })];
    expect(choice([guard({ hpActuel: 60 }), ...foes])).toEqual({ typeAction: "ATTAQUE", cibles: [pid(2)] });
    expect(choice([guard({ competences: [shield, heal] }), ...foes])).toMatchObject({
      competenceId: sid(1),
      cibles: [pid(1)],
    });
    expect(choice([guard({ competences: [shield] }), ...foes])).toMatchObject({ competenceId: sid(2) });
    expect(choice([guard({ objets: [item(1, { cible: "SOI", soin: { puissance: 5 } })] }), ...foes])).toMatchObject({
      typeAction: "OBJET",
    });
    const state = started([guard({}), fighter(2)]);
    const first = when(state, { type: "JouerPnj", numeroTour: 1 });
    expect(payload(first.events, "ActionExecutee").typeAction).toBe("DEFENSE");
    const second = when(given(first.state, defend(2)), { type: "JouerPnj", numeroTour: 3 });
    expect(payload(second.events, "ActionExecutee").typeAction).toBe("ATTAQUE");
  });

  test("[NPC-3] SOIGNEUR heals the friend who needs it most", () => {
    const nurse = npc(1, { comportement: "SOIGNEUR", competences: [heal] });
    const team = (hp3: number, hp5: number) => [
      nurse,
      fighter(2),
      fighter(3, { hpActuel: hp3 }),
      fighter(5, { hpActuel: hp5 }),
    ];
    expect(choice(team(60, 50))).toMatchObject({ competenceId: sid(1), cibles: [pid(5)] });
    expect(choice(team(60, 65))).toMatchObject({ competenceId: sid(1), cibles: [pid(3)] });
    expect(choice(team(70, 90))).toEqual({ typeAction: "ATTAQUE", cibles: [pid(2)] });
  });

  test("[NPC-4] out of reach it closes in, no nearer than it needs", () => {
    expect(choice([npc(1), fighter(2, { position: 15 })])).toEqual({ typeAction: "DEPLACEMENT", position: 8 });
    expect(choice([npc(1), fighter(2, { position: 2 })])).toEqual({ typeAction: "DEPLACEMENT", position: 3 });
    expect(choice([npc(1, { staminaActuel: 2 }), fighter(2, { position: 15 })])).toEqual({
      typeAction: "DEPLACEMENT",
      position: 6,
    });
    expect(choice([npc(1, { staminaActuel: 1 }), fighter(2, { position: 15 })])).toEqual({ typeAction: "DEFENSE" });
  });

  test("[NPC-5] a boss changes with its phases", () => {
    const twin = { ...slap, competenceId: sid(7) };
    const phases: NonNullable<Fighter["phases"]> = [
      { seuilHp: 60, comportement: "AGRESSIF", competences: [sid(7)] },
      { seuilHp: 30, comportement: "SOIGNEUR" },
    ];
    const stats = { attaque: 1 };
    const boss = (hpActuel: number) =>
      fighter(1, { typeEntite: "BOSS", hpActuel, competences: [slap, twin, heal], phases, stats });
    expect(choice([boss(61), fighter(2)])).toMatchObject({ competenceId: sid(5) });
    expect(choice([boss(60), fighter(2)])).toMatchObject({ competenceId: sid(7) });
    expect(choice([boss(30), fighter(2)])).toMatchObject({ competenceId: sid(1), cibles: [pid(1)] });
  });

  test("[NPC-1] silenced it uses no skill", () => {
    const hush = skill(1, { cible: "ENNEMI", effets: [{ typeEffet: "SILENCE", dureeTours: 2 }] });
    const state = given(started([fighter(1, { competences: [hush] }), npc(2, { competences: [fire] })]), cast(1, 1, 2));
    expect(chooseAction(state, one(state, 2))).toMatchObject({ typeAction: "ATTAQUE" });
  });
});
