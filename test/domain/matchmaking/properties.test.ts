import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { findMatches, type Matching, type OpenGroup } from "../../../domain/matchmaking/matcher.ts";
import type { ModeRules } from "../../../domain/matchmaking/modes.ts";
import { latencyIn, type WaitingTicket, windowOf } from "../../../domain/matchmaking/ticket.ts";
import { GROUPS, NOW, queues, RULES, VERSUS } from "./helper.ts";

// Only for machines under load: alone, none of them takes more than a few seconds.
vi.setConfig({ testTimeout: 120_000 });

const size = (tickets: readonly WaitingTicket[]): number => tickets.reduce((sum, { taille }) => sum + taille, 0);
const strength = (tickets: readonly WaitingTicket[]): number =>
  tickets.reduce((sum, { cote, taille }) => sum + cote * taille, 0);

function chosen({ matches, backfills }: Matching): WaitingTicket[] {
  return [...matches.flatMap(({ equipes }) => equipes.flat()), ...backfills.flatMap(({ tickets }) => tickets)];
}

function always(modes: readonly (keyof typeof RULES)[], holds: (rules: ModeRules, queue: WaitingTicket[]) => void) {
  for (const mode of modes)
    fc.assert(
      fc.property(queues(RULES[mode]), (queue) => holds(RULES[mode], queue)),
      { numRuns: 300 },
    );
}

/** Nobody is further from anybody than it takes. */
function expectWithinWindows(rules: ModeRules, tickets: readonly WaitingTicket[]): void {
  for (const one of tickets)
    for (const other of tickets) expect(Math.abs(one.cote - other.cote)).toBeLessThanOrEqual(windowOf(one, rules, NOW));
}

/** The least difference of two teams of these tickets, by trying all. */
function leastDifference(tickets: readonly WaitingTicket[], taille: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < 2 ** tickets.length; mask += 1) {
    const one = tickets.filter((_, i) => mask & (1 << i));
    if (size(one) === taille) least = Math.min(least, Math.abs(strength(one) * 2 - strength(tickets)));
  }
  return least;
}

describe("two teams", () => {
  test("[QUEUE-4] are full, of whole parties, and balanced as well as can be", () => {
    always(VERSUS, (rules, queue) => {
      for (const { equipes } of findMatches(rules, queue, NOW).matches) {
        expect(equipes.map(size)).toEqual([rules.taille, rules.taille]);
        const [a = [], b = []] = equipes;
        expect(Math.abs(strength(a) - strength(b))).toBe(leastDifference([...a, ...b], rules.taille));
      }
    });
  });

  test("[QUEUE-3] lie within everybody's window", () => {
    always(VERSUS, (rules, queue) => {
      for (const { equipes } of findMatches(rules, queue, NOW).matches) expectWithinWindows(rules, equipes.flat());
    });
  });

  test("[QUEUE-6] of one each: whoever is left over finds nobody who would do", () => {
    always(["1V1"], (rules, queue) => {
      const done = new Set(chosen(findMatches(rules, queue, NOW)));
      const left = queue.filter((one) => !done.has(one));
      for (const one of left)
        for (const other of left) {
          if (one === other) continue;
          const apart = Math.abs(one.cote - other.cote);
          const near = apart <= Math.min(windowOf(one, rules, NOW), windowOf(other, rules, NOW));
          const meet = ["eu", "us", "asia"].some(
            (region) => latencyIn(one, region) !== undefined && latencyIn(other, region) !== undefined,
          );
          expect(near && meet).toBe(false);
        }
    });
  });
});

describe("groups", () => {
  const open = (rules: ModeRules) =>
    fc
      .record({
        region: fc.constantFrom("eu", "us"),
        cibleId: fc.constantFrom("a", "b"),
        libres: fc.integer({ min: 1, max: rules.taille - 1 }),
        cote: fc.integer({ min: 950, max: 1_050 }),
      })
      .map(({ cote, ...group }): OpenGroup => {
        const rest = {
          region: group.region,
          latences: {},
          latenceMax: 100,
          cibleId: group.cibleId,
          creeA: NOW - 60_000,
        };
        const taille = rules.taille - group.libres;
        return { ...group, matchId: "m", tickets: [{ ticketId: "in it", cote, taille, ...rest }] };
      });

  test("[QUEUE-8] are of the smallest size or more, want one fight, and lie within everybody's window", () => {
    always(GROUPS, (rules, queue) => {
      for (const { equipes, libres, cibleId } of findMatches(rules, queue, NOW).matches) {
        const [group = []] = equipes;
        expect(equipes).toHaveLength(1);
        expect(size(group)).toBe(rules.taille - libres);
        expect(size(group)).toBeGreaterThanOrEqual(rules.minimum);
        expect(new Set(group.map((one) => one.cibleId))).toEqual(new Set([cibleId]));
        expectWithinWindows(rules, group);
      }
    });
  });

  test("[QUEUE-8] are filled up to their places, by those who fit them", () => {
    for (const mode of GROUPS)
      fc.assert(
        fc.property(queues(RULES[mode]), open(RULES[mode]), (queue, group) => {
          for (const { tickets } of findMatches(RULES[mode], queue, NOW, [group]).backfills) {
            expect(size(tickets)).toBeLessThanOrEqual(group.libres);
            expectWithinWindows(RULES[mode], [...group.tickets, ...tickets]);
            for (const one of tickets) {
              expect(one.cibleId).toBe(group.cibleId);
              expect(latencyIn(one, group.region)).toBeDefined();
            }
          }
        }),
        { numRuns: 300 },
      );
  });

  test("[QUEUE-6] no ticket twice, in matches and free places together", () => {
    for (const mode of GROUPS)
      fc.assert(
        fc.property(queues(RULES[mode]), open(RULES[mode]), (queue, group) => {
          const all = chosen(findMatches(RULES[mode], queue, NOW, [group]));
          expect(new Set(all).size).toBe(all.length);
        }),
      );
  });
});

describe("every mode", () => {
  test("[QUEUE-6] no ticket twice, and none that does not wait", () => {
    always([...VERSUS, ...GROUPS], (rules, queue) => {
      const all = chosen(findMatches(rules, queue, NOW));
      expect(new Set(all).size).toBe(all.length);
      for (const one of all) expect(queue).toContain(one);
    });
  });

  test("[QUEUE-5] all can play in the match's region", () => {
    always([...VERSUS, ...GROUPS], (rules, queue) => {
      for (const { equipes, region } of findMatches(rules, queue, NOW).matches)
        for (const one of equipes.flat()) expect(latencyIn(one, region)).toBeLessThanOrEqual(one.latenceMax);
    });
  });

  test("[QUEUE-6] the same tickets in another order give the same matches", () => {
    for (const mode of [...VERSUS, ...GROUPS])
      fc.assert(
        fc.property(queues(RULES[mode]), fc.integer(), (queue, seed) => {
          const mixed = queue.toSorted((a, b) => ((a.cote * 31 + seed) % 17) - ((b.cote * 31 + seed) % 17));
          expect(findMatches(RULES[mode], mixed, NOW)).toEqual(findMatches(RULES[mode], queue, NOW));
        }),
      );
  });
});
