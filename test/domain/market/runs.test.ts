import fc from "fast-check";
import { expect, test } from "vitest";
import { drop, find, first, items, put, type Runs } from "../../../domain/market/runs.ts";

const byNumber = (item: readonly [number, string], key: number): number => item[0] - key;

test("a list in runs holds what a map holds, sorted, in runs that are neither empty nor long", () => {
  const change = fc.tuple(fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 400 }));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 1_500, size: "max" }), (changes) => {
      let runs: Runs<readonly [number, string]> = [];
      const map = new Map<number, string>();
      for (const [i, [more, sure, key]] of changes.entries()) {
        if (more || sure) {
          runs = put(runs, key, [key, `${i}`], byNumber);
          map.set(key, `${i}`);
        } else {
          runs = drop(runs, key, byNumber);
          map.delete(key);
        }
        expect(find(runs, key, byNumber)?.[1]).toBe(map.get(key));
      }
      expect([...items(runs)]).toEqual([...map].sort(([a], [b]) => a - b));
      expect(first(runs)).toEqual([...items(runs)][0]);
      expect(runs.every((run) => run.length > 0 && run.length <= 64)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("filling and emptying leaves no trail of short runs", () => {
  let runs: Runs<readonly [number, string]> = [];
  for (let n = 0; n < 10_000; n++) runs = put(runs, (n * 7_919) % 10_000, [(n * 7_919) % 10_000, ""], byNumber);
  expect(runs.length).toBeLessThan(10_000 / 32 + 1);
  for (let n = 0; n < 10_000; n++) if (n % 50 !== 0) runs = drop(runs, n, byNumber);
  expect([...items(runs)]).toHaveLength(200);
  expect(runs.length).toBeLessThan(20);
});
