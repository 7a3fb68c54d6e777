import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { averageRating, ratingDelta } from "../../../domain/sagas/rating.ts";

const page = readFileSync(new URL("../../../docs/saga-rules.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/`(ratingDelta|averageRating)\(([^`]*)\) = ([^`]+)`/g)];

test("[SAGA-4] the worked examples", () => {
  expect(examples.length).toBeGreaterThan(8);
  for (const [text, name, input, output] of examples) {
    const values = JSON.parse(`[${input}]`);
    const result =
      name === "ratingDelta" ? ratingDelta(...(values as [number, number, 0 | 0.5 | 1])) : averageRating(values[0]);
    expect(result === undefined ? "undefined" : JSON.stringify(result), text).toBe(output);
  }
});

test("[SAGA-4] what one of two wins the other loses, never more than 32, and nobody falls below 0", () => {
  const rating = fc.integer({ min: 0, max: 10_000 });
  fc.assert(
    fc.property(rating, rating, fc.constantFrom(0 as const, 0.5 as const, 1 as const), (own, other, score) => {
      const mine = ratingDelta(own, other, score);
      const theirs = ratingDelta(other, own, (1 - score) as 0 | 0.5 | 1);
      expect(Number.isInteger(mine)).toBe(true);
      expect(Math.abs(mine)).toBeLessThanOrEqual(32);
      expect(own + mine).toBeGreaterThanOrEqual(0);
      // Halves round up on either side: at most a point is made.
      if (own >= 32 && other >= 32) expect([0, 1]).toContain(mine + theirs);
    }),
  );
});
