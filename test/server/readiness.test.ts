import { expect, test } from "vitest";
import { createReadiness } from "../../server/readiness.ts";
import type { ConsumerStatus } from "../../store/consumer-status.ts";

function status(more: Partial<ConsumerStatus> = {}): ConsumerStatus {
  return {
    name: "comptes",
    state: "working",
    position: 10,
    lagEvents: 0,
    lagSeconds: 0,
    failed: 0,
    parked: 0,
    ...more,
  };
}

test("[PROJ-9] a quiet consumer is well, however long it has not moved", () => {
  const { observe } = createReadiness(1_000);
  for (let now = 0; now < 100_000; now += 500) expect(observe([status()], now)).toEqual([]);
});

test("[PROJ-9] one that catches up is well, however far it is behind", () => {
  const { observe } = createReadiness(1_000);
  for (let i = 0; i < 100; i += 1)
    expect(observe([status({ position: i, lagEvents: 1e6, lagSeconds: 86_400 })], i * 900)).toEqual([]);
});

test("[PROJ-9] one that does not move though something waits is stuck, whoever works for it, until it moves", () => {
  for (const state of ["working", "standby", "failing"] as const) {
    const { observe } = createReadiness(1_000);
    const late = (position: number) => [status({ state, position, lagEvents: 5, lagSeconds: 60 })];
    expect(observe(late(10), 0)).toEqual([]);
    expect(observe(late(10), 999)).toEqual([]);
    expect(observe(late(10), 1_000)).toEqual([{ consumer: "comptes", reason: "not moving", lagSeconds: 60 }]);
    expect(observe(late(11), 1_500)).toEqual([]);
    expect(observe(late(11), 2_600)).toHaveLength(1);
  }
});

test("[PROJ-9] after a long quiet, what has only just come does not make it stuck", () => {
  const { observe } = createReadiness(1_000);
  observe([status()], 0);
  observe([status()], 50_000);
  expect(observe([status({ lagEvents: 3, lagSeconds: 0.2 })], 50_200)).toEqual([]);
  expect(observe([status({ lagEvents: 3, lagSeconds: 0.9 })], 50_900)).toEqual([]);
  expect(observe([status({ lagEvents: 3, lagSeconds: 1.1 })], 51_100)).toHaveLength(1);
});

test("[PROJ-9] one whose code cannot read the log is stuck at once, and only it", () => {
  const { observe } = createReadiness(30_000);
  const stopped = status({ name: "old", state: "stopped", lagEvents: 1, lagSeconds: 0.1 });
  expect(observe([status(), stopped], 0)).toEqual([{ consumer: "old", reason: "stopped", lagSeconds: 0.1 }]);
});
