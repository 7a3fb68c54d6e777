import { describe, expect, test } from "vitest";
import { combatRewards } from "../../../domain/sagas/combat-rewards.ts";
import { WORLD_ID } from "../../../domain/world/values.ts";
import { bid, COMBAT, event, iid, jid, pid, sent, stepsOf, ZONE } from "./helper.ts";

type Outcome = "VICTOIRE" | "DEFAITE" | "NUL" | "ABANDON";

const back = (n: number, resultat: Outcome, over: object = {}) => ({
  entiteId: jid(n),
  equipe: n % 2 === 1 ? "A" : "B",
  resultat,
  ...{ hpActuel: 10 * n, mpActuel: 5, staminaActuel: 3, objetsUtilises: {}, pnjVaincus: [] },
  ...over,
});
const party = (n: number, over: object = {}) => ({
  ...{ participantId: pid(n), entiteId: jid(n), typeEntite: "JOUEUR", equipe: "A", nom: `P${n}` },
  ...over,
});
const boss = party(9, { entiteId: bid(9), typeEntite: "BOSS", equipe: "B", nom: "Grumgor" });

/** Player 1 has won, player 2 has lost. */
const ended = (over: object = {}) =>
  event("CombatTermine", {
    ...{ combatId: COMBAT, typeCombat: "PVE", zone: { zoneId: ZONE }, resultat: "VICTOIRE", raison: "DERNIERE_EQUIPE" },
    equipesVictorieuses: ["A"],
    ...{ vainqueurs: [party(1)], vaincus: [party(2)], bossVaincus: [], tours: 3, statistiques: {} },
    recompenses: {},
    retours: { [pid(1)]: back(1, "VICTOIRE"), [pid(2)]: back(2, "DEFAITE") },
    ...over,
  });
const named = (name: string, given = ended()) =>
  stepsOf(combatRewards, given).filter((one) => one.name.startsWith(name));

test("[SAGA-1] everyone who is followed leaves the combat with its rewards and wounds; nobody else is told", () => {
  const objets = [{ itemId: iid(1), quantite: 2 }];
  const given = ended({
    recompenses: {
      [pid(1)]: { entiteId: jid(1), experience: 120, or: 30, objets },
      [pid(3)]: { entiteId: jid(3), experience: 120, or: 30, objets },
    },
    retours: { [pid(1)]: back(1, "VICTOIRE", { objetsUtilises: { [iid(2)]: 1 } }), [pid(2)]: back(2, "DEFAITE") },
  });
  const common = { type: "CloturerCombat", combatId: COMBAT };
  expect(
    sent(stepsOf(combatRewards, given)).filter(
      ([, , { type }]: readonly [string, string, { type?: string }]) => type === "CloturerCombat",
    ),
  ).toEqual([
    [
      "Joueur",
      jid(1),
      {
        ...common,
        resultat: "VICTOIRE",
        vitaux: { hpActuel: 10, mpActuel: 5, staminaActuel: 3 },
        objetsUtilises: { [iid(2)]: 1 },
        ...{ experience: 120, or: 30, objets },
      },
    ],
    [
      "Joueur",
      jid(2),
      {
        ...common,
        resultat: "DEFAITE",
        vitaux: { hpActuel: 20, mpActuel: 5, staminaActuel: 3 },
        objetsUtilises: {},
        ...{ experience: 0, or: 0, objets: [] },
      },
    ],
  ]);
});

test("[SAGA-1] an abandoned combat lets its players go without rewards", () => {
  const given = event("CombatAbandonne", {
    combatId: COMBAT,
    raison: "nobody came",
    retours: { [pid(1)]: back(1, "ABANDON"), [pid(2)]: back(2, "ABANDON") },
  });
  expect(sent(stepsOf(combatRewards, given))).toMatchObject(
    [1, 2].map((n) => [
      "Joueur",
      jid(n),
      { type: "CloturerCombat", resultat: "ABANDON", experience: 0, or: 0, objets: [] },
    ]),
  );
});

