import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type WorldCommand, worldCommand } from "../../../domain/world/commands.ts";
import { type WorldEvent, worldEvents } from "../../../domain/world/events.ts";
import { hoursOf } from "../../../domain/world/formulas.ts";
import { WORLD_REJECTIONS } from "../../../domain/world/rejections.ts";
import type { WorldState } from "../../../domain/world/state.ts";
import { saison, typeEvenement } from "../../../domain/world/values.ts";
import { world } from "../../../domain/world/world.ts";
import { contribute, createWorld, defeat, discover, gather, HOUR, jid, rid, trigger, vid, zid } from "./helper.ts";

const int = (min: number, max: number) => fc.integer({ min, max });

const command: fc.Arbitrary<WorldCommand> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(int(0, 3), int(1, 3)).map(([player, zone]) => discover(player, zone)) },
  {
    weight: 4,
    arbitrary: fc.tuple(int(0, 3), int(1, 60), int(1, 3)).map(([player, n, which]) => gather(player, n, which)),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(int(0, 5), fc.constantFrom(...typeEvenement.options), int(1, 40), int(1, 5), int(0, 3))
      .map(([n, type, objectif, hours, zone]) =>
        trigger(n, { type, objectif, dureeMs: hours * 20_000, ...(zone > 0 ? { zoneId: zid(zone) } : {}) }),
      ),
  },
  { weight: 3, arbitrary: fc.tuple(int(0, 5), int(0, 3), int(1, 9)).map(([n, who, much]) => contribute(n, who, much)) },
  fc.tuple(int(0, 9), int(0, 3), int(1, 2)).map(([combat, winner, boss]) => defeat(combat, [winner, winner + 1], boss)),
  fc.tuple(fc.constantFrom(...typeEvenement.options), int(0, 3), int(1, 5)).map(
    ([type, who, montant]): WorldCommand => ({
      type: "CompterFaits",
      typeEvenement: type,
      zoneId: zid(1),
      contributions: [{ joueurId: jid(who), montant }],
      reference: "test",
    }),
  ),
  int(0, 5).map((n): WorldCommand => ({ type: "ExpirerEvenement", evenementId: vid(n) })),
  int(0, 5).map((n): WorldCommand => ({ type: "AnnulerEvenement", evenementId: vid(n), raison: "test" })),
  int(1, 3).map((n): WorldCommand => ({ type: "RegenererRessource", ressourceId: rid(n) })),
  fc.constant<WorldCommand>({ type: "PasserHeure" }),
  fc.constant<WorldCommand>(createWorld),
);

/** A command and the ms since the one before; undefined: what the world itself wants next, at its time. */
type Move = readonly [command: WorldCommand | undefined, wait: number];
const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.tuple(fc.option(command, { nil: undefined, freq: 3 }), fc.constantFrom(0, 0, 0, 1_000, 15_000, HOUR, 40 * HOUR)),
  { maxLength: 60, size: "max" },
);

interface Step {
  readonly before: WorldState;
  readonly command: WorldCommand;
  readonly now: number;
  readonly events: readonly WorldEvent[];
  readonly after: WorldState;
  readonly code: string | undefined;
}

function play(list: readonly Move[], watch: (step: Step) => void): WorldState {
  let state = world.initial;
  let now = 0;
  for (const [chosen, wait] of [[createWorld, 0] as Move, ...list]) {
    const wish = world.wakeUp?.(state);
    const command = chosen ?? wish?.command;
    if (command === undefined) continue;
    now = chosen === undefined && wish !== undefined ? Math.max(now, wish.at) : now + wait;
    const before = state;
    const decision = world.decide(before, command, { now });
    const events = decision.ok ? decision.events : [];
    state = events.reduce(world.evolve, before);
    watch({ before, command, now, events, after: state, code: decision.ok ? undefined : decision.rejection.code });
  }
  return state;
}

