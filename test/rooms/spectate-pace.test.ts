import fc from "fast-check";
import { expect, test } from "vitest";
import { atSpeed, dueIn, edge, followEnd, from, momentAt, type Pace } from "../../rooms/spectate-pace.ts";

const SPEEDS = [0.5, 1, 2, 16] as const;
const BEGAN = 1_000_000;
/** A replay that began to play at `NOW` what happened from `BEGAN` on. */
const NOW = 9_000_000;
const replay = (speed: number, delayMs = 0): Pace => ({ speed, since: NOW, moment: BEGAN, delayMs });

test.each(SPEEDS)("[WATCH-5] at %f × an event is due after its distance, divided by the speed", (speed) => {
  expect(dueIn(replay(speed), BEGAN, NOW)).toBe(0);
  expect(dueIn(replay(speed), BEGAN + 8_000, NOW)).toBe(8_000 / speed);
  expect(momentAt(replay(speed), NOW + 800)).toBe(BEGAN + 800 * speed);
});

test("[WATCH-5] while time stands still nothing is due, and it goes on from where it stood", () => {
  const stopped = atSpeed(replay(2), 0, NOW + 500);
  expect(dueIn(stopped, BEGAN, NOW + 10_000)).toBe(Number.POSITIVE_INFINITY);
  expect(momentAt(stopped, NOW + 10_000)).toBe(BEGAN + 1_000);
  expect(dueIn(atSpeed(stopped, 4, NOW + 10_000), BEGAN + 5_000, NOW + 10_000)).toBe(1_000);
});

test("[WATCH-5] from another place time goes on at the same speed", () => {
  expect(dueIn(from(replay(4), BEGAN + 60_000, NOW + 7), BEGAN + 61_000, NOW + 7)).toBe(250);
});

test("[WATCH-3] who follows the end is shown all at once, or so much later than it happened", () => {
  // Another node's clock may be ahead.
  expect(dueIn(followEnd(0), NOW + 50, NOW)).toBe(0);
  expect(dueIn(followEnd(5_000), NOW - 1_000, NOW)).toBe(4_000);
  expect(dueIn(followEnd(5_000), NOW - 6_000, NOW)).toBe(0);
  expect(edge(5_000, NOW)).toBe(NOW - 5_000);
  expect(edge(0, NOW)).toBe(Number.POSITIVE_INFINITY);
});

test("[WATCH-7] a replay that has caught up goes on with the end, however fast it came, and no further", () => {
  const fast: Pace = { speed: 16, since: NOW, moment: NOW - 16_000, delayMs: 3_000 };
  expect(momentAt(fast, NOW + 600_000)).toBe(NOW + 600_000 - 3_000);
  expect(dueIn(fast, NOW + 600_000, NOW + 600_000)).toBe(3_000);
  expect(dueIn(atSpeed(fast, 1, NOW + 600_000), NOW + 600_000, NOW + 600_000)).toBe(3_000);
});

test("[WATCH-3] [WATCH-5] whatever is done to the pace, nothing is due sooner than its delay, and what is due stays due", () => {
  const step = fc.record({ after: fc.integer({ min: 0, max: 5_000 }), speed: fc.constantFrom(0, ...SPEEDS) });
  const property = fc.property(
    fc.array(step, { maxLength: 20 }),
    fc.integer({ min: 0, max: 10_000 }),
    fc.integer({ min: 0, max: 50_000 }),
    (steps, delayMs, distance) => {
      const moment = NOW - 20_000 + distance;
      let pace: Pace = { speed: 1, since: NOW, moment: NOW - 20_000, delayMs };
      let now = NOW;
      let reached = momentAt(pace, now);
      for (const { after, speed } of steps) {
        now += after;
        expect(momentAt(pace, now)).toBeGreaterThanOrEqual(reached);
        reached = momentAt(pace, now);
        const due = dueIn(pace, moment, now) === 0;
        if (due && delayMs > 0) expect(now - moment).toBeGreaterThanOrEqual(delayMs);
        // Without a delay the clock here is no limit: another node's may be ahead.
        const paced = delayMs === 0 ? pace.moment + (now - pace.since) * pace.speed : reached;
        if (due) expect(moment).toBeLessThanOrEqual(Math.max(paced, now - delayMs) + 1);
        if (pace.speed > 0 && moment <= reached - 1) expect(due).toBe(true);
        pace = atSpeed(pace, speed, now);
        expect(momentAt(pace, now)).toBeCloseTo(reached, 3);
      }
    },
  );
  fc.assert(property);
});
