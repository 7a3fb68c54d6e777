import { describe, expect, test } from "vitest";
import type { Answer } from "../../domain/codes.ts";
import { eachSeed, runsOf } from "./simulation.ts";
import { type Tally, tally } from "./tally.ts";
import { type Journal, simulate } from "./tally-simulation.ts";

const RUNS = runsOf(300);

function check({ answers, shown, log, sent }: Journal): void {
  const byCommand = Map.groupBy(log, (event) => event.metadata.commandId ?? "");
  // Nothing twice: all events of a command come from one decision.
  for (const [commandId, events] of byCommand) {
    expect(events.length, `events of ${commandId}`).toBe(1);
  }
  // Acknowledged ⇒ in the store, with just those versions, sequences and payloads; refused ⇒ not in the store.
  const first = new Map<string, Answer>();
  for (const { commandId, answer } of answers) {
    const events = commandId === "" ? [] : (byCommand.get(commandId) ?? []);
    if (answer.ok) {
      expect(answer.events).toEqual(
        events.map(({ eventType, version, sequence, payload }) => ({ eventType, version, sequence, payload })),
      );
    } else {
      expect(events).toEqual([]);
    }
    // A repeat gets the first answer; but for a fault of the code's own, which decides nothing and is not kept.
    const before = first.get(commandId);
    if (before !== undefined && (before.ok || before.code !== "INTERNAL")) expect(answer).toEqual(before);
    else first.set(commandId, answer);
  }
  expect(new Set(first.keys())).toEqual(new Set(sent));
  // Visible ⇒ in the store: every state shown is the fold of the log up to its version.
  const states: Tally[] = [tally.initial];
  for (const event of log) states.push(tally.evolve(states.at(-1) ?? tally.initial, event as never));
  for (const commit of shown) expect(commit.state).toEqual(states[commit.version]);
}

describe("the actor under random commands, latencies, failures, unknown outcomes, crashes and twins", () => {
  test(`[ACTOR-1] ${RUNS} seeds: acknowledged and visible are in the store, nothing is done twice, repeats get the first answer`, async () => {
    let events = 0;
    let faults = 0;
    await eachSeed(RUNS, async (seed) => {
      const journal = await simulate(seed);
      check(journal);
      events += journal.log.length;
      faults += journal.faults;
    });
    expect(events).toBeGreaterThan(RUNS * 5);
    expect(faults).toBeGreaterThan(RUNS / 10);
  });
});