const played = (watch: (step: Step) => void, numRuns = 300) =>
  fc.assert(
    fc.property(moves, (list) => {
      play(list, watch);
    }),
    { numRuns },
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
  test("nothing throws, each refusal has a known code, and every corner is reached", () => {
    const seen = new Set<string>();
    const list = fc.sample(moves, { numRuns: 1_500, seed: 7 });
    for (const one of list)
      play(one, ({ events, code }) => {
        for (const event of events) seen.add(event.eventType);
        for (const event of events) if (event.eventType === "EvenementTermine") seen.add(event.payload.resultat);
        if (code !== undefined) seen.add(code);
      });
    const corners = [...Object.keys(worldEvents), ...Object.keys(WORLD_REJECTIONS), "REUSSI", "ECHOUE", "ANNULE"];
    // Six ids of events never fill the world, and the first command is always the one that makes it.
    const unreachable = ["WORLD_NOT_FOUND", "INVALID_WORLD", "TOO_MANY_EVENTS"];
    expect(corners.filter((corner) => !seen.has(corner)).sort()).toEqual(unreachable.sort());
    expect([...seen].filter((corner) => !corners.includes(corner))).toEqual([]);
  });

  test("[WORLD-3] time never runs backwards, and keeps up with the clock", () => {
    played(({ before, after, now, command, code }) => {
      expect(hoursOf(after)).toBeGreaterThanOrEqual(hoursOf(before));
      const since = Math.max(0, Math.floor(now / HOUR));
      if (command.type === "PasserHeure" && code === undefined) expect(hoursOf(after)).toBe(8 + since);
      expect(saison.options).toContain(after.saison);
    });
  });

  test("[WORLD-10] resources stay within their capacity, and grow while they are not full", () => {
    played(({ after }) => {
      for (const one of Object.values(after.ressources)) {
        expect(one.quantite).toBeGreaterThanOrEqual(0);
        expect(one.quantite).toBeLessThanOrEqual(one.capacite);
        expect(one.prochaineRegeneration === null).toBe(one.quantite === one.capacite);
      }
    });
  });

  test("[WORLD-13] contributions sum up to the progress, which never exceeds the goal; an event ends exactly once", () => {
    const list = fc.property(moves, (one) => {
      const ended = new Map<string, number>();
      const begun = new Set<string>();
      play(one, ({ events, after }) => {
        for (const { eventType, payload } of events) {
          if (eventType === "EvenementMondialDeclenche") begun.add(payload.evenementId);
          if (eventType !== "EvenementTermine") continue;
          ended.set(payload.evenementId, (ended.get(payload.evenementId) ?? 0) + 1);
          const sum = payload.participants.reduce((total, { contribution }) => total + contribution, payload.autres);
          expect(sum).toBe(payload.progres);
          expect(payload.resultat === "REUSSI").toBe(payload.progres === payload.objectif);
        }
        for (const { progres, objectif, contributions, autres, contributeurs } of Object.values(after.evenements)) {
          const amounts = contributions.flatMap((group) => Object.values(group));
          expect(amounts.reduce((total, amount) => total + amount, autres)).toBe(progres);
          expect(amounts).toHaveLength(contributeurs);
          expect(progres).toBeLessThan(objectif);
        }
      });
      for (const [id, times] of ended) expect([begun.has(id), times]).toEqual([true, 1]);
    });
    fc.assert(list, { numRuns: 300 });
  });

  test("[WORLD-18] left to itself the world goes on: what it wants is accepted at its time, and leads somewhere", () => {
    fc.assert(
      fc.property(moves, (list) => {
        let now = 0;
        let state = play(list, (step) => {
          now = step.now;
        });
        for (let n = 0; n < 60; n++) {
          const wish = world.wakeUp?.(state);
          if (wish === undefined) throw new Error("it wants nothing");
          now = Math.max(now, wish.at);
          const decision = world.decide(state, wish.command, { now });
          if (!decision.ok) throw new Error(`${wish.command.type}: ${decision.rejection.code}`);
          expect(decision.events.length).toBeGreaterThan(0);
          state = decision.events.reduce(world.evolve, state);
        }
        expect(Object.keys(state.evenements)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe("replay", () => {
  test("[WORLD-20] folding the stored events gives the live state", () => {
    fc.assert(
      fc.property(moves, (list) => {
        const log: WorldEvent[] = [];
        const live = play(list, ({ events }) => log.push(...events));
        expect(stored(log).reduce(world.evolve, world.initial)).toEqual(live);
      }),
      { numRuns: 200 },
    );
  });

  test("[WORLD-20] a stored state decides the same", () => {
    played(({ before, command, now, events, code }) => {
      if (code !== undefined) return;
      expect(world.decide(stored(before), command, { now })).toEqual({ ok: true, events });
      expect(world.wakeUp?.(stored(before))).toEqual(world.wakeUp?.(before));
    });
  });

  test("events, commands and states keep to their schemas, word for word", () => {
    played(({ command: one, events, after }) => {
      expect(worldCommand.parse(one)).toEqual(one);
      for (const event of events)
        expect(worldEvents[event.eventType]?.schema.parse(event.payload)).toStrictEqual(stored(event.payload));
      expect(world.snapshot.schema.parse(after)).toStrictEqual(stored(after));
    }, 60);
  });

  test("any event on any state gives a state", () => {
    const log: WorldEvent[] = [];
    for (const list of fc.sample(moves, { numRuns: 100, seed: 3 })) play(list, ({ events }) => log.push(...events));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...log), { maxLength: 40 }), (events) => {
        const state = events.reduce(world.evolve, world.initial);
        expect(state.version).toBe(events.length);
      }),
    );
  });

  test("states are never written to", () => {
    const freeze = (part: unknown): void => {
      if (typeof part !== "object" || part === null || Object.isFrozen(part)) return;
      Object.freeze(part);
      for (const inner of Object.values(part)) freeze(inner);
    };
    played(({ events, after }) => {
      freeze(events);
      freeze(after);
    }, 60);
  });
});
