import { describe, expect, test } from "vitest";
import { fightOf } from "../../../domain/matchmaking/fight.ts";
import { findMatches, type OpenGroup } from "../../../domain/matchmaking/matcher.ts";
import { mode, modeRules } from "../../../domain/matchmaking/modes.ts";
import { createQueue } from "../../../domain/matchmaking/queue.ts";
import { type WaitingTicket, windowOf } from "../../../domain/matchmaking/ticket.ts";
import { combatStartBody } from "../../../rooms/combat-start.ts";
import { NOW, RULES, ticket } from "./helper.ts";

const ids = (all: readonly { readonly ticketId: string }[]) => all.map(({ ticketId }) => ticketId);

test("[QUEUE-1] what a deployment sets is set, mode by mode, and the rest is as it was", () => {
  const rules = modeRules({ "1V1": { acceptationMs: 0 } });
  expect(rules["1V1"]).toEqual({ ...RULES["1V1"], acceptationMs: 0 });
  expect(rules["2V2"]).toEqual(RULES["2V2"]);
});

test("[QUEUE-1] every mode's match is a combat that can be started", () => {
  for (const one of mode.options) {
    const rules = RULES[one];
    const members = Array.from({ length: rules.equipes * rules.taille }, (_, i) => ({
      joueurId: `11111111-1111-4111-8111-${String(i).padStart(12, "0")}`,
      equipe: i < rules.taille ? "A" : "B",
    }));
    const foe = rules.equipes === 1 ? "f0e00000-0000-4000-8000-000000000008" : null;
    const body = combatStartBody.parse(fightOf(rules, foe, members));
    const teams = new Set(body.participants.map(({ equipe }) => equipe));
    expect(teams).toEqual(new Set(["A", "B"]));
    expect(body.typeCombat).toBe(rules.typeCombat);
    const places = body.participants.map(({ position }) => position);
    expect(new Set(places).size).toBe(places.length);
  }
});

describe("[QUEUE-3] the window", () => {
  const rules = RULES["1V1"];
  test("[QUEUE-3] widens with waiting, up to its most", () => {
    expect(windowOf(ticket(0), rules, NOW)).toBe(50);
    expect(windowOf(ticket(0, { waited: 12.5 }), rules, NOW)).toBe(175);
    expect(windowOf(ticket(0, { waited: 3_600 }), rules, NOW)).toBe(500);
    expect(windowOf(ticket(0, { creeA: NOW + 5_000 }), rules, NOW)).toBe(50);
  });

  test("[QUEUE-3] is each one's own: who has just come is not taken far away by who has waited", () => {
    const waits = ticket(1_000, { waited: 60 });
    expect(findMatches(rules, [waits, ticket(1_060)], NOW).matches).toEqual([]);
    const found = findMatches(rules, [waits, ticket(1_050)], NOW).matches;
    expect(found).toHaveLength(1);
    expect(found[0]?.ecartCote).toBe(50);
  });
});

describe("[QUEUE-6] who plays whom", () => {
  test("[QUEUE-6] who waits longest has the nearest", () => {
    const [old, near, far, young] = [
      ticket(1_000, { waited: 30 }),
      ticket(1_005, { waited: 10 }),
      ticket(1_020, { waited: 20 }),
      ticket(1_021),
    ];
    const found = findMatches(RULES["1V1"], [young, far, near, old], NOW).matches;
    expect(found.map(({ equipes }) => ids(equipes.flat()))).toEqual([ids([old, near]), ids([far, young])]);
  });

  test("[QUEUE-6] ten thousand in one queue are matched, nearly all, in one pass of bounded time", () => {
    const all = Array.from({ length: 10_000 }, (_, i) => ticket((i * 7_919) % 3_000, { waited: i % 60 }));
    const { matches } = findMatches(RULES["3V3"], all, NOW);
    expect(matches.length).toBeGreaterThan(1_600);
  });
});

test("[QUEUE-6] a ticket looks at so many others and tries so many combinations, however many there are", () => {
  let looks = 0;
  // Of pairs there are no teams of three: each combination is tried in vain.
  const pairs = Array.from({ length: 50 }, (_, i) =>
    Object.defineProperty(ticket(1_000 + (i % 7)), "taille", {
      get() {
        looks += 1;
        return 2;
      },
    }),
  );
  expect(findMatches(RULES["3V3"], pairs, NOW).matches).toEqual([]);
  expect(looks / pairs.length).toBeLessThan(2_500);

  const all = Array.from({ length: 5_000 }, () => ticket(1_000));
  let asked = 0;
  const nobody = () => {
    asked += 1;
    return false;
  };
  expect(createQueue(all).near(all[0] as WaitingTicket, 100, 24, nobody)).toEqual([]);
  expect(asked).toBeLessThan(1_000);
});

