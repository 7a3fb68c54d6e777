import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combat } from "../../../domain/combat/combat.ts";
import { type CombatCommand, combatCommand } from "../../../domain/combat/commands.ts";
import { demoCombat } from "../../../domain/combat/demo.ts";
import { type CombatEvent, combatEvents } from "../../../domain/combat/events.ts";
import { COMBAT_REJECTIONS } from "../../../domain/combat/rejections.ts";
import { effectOf } from "../../../domain/combat/roster.ts";
import type { CombatState } from "../../../domain/combat/state.ts";
import { commandOf, type Gesture, gesture, preparation } from "./arbitrary.ts";
import { COMBAT_ID, eid } from "./helper.ts";

interface Step {
  readonly before: CombatState;
  readonly command: CombatCommand;
  readonly events: readonly CombatEvent[];
  readonly after: CombatState;
  readonly code: string | undefined;
}

/** Later than every deadline, so that expiries count. */
const LATE = 4e12;

/** Plays a combat; `watch` sees each step. */
function play(
  first: CombatCommand,
  gestures: readonly Gesture[],
  watch: (step: Step) => void = () => undefined,
): CombatState {
  let state = combat.initial;
  for (let n = -1; n < gestures.length; n++) {
    const next = gestures[n];
    const command = next === undefined ? first : commandOf(state, next);
    const decision = combat.decide(state, command, { now: n < 0 ? 0 : LATE });
    const events = decision.ok ? decision.events : [];
    const after = events.reduce(combat.evolve, state);
    watch({ before: state, command, events, after, code: decision.ok ? undefined : decision.rejection.code });
    state = after;
  }
  return state;
}

const played = (runs: number, length: number, watch: (step: Step) => void) =>
  fc.assert(
    fc.property(
      preparation,
      fc.array(gesture, { minLength: length, maxLength: length, size: "max" }),
      (first, gestures) => {
        play(first, gestures, watch);
      },
    ),
    { numRuns: runs },
  );

/** As a JSONB column gives it back: other key order, no undefined. */
function stored<Value>(value: Value): Value {
  const turned = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(turned);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part)
        .reverse()
        .map(([key, inner]) => [key, turned(inner)]),
    );
  };
  return turned(JSON.parse(JSON.stringify(value))) as Value;
}

describe("whatever is commanded", () => {
  test("100,000 random commands never throw, and each refusal has a known code", () => {
    let commands = 0;
    const kinds = new Set<string>();
    const codes = new Set<string>();
    played(500, 200, ({ events, code }) => {
      commands++;
      for (const event of events) kinds.add(event.eventType);
      if (code !== undefined) codes.add(code);
    });
    expect(commands).toBeGreaterThan(100_000);
    expect([...codes].filter((code) => !(code in COMBAT_REJECTIONS))).toEqual([]);
    // The commands must have reached the interesting places for the test to mean anything.
    expect([...kinds].sort()).toEqual(Object.keys(combatEvents).sort());
    expect(codes.size).toBeGreaterThan(14);
  });

  test("points stay within bounds, positions on the line", () => {
    played(80, 150, ({ after }) => {
      for (const one of Object.values(after.participants)) {
        const within =
          one.hpActuel >= 0 &&
          one.hpActuel <= one.hpMax &&
          one.mpActuel >= 0 &&
          one.mpActuel <= one.mpMax &&
          one.staminaActuel >= 0 &&
          one.staminaActuel <= one.staminaMax &&
          one.position < after.terrain;
        if (!within || (one.hpActuel === 0) !== (one.etat === "MORT" || (one.etat === "KO" && !one.retire)))
          throw new Error(`out of bounds: ${JSON.stringify(one)}`);
      }
      if (after.journal.length > 20) throw new Error("the journal grows");
    });
  });

  test("[ACT-6] nobody acts when dead, stunned or out of turn", () => {
    played(120, 150, ({ before, events }) => {
      events.reduce((state, event) => {
        if (event.eventType === "ActionExecutee") {
          const actor = state.participants[event.payload.participantId];
          const fit = actor?.etat === "ACTIF" && effectOf(actor, "STUN") === undefined;
          if (!fit || state.participantActifId !== actor.participantId || event.payload.numeroTour !== state.tourActuel)
            throw new Error(`must not act: ${JSON.stringify(actor)}`);
        }
        return combat.evolve(state, event);
      }, before);
    });
  });

  test("a running combat always waits for somebody who can act", () => {
    played(80, 150, ({ after }) => {
      if (after.etat !== "EN_COURS") return;
      const active = after.participants[after.participantActifId ?? ""];
      if (active?.etat !== "ACTIF" || effectOf(active, "STUN") !== undefined) throw new Error("nobody can act");
      if (combat.wakeUp?.(after) === undefined) throw new Error("nothing will wake it");
    });
  });

  test("items are conserved: what is left and what was used is what there was", () => {
    const counts = (state: CombatState) =>
      Object.values(state.participants).map((one) =>
        one.objets.map((item) => item.quantite + (one.bilan.objetsUtilises[item.itemId] ?? 0)),
      );
    played(80, 150, ({ before, after }) => {
      for (const item of Object.values(after.participants).flatMap((one) => one.objets))
        if (item.quantite < 0) throw new Error("owes an item");
      if (before.etat !== "INEXISTANT") expect(counts(after)).toEqual(counts(before));
    });
  });

  test("every accepted command changes the version, but arriving once more", () => {
    played(80, 150, ({ before, command, events, after, code }) => {
      expect(after.version).toBe(before.version + events.length);
      const changed = after.version > before.version;
      if (code !== undefined ? changed : !changed && command.type !== "RejoindreCombat")
        throw new Error(JSON.stringify(command));
    });
  });
});