test("[SAGA-2] kills count for all, the victory and its bosses for those who won; who did nothing is not told", () => {
  const pnjVaincus = [bid(1), bid(2), bid(1)];
  const given = ended({
    bossVaincus: [boss],
    retours: {
      [pid(1)]: back(1, "VICTOIRE", { pnjVaincus }),
      [pid(2)]: back(2, "DEFAITE", { pnjVaincus: [bid(3)] }),
      [pid(4)]: back(4, "DEFAITE"),
    },
  });
  expect(sent(named("quetes", given))).toEqual([
    [
      "Joueur",
      jid(1),
      {
        type: "ProgresserObjectifs",
        reference: COMBAT,
        faits: [
          { type: "TUER", cible: bid(1), quantite: 2 },
          { type: "TUER", cible: bid(2), quantite: 1 },
          { type: "GAGNER_COMBAT", cible: "PVE", quantite: 1 },
          { type: "VAINCRE_BOSS", cible: bid(9), quantite: 1 },
        ],
      },
    ],
    [
      "Joueur",
      jid(2),
      { type: "ProgresserObjectifs", reference: COMBAT, faits: [{ type: "TUER", cible: bid(3), quantite: 1 }] },
    ],
  ]);
});

describe("[SAGA-3] the world", () => {
  const given = ended({
    bossVaincus: [boss],
    vainqueurs: [party(1), party(3)],
    retours: {
      [pid(1)]: back(1, "VICTOIRE", { pnjVaincus: [bid(1), bid(9)] }),
      [pid(3)]: back(3, "VICTOIRE"),
      [pid(2)]: back(2, "DEFAITE", { pnjVaincus: [bid(2)] }),
    },
  });

  test("[SAGA-3] hears of its bosses and of what was slain, from those who won", () => {
    const vainqueurs = [1, 3].map((n) => ({ joueurId: jid(n), pseudo: `P${n}` }));
    expect(sent([...named("boss", given), ...named("invasion", given)])).toEqual([
      [
        "WorldState",
        WORLD_ID,
        { type: "DeclarerBossVaincu", bossId: bid(9), nom: "Grumgor", combatId: COMBAT, zoneId: ZONE, vainqueurs },
      ],
      [
        "WorldState",
        WORLD_ID,
        {
          type: "CompterFaits",
          typeEvenement: "INVASION",
          zoneId: ZONE,
          contributions: [{ joueurId: jid(1), montant: 2 }],
          reference: COMBAT,
        },
      ],
    ]);
    expect(named("boss", given)[0]?.fine).toEqual(["BOSS_NOT_FOUND", "ZONE_NOT_FOUND", "WORLD_NOT_FOUND"]);
    expect(named("invasion", given)[0]?.fine).toEqual(["WORLD_NOT_FOUND"]);
  });

  test("[SAGA-3] hears nothing when nobody who is followed has won", () => {
    const lost = ended({ bossVaincus: [boss], retours: { [pid(2)]: back(2, "DEFAITE", { pnjVaincus: [bid(2)] }) } });
    expect(stepsOf(combatRewards, lost).every(({ to }) => to === "Joueur")).toBe(true);
  });
});

describe("[SAGA-4] ratings", () => {
  const deltas = (over: object, typeCombat = "ARENE") =>
    named("cloture", ended({ typeCombat, ...over })).map(({ command }) =>
      command.type === "CloturerCombat" ? command.coteDelta : undefined,
    );
  const duel = (cotes: readonly (number | undefined)[], outcomes: readonly Outcome[]) => ({
    retours: Object.fromEntries(
      outcomes.map((outcome, i) => [
        pid(i + 1),
        back(i + 1, outcome, cotes[i] === undefined ? {} : { cote: cotes[i] }),
      ]),
    ),
  });

  test("[SAGA-4] change in the arena alone, and only against others who have one", () => {
    expect(deltas(duel([1_000, 1_400], ["VICTOIRE", "DEFAITE"]))).toEqual([29, -29]);
    expect(deltas(duel([1_000, 1_000], ["NUL", "NUL"]))).toEqual([0, 0]);
    expect(deltas(duel([1_000, 1_000], ["VICTOIRE", "DEFAITE"]), "PVP")).toEqual([undefined, undefined]);
    expect(deltas(duel([1_000, undefined], ["VICTOIRE", "DEFAITE"]))).toEqual([undefined, undefined]);
  });

  test("[SAGA-4] of teams are reckoned against the others' average", () => {
    // Teams A: 1, 3; B: 2, 4.
    const cotes = [1_000, 1_300, 1_200, 1_501];
    expect(deltas(duel(cotes, ["VICTOIRE", "DEFAITE", "VICTOIRE", "DEFAITE"]))).toEqual([29, -24, 24, -29]);
  });
});
