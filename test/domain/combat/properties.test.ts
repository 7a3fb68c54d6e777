import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { combat } from "../../../domain/combat/combat.ts";
import { type CombatCommand, combatCommand } from "../../../domain/combat/commands.ts";
import { demoCombat } from "../../../domain/combat/demo.ts";
import { type CombatEvent, combatEvents, raisonFin } from "../../../domain/combat/events.ts";
import { COMBAT_REJECTIONS } from "../../../domain/combat/rejections.ts";
import { effectOf } from "../../../domain/combat/roster.ts";
import type { CombatState } from "../../../domain/combat/state.ts";
import { commandOf, type Gesture, gesture, preparation } from "./arbitrary.ts";
import { COMBAT_ID, eid } from "./helper.ts";

// Only for machines under load: alone, none of them takes more than a few seconds.
vi.setConfig({ testTimeout: 120_000 });

interface Step {
  readonly before: CombatState;
  readonly command: CombatCommand;
  readonly now: number;
  readonly events: readonly CombatEvent[];
  readonly after: CombatState;
  readonly code: string | undefined;
}

/** ms since the start at the nth command: mostly past the deadline that the one before it set, every fourth time before. */
const clock = (n: number) => 40_000 * Math.floor(((n + 1) * 3) / 4);

/** Plays a combat, and three commands beyond its end; `watch` sees each step. */
function play(
  first: CombatCommand,
  gestures: readonly Gesture[],
  watch: (step: Step) => void = () => undefined,
): CombatState {
  let state = combat.initial;
  let beyond = 0;
  for (let n = -1; n < gestures.length && beyond < 3; n++) {
    if (combat.mayRest?.(state)) beyond++;
    const next = gestures[n];
    const command = next === undefined ? first : commandOf(state, next);
    const decision = combat.decide(state, command, { now: clock(n) });
    const events = decision.ok ? decision.events : [];
    const after = events.reduce(combat.evolve, state);
    watch({
      before: state,
      command,
      now: clock(n),
      events,
      after,
      code: decision.ok ? undefined : decision.rejection.code,
    });
    state = after;
  }
  return state;
}

// Without shrinking: with hundreds of commands to leave out it goes on for minutes. The seed in the message repeats the case.
const played = (runs: number, length: number, watch: (step: Step) => void, options: { seed?: number } = {}) =>
  fc.assert(
    fc.property(
      preparation,
      fc.array(gesture, { minLength: length, maxLength: length, size: "max" }),
      (first, gestures) => {
        play(first, gestures, watch);
      },
    ),
    { numRuns: runs, endOnFailure: true, ...options },
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
    const seen = new Set<string>();
    const watch = ({ events, code }: Step) => {
      commands++;
      for (const event of events)
        seen.add(event.eventType === "CombatTermine" ? event.payload.raison : event.eventType);
      if (code !== undefined) seen.add(code);
    };
    // Seeds are fixed here, so that a rare corner is never missed by bad luck.
    for (let seed = 1; commands < 100_000; seed++) played(100, 300, watch, { seed });
    // The commands must have reached every corner for the test to mean anything. Nobody is stunned in its own turn.
    const corners = [...Object.keys(combatEvents), ...Object.keys(COMBAT_REJECTIONS), ...raisonFin.options];
    const unreachable = ["CombatTermine", "STUNNED", "COMBAT_NOT_FOUND", "COMBAT_ALREADY_PREPARED", "FLIGHT_FORBIDDEN"];
    expect(corners.filter((corner) => !seen.has(corner)).sort()).toEqual(unreachable.sort());
    expect([...seen].filter((corner) => !corners.includes(corner))).toEqual([]);
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
      { numRuns: 60, endOnFailure: true },
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
    played(40, 80, ({ before, command, now, events, code }) => {
      if (code !== undefined) return;
      const again = combat.decide(stored(before), command, { now });
      expect(again).toEqual({ ok: true, events });
    });
  });

  test("[RNG-1] another seed gives another course", () => {
    const course = (graine: string) => {
      const types: string[] = [];
      const definition = demoCombat(eid(1), eid(2), { graine });
      const gestures = Array.from({ length: 40 }, (): Gesture => [60, 1, 1, 1]);
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
  const gestures = Array.from({ length: 400 }, (): Gesture => [60, 1, 1, 1]);
  const state = play({ type: "PreparerCombat", combatId: COMBAT_ID, definition }, gestures);
  expect(state.fin).toMatchObject({ resultat: "VICTOIRE", raison: "DERNIERE_EQUIPE" });
});

test("[TIME-4] a combat left to itself ends: what it wants next is always accepted, at the time that it names", () => {
  fc.assert(
    fc.property(preparation, (first) => {
      let now = 0;
      let state = combat.initial;
      for (let command: CombatCommand | undefined = first; command !== undefined; ) {
        const decision = combat.decide(state, command, { now });
        if (!decision.ok) throw new Error(`${command.type}: ${decision.rejection.code}`);
        expect(decision.events.length).toBeGreaterThan(0);
        state = decision.events.reduce(combat.evolve, state);
        const wish = combat.wakeUp?.(state);
        now = Math.max(now, wish?.at ?? now);
        command = wish?.command;
      }
      expect(combat.mayRest?.(state)).toBe(true);
    }),
    { numRuns: 150, endOnFailure: true },
  );
});
