import { describe, expect, test } from "vitest";
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
  sid,
  skill,
  started,
  use,
  when,
} from "./helper.ts";

const move = (n: number, position: number) => act(n, { typeAction: "DEPLACEMENT", position });
const flee = (n: number) => act(n, { typeAction: "FUITE" });
const bolt = skill(1, {
  cible: "ENNEMI",
  coutMp: 20,
  coutStamina: 30,
  recharge: 2,
  degats: { element: "FEU", puissance: 10 },
});
const potion = item(1, { cible: "ALLIE", soin: { puissance: 30 } });

describe("acts", () => {
  test("[ACT-1] ATTAQUE is a physical blow that costs nothing", () => {
    const { types, events, state } = when(started([fighter(1), fighter(2)]), attack(1, 2));
    expect(types).toEqual(["ActionExecutee", "DegatsInfliges", "TourDebute"]);
    expect(payload(events, "ActionExecutee")).toMatchObject({
      numeroTour: 1,
      participantId: pid(1),
      typeAction: "ATTAQUE",
      cibles: [pid(2)],
      cout: { mp: 0, stamina: 0 },
      resultat: "SUCCES",
      effetsAppliques: [],
    });
    const { hpAvant, hpApres, degatsFinaux } = payload(events, "DegatsInfliges");
    expect([hpAvant, hpAvant - degatsFinaux]).toEqual([100, hpApres]);
    expect(one(state, 1).bilan).toMatchObject({ actions: 1, degatsInfliges: degatsFinaux });
  });

  test("[ACT-1] it reaches as far as the attacker's range", () => {
    const far = [fighter(1), fighter(2, { position: 7 })];
    expect(when(started(far), attack(1, 2)).code).toBe("OUT_OF_RANGE");
    expect(
      when(started([fighter(1, { stats: { portee: 2 } }), fighter(2, { position: 7 })]), attack(1, 2)).code,
    ).toBeUndefined();
  });

  test("[ACT-2] the result is the best over all targets", () => {
    const wave = skill(1, { cible: "TOUS", degats: { element: "GLACE", puissance: 10 } });
    const state = (graine: string) =>
      started(
        [
          fighter(1, { competences: [wave] }),
          fighter(2, { stats: { esquive: 75 } }),
          fighter(4, { stats: { blocage: 75 } }),
        ],
        { graine },
      );
    const found = bySeed((graine) => {
      const action = payload(when(state(graine), cast(1, 1)).events, "ActionExecutee");
      const results = action.jets.map((jet) => jet.resultat);
      return results.includes("ESQUIVE") && results.includes("BLOQUE") ? action : undefined;
    });
    expect(found.resultat).toBe("BLOQUE");
  });

  test("[ACT-3] a skill is paid in full, also when it misses", () => {
    const state = (graine: string) =>
      started([fighter(1, { competences: [bolt], stats: { precision: 5 } }), fighter(2)], { graine });
    const missed = bySeed((graine) => {
      const result = when(state(graine), cast(1, 1, 2));
      return payload(result.events, "ActionExecutee").resultat === "ECHEC" ? result : undefined;
    });
    expect(payload(missed.events, "ActionExecutee").cout).toMatchObject({
      mp: 20,
      mpApres: 30,
      stamina: 30,
      staminaApres: 70,
    });
    expect(one(missed.state, 1)).toMatchObject({ mpActuel: 30, staminaActuel: 70 });
  });

  test("[ACT-3] what cannot be paid is refused", () => {
    const attempt = (over: object) =>
      when(started([fighter(1, { competences: [bolt], ...over }), fighter(2)]), cast(1, 1, 2)).code;
    expect(attempt({ mpActuel: 19 })).toBe("NOT_ENOUGH_MANA");
    expect(attempt({ staminaActuel: 29 })).toBe("NOT_ENOUGH_STAMINA");
    expect(attempt({ competences: [] })).toBe("UNKNOWN_SKILL");
  });

  test("[ACT-3] a skill may cost items", () => {
    const arrow = skill(1, {
      cible: "ENNEMI",
      coutObjet: { itemId: iid(1), quantite: 2 },
      degats: { element: "PHYSIQUE", puissance: 5 },
    });
    const state = started([fighter(1, { competences: [arrow], objets: [{ ...potion, quantite: 3 }] }), fighter(2)]);
    const first = when(state, cast(1, 1, 2));
    expect(payload(first.events, "ActionExecutee").cout.objet).toEqual({
      itemId: iid(1),
      quantite: 2,
      quantiteApres: 1,
    });
    expect(one(first.state, 1).bilan.objetsUtilises).toEqual({ [iid(1)]: 2 });
    expect(when(given(first.state, defend(2)), cast(1, 1, 2)).code).toBe("NO_SUCH_ITEM_LEFT");
  });

  test("[ACT-4] an item is used up, silenced or not", () => {
    const hush = skill(2, { cible: "ENNEMI", effets: [{ typeEffet: "SILENCE", dureeTours: 9 }] });
    let state = started([fighter(1, { competences: [hush] }), fighter(2, { hpActuel: 20, objets: [potion] })]);
    state = given(state, cast(1, 2, 2));
    for (const hp of [50, 80]) {
      state = given(state, use(2, 1, 2));
      expect(one(state, 2).hpActuel).toBe(hp);
      state = given(state, defend(1));
    }
    expect(when(state, use(2, 1, 2)).code).toBe("NO_SUCH_ITEM_LEFT");
    expect(when(state, use(2, 9, 2)).code).toBe("UNKNOWN_ITEM");
    expect(one(state, 2).bilan.objetsUtilises).toEqual({ [iid(1)]: 2 });
  });

  test("[ACT-5] a cooldown of two locks the next two own turns", () => {
    const cheap = { ...bolt, coutMp: 0, coutStamina: 0, degats: { element: "FEU", puissance: 1 } } as const;
    let state = given(started([fighter(1, { competences: [cheap] }), fighter(2)]), cast(1, 1, 2), defend(2));
    for (let turn = 0; turn < 2; turn++) {
      expect(when(state, cast(1, 1, 2)).code).toBe("ON_COOLDOWN");
      state = given(state, defend(1), defend(2));
    }
    expect(when(state, cast(1, 1, 2)).code).toBeUndefined();
  });

  test("[ACT-6] only the participant whose turn it is acts, by its own player", () => {
    const state = started([fighter(1), fighter(2), fighter(3)]);
    expect(when(state, attack(2, 1)).code).toBe("NOT_YOUR_TURN");
    expect(when(state, attack(9, 1)).code).toBe("NOT_A_PARTICIPANT");
    const without1 = given(state, { type: "Conceder", joueurId: eid(1) });
    expect(when(without1, attack(1, 2)).code).toBe("PARTICIPANT_OUT");
    expect(without1.participantActifId).toBe(pid(2));
  });

  test("[ACT-7] DEPLACEMENT goes as far as the fighter can, for stamina", () => {
    const state = started([fighter(1), fighter(2)]);
    const { events, state: after } = when(state, move(1, 8));
    expect(payload(events, "ActionExecutee")).toMatchObject({
      deplacement: { de: 5, vers: 8 },
      cout: { stamina: 6, staminaApres: 94 },
    });
    expect(one(after, 1).position).toBe(8);
    for (const position of [5, 9, 1, 20]) expect(when(state, move(1, position)).code).toBe("INVALID_POSITION");
    expect(when(state, act(1, { typeAction: "DEPLACEMENT" })).code).toBe("INVALID_POSITION");
    const tired = started([fighter(1, { staminaActuel: 5 }), fighter(2)]);
    expect(when(tired, move(1, 8)).code).toBe("NOT_ENOUGH_STAMINA");
  });

  test("[ACT-8] DEFENSE gives stamina back and stands until the next own turn", () => {
    const { events, state } = when(started([fighter(1, { staminaActuel: 95 }), fighter(2)]), defend(1));
    expect(payload(events, "SoinsRecus")).toMatchObject({
      ressource: "STAMINA",
      soinBrut: 10,
      soinFinal: 5,
      surplus: 5,
      apres: 100,
    });
    expect(one(state, 1).enDefense).toBe(true);
  });

  test("[ACT-9] flight succeeds by chance, and not everywhere", () => {
    const state = (graine: string) => started([fighter(1), fighter(2), fighter(3)], { graine });
    const away = bySeed((graine) => {
      const result = when(state(graine), flee(1));
      return one(result.state, 1).etat === "FUITE" ? result : undefined;
    });
    expect(away.types).toEqual(["ActionExecutee", "TourDebute"]);
    const caught = bySeed((graine) => {
      const result = when(state(graine), flee(1));
      return one(result.state, 1).etat === "ACTIF" ? result : undefined;
    });
    expect(payload(caught.events, "ActionExecutee")).toMatchObject({ resultat: "ECHEC", typeAction: "FUITE" });
    const forbidden = started([fighter(1), fighter(2)], { fuitePossible: false });
    expect(when(forbidden, flee(1)).code).toBe("FLIGHT_FORBIDDEN");
  });
});

