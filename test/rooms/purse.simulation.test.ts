import { describe, expect, test } from "vitest";
import { check } from "./purse-checks.ts";
import { simulatePurses } from "./purse-simulation.ts";
import { eachSeed, runsOf } from "./simulation.ts";

const RUNS = runsOf(150);

describe("aggregates of several streams, their actors and nodes that write cold", () => {
  test(`[ACTOR-3] ${RUNS} seeds: each step is whole, decided upon all streams as they were, done once, and answered the same, also long after`, async () => {
    const sum = { events: 0, faults: 0, trades: 0, late: 0 };
    await eachSeed(RUNS, async (seed) => {
      const journal = await simulatePurses(seed);
      check(journal);
      sum.events += journal.log.length;
      sum.faults += journal.faults;
      sum.late += journal.late.length;
      sum.trades += journal.answers.filter(({ wish, answer }) => wish.parts.length === 2 && answer.ok).length;
    });
    expect(sum.events).toBeGreaterThan(RUNS * 10);
    expect(sum.faults).toBeGreaterThan(RUNS / 10);
    expect(sum.trades).toBeGreaterThan(RUNS / 2);
    expect(sum.late).toBeGreaterThan(RUNS * 5);
  });
});