describe("[QUEUE-4] teams", () => {
  test("[QUEUE-4] a pair and two alone: the pair on one side", () => {
    const pair = ticket(1_000, { taille: 2 });
    const found = findMatches(RULES["2V2"], [ticket(1_010), pair, ticket(990)], NOW).matches[0];
    expect(found?.equipes.map((team) => team.length).toSorted()).toEqual([1, 2]);
    expect(found?.equipes.some((team) => team.includes(pair) && team.length === 1)).toBe(true);
  });

  test("[QUEUE-4] one alone in between does not keep two pairs apart", () => {
    const all = [ticket(1_000, { waited: 9 }), ticket(1_001, { taille: 2 }), ticket(1_004, { taille: 2 })];
    const found = findMatches(RULES["2V2"], all, NOW).matches;
    expect(found.map(({ equipes }) => equipes.flat().length)).toEqual([2]);
  });

  test("[QUEUE-4] three pairs, which make no two teams of three, do not keep the oldest from a match with those alone", () => {
    const pairs = [1_000, 1_001, 1_002].map((cote, i) => ticket(cote, { taille: 2, waited: 9 - i }));
    const alone = [ticket(1_010), ticket(1_011)];
    const [found] = findMatches(RULES["3V3"], [...pairs, ...alone], NOW).matches;
    expect(ids(found?.equipes.flat() ?? []).toSorted()).toEqual(ids([...pairs.slice(0, 2), ...alone]));
  });

  test("[QUEUE-4] the strong are on both sides", () => {
    const [a, b, c, d] = [ticket(1_000), ticket(1_040), ticket(1_010), ticket(1_030)];
    const [found] = findMatches(RULES["2V2"], [a, b, c, d], NOW).matches;
    const strengths = found?.equipes.map((team) => team.reduce((sum, { cote }) => sum + cote, 0));
    expect(strengths).toEqual([2_040, 2_040]);
  });
});

describe("[QUEUE-5] regions", () => {
  test("[QUEUE-5] they meet where both can play, the nearest for who waits longest", () => {
    const old = ticket(1_000, { waited: 5, latences: { us: 80, asia: 60 } });
    const other = ticket(1_000, { region: "us", latences: { asia: 90 } });
    const [found] = findMatches(RULES["1V1"], [other, old], NOW).matches;
    expect(found?.region).toBe("asia");
  });

  test("[QUEUE-5] too far for one is too far", () => {
    const other = ticket(1_000, { region: "us", latences: { eu: 101 } });
    expect(findMatches(RULES["1V1"], [ticket(1_000), other], NOW).matches).toEqual([]);
  });
});

describe("[QUEUE-8] groups", () => {
  const boar = { cibleId: "f0e00000-0000-4000-8000-000000000008" };
  const group = (over: Partial<OpenGroup> = {}): OpenGroup => ({
    matchId: "10000000-0000-4000-8000-000000000001",
    region: "eu",
    ...boar,
    libres: 2,
    tickets: [ticket(10, boar), ticket(11, boar)],
    ...over,
  });

  test("[QUEUE-8] a full one goes at once, another when its patience is over, and never below the smallest size", () => {
    const four = [9, 10, 11, 12].map((niveau) => ticket(niveau, boar));
    expect(findMatches(RULES.PVE, four, NOW).matches.map(({ libres }) => libres)).toEqual([0]);
    expect(findMatches(RULES.PVE, four.slice(1), NOW).matches).toEqual([]);
    const old = ticket(10, { ...boar, waited: 20 });
    expect(findMatches(RULES.PVE, [old], NOW).matches).toEqual([]);
    const [found] = findMatches(RULES.PVE, [old, ticket(12, boar)], NOW).matches;
    expect([found?.libres, found?.equipes.length]).toEqual([2, 1]);
  });

  test("[QUEUE-8] [QUEUE-2] only those who want the same fight meet", () => {
    const old = ticket(10, { ...boar, waited: 30 });
    const other = ticket(10, { cibleId: "f0e00000-0000-4000-8000-000000000009", waited: 30 });
    expect(findMatches(RULES.PVE, [old, other], NOW).matches).toEqual([]);
  });

  test("[QUEUE-8] free places go to those who wait longest and fit", () => {
    const [pair, old, young] = [
      ticket(10, { ...boar, taille: 2, waited: 1 }),
      ticket(12, { ...boar, waited: 9 }),
      ticket(10, boar),
    ];
    const { backfills, matches } = findMatches(RULES.PVE, [young, pair, old], NOW, [group()]);
    expect(backfills.map(({ tickets }) => ids(tickets))).toEqual([ids([old, young])]);
    expect(matches).toEqual([]);
  });

  test("[QUEUE-8] not to those of another level, region or wish", () => {
    for (const over of [{ cote: 30 }, { region: "us" }, { cibleId: "f0e00000-0000-4000-8000-000000000009" }])
      expect(findMatches(RULES.PVE, [ticket(10, { ...boar, ...over })], NOW, [group()]).backfills).toEqual([]);
  });
});
