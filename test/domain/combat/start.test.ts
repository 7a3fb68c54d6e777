import { describe, expect, test } from "vitest";
import { combat } from "../../../domain/combat/combat.ts";
import { combatCommand, wireCombatCommand } from "../../../domain/combat/commands.ts";
import { combatDefinition } from "../../../domain/combat/definition.ts";
import { COMBAT_ID, eid, fighter, given, one, payload, pid, prepareCommand, started, when } from "./helper.ts";

const duel = [fighter(1), fighter(2)];
const arrive = (n: number) => ({ type: "RejoindreCombat", joueurId: eid(n) }) as const;

describe("start", () => {
  test("[START-1] without preparation the first turn begins at once", () => {
    const { types, state } = when(combat.initial, prepareCommand(duel), 1000);
    expect(types).toEqual(["CombatPrepare", "CombatDemarre", "TourDebute"]);
    expect(state).toMatchObject({
      combatId: COMBAT_ID,
      etat: "EN_COURS",
      tourActuel: 1,
      participantActifId: pid(1),
      version: 3,
    });
    expect(state.echeance).toBe(new Date(31_000).toISOString());
  });

  test("[START-1] a definition that makes no sense does not pass", () => {
    const bad = (participants: unknown, more = {}) =>
      combatDefinition.safeParse({
        typeCombat: "PVP",
        zone: { zoneId: COMBAT_ID },
        graine: "x",
        participants,
        ...more,
      });
    expect(bad(duel).success).toBe(true);
    expect(bad([fighter(1)]).success).toBe(false);
    expect(bad([fighter(1), fighter(3)]).error?.issues[0]?.message).toMatch(/two teams/);
    expect(bad([fighter(1), { ...fighter(2), entiteId: eid(1) }]).error?.issues[0]?.message).toMatch(/only once/);
    expect(bad([fighter(1), { ...fighter(2), participantId: pid(1) }]).error?.issues[0]?.message).toMatch(/unique/);
    expect(bad([fighter(1), fighter(2, { position: 20 })]).error?.issues[0]?.message).toMatch(/outside the line/);
    expect(bad([fighter(1), fighter(2, { hpActuel: 101 })]).error?.issues[0]?.message).toMatch(/exceeds/);
    expect(bad(Array.from({ length: 17 }, (_, n) => fighter(n + 1))).success).toBe(false);
    expect(bad(duel, { conditionsVictoire: { bossVaincu: true } }).error?.issues[0]?.message).toMatch(/no boss/);
    expect(bad(duel, { conditionsVictoire: { survie: { equipe: "C", tours: 3 } } }).success).toBe(false);
  });

  test("[START-2] missing current values are the maximum, missing ids are derived and unique", () => {
    const { participantId: _, ...anonymous } = fighter(2);
    const state = started([fighter(1, { hpActuel: 30, mpActuel: 0 }), anonymous]);
    expect(one(state, 1)).toMatchObject({ hpActuel: 30, mpActuel: 0, staminaActuel: 100, etat: "ACTIF" });
    const other = Object.values(state.participants).find((each) => each.entiteId === eid(2));
    expect(other?.hpActuel).toBe(100);
    expect(combat.snapshot.schema.safeParse(state).success).toBe(true);
  });

  test("[START-2] CombatDemarre says all that a participant row needs", () => {
    const { events } = when(combat.initial, prepareCommand(duel));
    const demarre = payload(events, "CombatDemarre");
    expect(demarre.ordreInitiative).toEqual([pid(1), pid(2)]);
    expect(demarre.participants[0]).toMatchObject({
      participantId: pid(1),
      entiteId: eid(1),
      typeEntite: "JOUEUR",
      niveau: 1,
      initiative: 99,
      hpActuel: 100,
      staminaMax: 100,
      resistances: {},
      equipement: {},
      competences: [],
    });
    expect(demarre.participants[0]).not.toHaveProperty("effets");
  });

  test("[START-3] the last player to arrive starts it, arriving again changes nothing", () => {
    const waiting = given(
      combat.initial,
      prepareCommand([...duel, fighter(3, { typeEntite: "PNJ" })], { preparationMs: 5000 }),
    );
    expect(waiting.etat).toBe("PREPARATION");
    const first = when(waiting, arrive(1));
    expect(first.types).toEqual(["CombatRejoint"]);
    expect(when(first.state, arrive(1))).toMatchObject({ code: undefined, events: [] });
    expect(when(first.state, arrive(3)).code).toBe("NOT_A_PARTICIPANT");
    const second = when(first.state, arrive(2));
    expect(second.types).toEqual(["CombatRejoint", "CombatDemarre", "TourDebute"]);
    expect(one(second.state, 1).rejoint).toBe(true);
    expect(when(second.state, arrive(2))).toMatchObject({ code: undefined, events: [] });
  });

  test("[START-4] the deadline of the preparation starts it with those who came, or ends it", () => {
    const waiting = given(combat.initial, prepareCommand(duel, { preparationMs: 5000 }));
    expect(combat.wakeUp?.(waiting)).toEqual({ at: 5000, command: { type: "ExpirerPreparation" } });
    expect(when(waiting, { type: "ExpirerPreparation" }, 4999).code).toBe("TOO_EARLY");
    const nobody = when(waiting, { type: "ExpirerPreparation" }, 5000);
    expect(nobody.types).toEqual(["CombatAbandonne"]);
    expect(combat.mayRest?.(nobody.state)).toBe(true);
    const some = when(given(waiting, arrive(2)), { type: "ExpirerPreparation" }, 5000);
    expect(some.types).toEqual(["CombatDemarre", "TourDebute"]);
    expect(when(some.state, { type: "ExpirerPreparation" }, 9000).code).toBe("COMBAT_ALREADY_STARTED");
  });

  test("a combat is prepared once, and nothing can be done before or after it", () => {
    const running = started(duel);
    expect(when(running, prepareCommand(duel)).code).toBe("COMBAT_ALREADY_PREPARED");
    expect(when(combat.initial, { type: "Conceder", joueurId: eid(1) }).code).toBe("COMBAT_NOT_FOUND");
    const waiting = given(combat.initial, prepareCommand(duel, { preparationMs: 5000 }));
    expect(when(waiting, { type: "Conceder", joueurId: eid(1) }).code).toBe("COMBAT_NOT_STARTED");
    const over = given(running, { type: "Conceder", joueurId: eid(1) });
    expect(when(over, { type: "Conceder", joueurId: eid(2) }).code).toBe("COMBAT_OVER");
    expect(combat.wakeUp?.(over)).toBeUndefined();
  });

  test("the wire knows two commands, and no field more", () => {
    expect(wireCombatCommand.safeParse({ type: "Conceder" }).success).toBe(true);
    expect(wireCombatCommand.safeParse({ type: "ExecuterAction", typeAction: "DEFENSE" }).success).toBe(true);
    expect(wireCombatCommand.safeParse({ type: "Conceder", joueurId: eid(1) }).success).toBe(false);
    expect(wireCombatCommand.safeParse({ type: "ExpirerTour", numeroTour: 1 }).success).toBe(false);
    const many = Array.from({ length: 17 }, (_, n) => pid(n));
    expect(wireCombatCommand.safeParse({ type: "ExecuterAction", typeAction: "ATTAQUE", cibles: many }).success).toBe(
      false,
    );
    expect(combatCommand.safeParse({ type: "ExpirerTour", numeroTour: 1 }).success).toBe(true);
  });
});