describe("targets", () => {
  const strike = { element: "PHYSIQUE", puissance: 10 } as const;
  const duo = (...competences: ReturnType<typeof skill>[]) =>
    started([
      fighter(1, { competences, hpActuel: 50 }),
      fighter(2, { position: 8 }),
      fighter(3, { position: 6, hpActuel: 50 }),
      fighter(4, { position: 10 }),
    ]);
  const zone = (n: number, position: number) => act(1, { typeAction: "COMPETENCE", competenceId: sid(n), position });

  test("[TARGET-1] SOI reaches the user alone", () => {
    const own = skill(1, { cible: "SOI", soin: { puissance: 5 } });
    expect(payload(when(duo(own), cast(1, 1)).events, "SoinsRecus").cible).toBe(pid(1));
    expect(when(duo(own), cast(1, 1, 3)).code).toBe("INVALID_TARGET");
  });

  test("[TARGET-2] ALLIE and ENNEMI take exactly one active participant of the right side", () => {
    const heal = skill(1, { cible: "ALLIE", soin: { puissance: 5 } });
    const hit = skill(2, { cible: "ENNEMI", degats: strike });
    const state = duo(heal, hit);
    expect(when(state, cast(1, 1, 3)).code).toBeUndefined();
    expect(when(state, cast(1, 1, 1)).code).toBeUndefined();
    expect(when(state, cast(1, 1, 2)).code).toBe("INVALID_TARGET");
    expect(when(state, cast(1, 1)).code).toBe("INVALID_TARGET");
    expect(when(state, cast(1, 2, 3)).code).toBe("INVALID_TARGET");
    expect(when(state, cast(1, 2, 9)).code).toBe("INVALID_TARGET");
    const both = { typeAction: "COMPETENCE", competenceId: sid(2), cibles: [pid(2), pid(4)] } as const;
    expect(when(state, act(1, { ...both, cibles: [...both.cibles] })).code).toBe("INVALID_TARGET");
    const gone = given(state, { type: "Conceder", joueurId: eid(2) });
    expect(when(gone, cast(1, 2, 2)).code).toBe("INVALID_TARGET");
  });

  test("[TARGET-3] range is counted in positions", () => {
    const near = skill(1, { cible: "ENNEMI", portee: 3, degats: strike });
    const state = duo(near);
    expect(when(state, cast(1, 1, 2)).code).toBeUndefined();
    expect(when(state, cast(1, 1, 4)).code).toBe("OUT_OF_RANGE");
  });

  test("[TARGET-4] on areas damage falls on enemies, healing on friends", () => {
    const rain = skill(1, { cible: "ZONE", rayon: 2, portee: 4, degats: strike, soin: { puissance: 5 } });
    const all = skill(2, { cible: "TOUS", portee: 1, degats: strike });
    const { events } = when(duo(rain, all), zone(1, 8));
    expect(payload(events, "ActionExecutee").cibles).toEqual([pid(2), pid(3), pid(4)]);
    expect(payload(events, "SoinsRecus").cible).toBe(pid(3));
    expect(payload(when(duo(rain, all), cast(1, 2)).events, "ActionExecutee").cibles).toEqual([pid(2), pid(4)]);
    expect(payload(when(duo(rain, all), cast(1, 1, 2)).events, "ActionExecutee").cibles).toHaveLength(3);
    expect(when(duo(rain, all), zone(1, 10)).code).toBe("OUT_OF_RANGE");
  });

  test("[TARGET-5] an area without anyone is refused", () => {
    const rain = skill(1, { cible: "ZONE", rayon: 0, degats: strike });
    expect(when(duo(rain), zone(1, 9)).code).toBe("INVALID_TARGET");
    expect(when(duo(rain), zone(1, 6)).code).toBe("INVALID_TARGET");
    expect(when(duo(rain), zone(1, 20)).code).toBe("INVALID_TARGET");
    expect(when(duo(rain), cast(1, 1)).code).toBe("INVALID_TARGET");
    const help = skill(2, { cible: "TOUS", degats: strike });
    expect(when(duo(help), cast(1, 2)).code).toBeUndefined();
  });
});
