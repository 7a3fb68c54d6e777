import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { playerCommand } from "../../../domain/player/commands.ts";
import { player } from "../../../domain/player/player.ts";
import { questPhase } from "../../../domain/player/quetes.ts";
import { type PlayerEvent, type PlayerState, partOf, playerEvents } from "../../../domain/player/state.ts";
import { life, type Step } from "./life-arbitrary.ts";
import { accept, born, payloads, when } from "./life-helper.ts";

// Only for machines under load: alone, none of them takes more than a few seconds.
vi.setConfig({ testTimeout: 120_000 });

interface Moment {
  readonly before: PlayerState;
  readonly command: ReturnType<Step["command"]>;
  readonly now: number;
  readonly events: readonly PlayerEvent[];
  readonly after: PlayerState;
  readonly code: string | undefined;
}

const start = (): PlayerState =>
  born({ or: 2_000, pointsCompetence: 6, niveau: 2, vitaux: { hpActuel: 5, mpActuel: 60, staminaActuel: 10 } });

function live(steps: readonly Step[], watch: (moment: Moment) => void = () => undefined): PlayerState {
  let [state, now] = [start(), 0];
  for (const { wait, command: made } of steps) {
    now += wait;
    const command = made(state);
    const { events, state: after, code } = when(state, command, now);
    watch({ before: state, command, now, events, after, code });
    state = after;
  }
  return state;
}

// Without shrinking, which goes on for minutes here. The seed in the message repeats the case.
const lived = (runs: number, watch: (moment: Moment) => void) =>
  fc.assert(
    fc.property(life(80), (steps) => {
      live(steps, watch);
    }),
    { numRuns: runs, endOnFailure: true },
  );

/** As a JSONB column gives it back: other key order, no undefined. */
function stored<Value>(value: Value): Value {
  const turned = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(turned);
    if (typeof part !== "object" || part === null) return part;
    const entries = Object.entries(part).reverse();
    return Object.fromEntries(entries.map(([key, inner]) => [key, turned(inner)]));
  };
  return turned(JSON.parse(JSON.stringify(value))) as Value;
}

describe("any life", () => {
  test("[GOAL-2] progress never goes back or over what is required, and complete is what has all of it", () => {
    lived(60, ({ before, after, events }) => {
      for (const [queteId, quest] of Object.entries(after.quetes.ouvertes)) {
        const had = before.quetes.ouvertes[queteId];
        for (const [n, { requis }] of quest.definition.objectifs.entries()) {
          const [was, is] = [had?.progres[n] ?? 0, quest.progres[n] ?? -1];
          if (is > requis || is < was) throw new Error(`${was} → ${is} of ${requis}`);
        }
        const complete = quest.definition.objectifs.every(({ requis }, n) => quest.progres[n] === requis);
        expect(questPhase(after.quetes, queteId)).toBe(complete ? "ready" : "open");
      }
      for (const one of payloads(events, "ObjectifProgresse") as { avant: number; apres: number; requis: number }[])
        if (one.apres <= one.avant || one.apres > one.requis) throw new Error(JSON.stringify(one));
    });
  });

  test("[QUEST-8] every acceptance is rewarded at most once, and only together with its end", () => {
    fc.assert(
      fc.property(life(80), (steps) => {
        const ended = new Set<string>();
        live(steps, ({ events }) => {
          const key = ({ queteId, acceptation }: { queteId: string; acceptation: number }) =>
            `${queteId}/${acceptation}`;
          const of = (type: PlayerEvent["eventType"]) =>
            (payloads(events, type) as { queteId: string; acceptation: number }[]).map(key);
          expect(of("RecompenseObtenue")).toEqual(of("QueteTerminee"));
          for (const one of [...of("QueteTerminee"), ...of("QueteEchouee"), ...of("QueteAbandonnee")]) {
            if (ended.has(one)) throw new Error(`${one} ended twice`);
            ended.add(one);
          }
        });
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("[REL-4] [SKILL-1] reputations, points, gold and vitals keep to their bounds", () => {
    lived(60, ({ after }) => {
      for (const { reputation } of Object.values(after.relations.pnj))
        if (Math.abs(reputation) > 1_000) throw new Error(`reputation ${reputation}`);
      const { pointsCompetence, or, vitaux } = after.joueur;
      if (Math.min(pointsCompetence, or, ...Object.values(vitaux)) < 0) throw new Error(JSON.stringify(after.joueur));
    });
  });

  test("folding the stored events gives the live state, and each stream its own versions", () => {
    fc.assert(
      fc.property(life(80), (steps) => {
        const log: PlayerEvent[] = [];
        const first = start();
        const last = live(steps, ({ events }) => log.push(...events));
        expect(stored(log).reduce(player.evolve, first)).toEqual(last);
        for (const [part, version] of Object.entries(last.versions))
          expect(version - (first.versions[part as keyof typeof first.versions] ?? 0)).toBe(
            log.filter((event) => partOf(event.eventType) === part).length,
          );
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("a stored state decides the same", () => {
    lived(40, ({ before, command, now, events, code }) => {
      const again = player.decide(stored(before), command, { now });
      if (code === undefined) expect(again).toEqual({ ok: true, events });
      else expect(again).toMatchObject({ ok: false, rejection: { code } });
    });
  });

  test("events, commands and states keep to their schemas, word for word", () => {
    lived(15, ({ command, events, after }) => {
      expect(playerCommand.parse(command)).toEqual(command);
      for (const event of events)
        expect(playerEvents[event.eventType]?.schema.parse(event.payload)).toStrictEqual(stored(event.payload));
      if (events.length > 0) expect(player.snapshot.schema.parse(after)).toStrictEqual(stored(after));
    });
  });

  test("states are never written to", () => {
    const freeze = (part: unknown): void => {
      if (typeof part !== "object" || part === null || Object.isFrozen(part)) return;
      Object.freeze(part);
      for (const inner of Object.values(part)) freeze(inner);
    };
    lived(20, ({ events, after }) => {
      freeze(events);
      freeze(after);
    });
  });
});

test("[QUEST-11] left to themselves all quests with a limit end: what the player wants next is always accepted", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 525_600 }), { minLength: 1, maxLength: 25 }), (limits) => {
      let state = limits.reduce(
        (one, dureeLimiteMinutes, n) => when(one, accept(n + 1, { dureeLimiteMinutes }), n * 1_000).state,
        born(),
      );
      for (let wish = player.wakeUp?.(state); wish !== undefined; wish = player.wakeUp?.(state)) {
        const { code, events, state: after } = when(state, wish.command, wish.at);
        if (code !== undefined || events.length === 0) throw new Error(code ?? "nothing happened");
        state = after;
      }
      expect(state.quetes.ouvertes).toEqual({});
    }),
    { numRuns: 100 },
  );
});

test("the lives of these tests are full ones", () => {
  const seen = new Set<string>();
  const refused = new Set<string>();
  fc.assert(
    fc.property(life(80), (steps) => {
      live(steps, ({ events, code }) => {
        for (const event of events) seen.add(event.eventType);
        if (code !== undefined) refused.add(code);
      });
    }),
    { numRuns: 60, seed: 7 },
  );
  const own = Object.keys(playerEvents).filter((type) => ["Competence", "Quete", "PNJ"].includes(partOf(type)));
  expect(own.filter((type) => !seen.has(type))).toEqual([]);
  expect(refused.size).toBeGreaterThan(25);
});
