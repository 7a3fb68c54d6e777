import { expect, test } from "vitest";
import { planFaults } from "./plan.ts";

const processes = (["postgres", "redis", "balancer", "game", "game", "api", "projector"] as const).map((role, i) => ({
  ...{ name: `${role}-${i}`, role },
}));
const options = { durationMs: 600_000, everyMs: 4_000, processes };

test("[CHAOS-1] the same seed makes the same plan, another one another", () => {
  expect(planFaults({ ...options, seed: 7 })).toEqual(planFaults({ ...options, seed: 7 }));
  expect(planFaults({ ...options, seed: 8 })).not.toEqual(planFaults({ ...options, seed: 7 }));
});

test("[CHAOS-1] in ten minutes every kind of fault comes to every kind of process, a hundred of them and more", () => {
  const faults = planFaults({ ...options, seed: 1 });
  expect(faults.length).toBeGreaterThan(100);
  expect(new Set(faults.map(({ role }) => role))).toEqual(new Set(["clients", ...processes.map(({ role }) => role)]));
  expect(new Set(faults.map(({ kind }) => kind)).size).toBe(7);
});

test("[CHAOS-1] nothing happens to a process that is still down or paused", () => {
  const over = new Map<string, number>();
  for (const { at, ms, target } of planFaults({ ...options, everyMs: 500, seed: 2 })) {
    expect(at).toBeGreaterThanOrEqual(over.get(target) ?? 0);
    over.set(target, at + ms);
  }
});