describe("replay", () => {
  test("folding the stored events gives the live state", () => {
    fc.assert(
      fc.property(preparation, fc.array(gesture, { minLength: 80, maxLength: 80 }), (first, gestures) => {
        const log: CombatEvent[] = [];
        const live = play(first, gestures, ({ events }) => log.push(...events));
        expect(stored(log).reduce(combat.evolve, combat.initial)).toEqual(live);
      }),
      { numRuns: 60 },
    );
  });

  test("events, commands and states keep to their schemas, word for word", () => {
    played(15, 80, ({ command, events, after }) => {
      if (command.type !== "PreparerCombat") expect(combatCommand.parse(command)).toEqual(command);
      for (const event of events)
        expect(combatEvents[event.eventType]?.schema.parse(event.payload)).toStrictEqual(stored(event.payload));
      if (events.length > 0) expect(combat.snapshot.schema.parse(after)).toStrictEqual(stored(after));
    });
  });

  test("[RNG-1] the same seed and commands give the same events, also from a stored state", () => {
    played(40, 80, ({ before, command, events, code }) => {
      if (code !== undefined) return;
      const again = combat.decide(stored(before), command, { now: command.type === "PreparerCombat" ? 0 : LATE });
      expect(again).toEqual({ ok: true, events });
    });
  });

  test("[RNG-1] another seed gives another course", () => {
    const course = (graine: string) => {
      const types: string[] = [];
      const definition = demoCombat(eid(1), eid(2), { graine });
      const gestures = Array.from({ length: 40 }, (): Gesture => [0, 1, 1, 1]);
      play({ type: "PreparerCombat", combatId: COMBAT_ID, definition }, gestures, ({ events }) =>
        types.push(...events.map((event) => JSON.stringify(event.payload))),
      );
      return types.slice(2).join();
    };
    expect(course("a")).toBe(course("a"));
    expect(course("a")).not.toBe(course("b"));
  });

  test("states are never written to", () => {
    const freeze = (part: unknown): void => {
      if (typeof part !== "object" || part === null || Object.isFrozen(part)) return;
      Object.freeze(part);
      for (const inner of Object.values(part)) freeze(inner);
    };
    played(25, 80, ({ events, after }) => {
      freeze(events);
      freeze(after);
    });
  });
});

test("the demo comes to an end by itself", () => {
  const definition = demoCombat(eid(1), eid(2), { graine: "demo" });
  const gestures = Array.from({ length: 400 }, (): Gesture => [0, 1, 1, 1]);
  const state = play({ type: "PreparerCombat", combatId: COMBAT_ID, definition }, gestures);
  expect(state.fin).toMatchObject({ resultat: "VICTOIRE", raison: "DERNIERE_EQUIPE" });
});
