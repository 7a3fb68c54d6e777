import { expect, test } from "vitest";
import { z } from "zod";
import { derivedId, rollAt } from "../../domain/random.ts";
import { COMBAT_ID } from "./combat/helper.ts";

test("[RNG-1] rolls are 1 to 100, all about equally often", () => {
  const counts = new Map<number, number>();
  for (let version = 0; version < 2000; version++)
    for (let index = 0; index < 10; index++) {
      const roll = rollAt("seed", version, index);
      counts.set(roll, (counts.get(roll) ?? 0) + 1);
    }
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  // 200 expected each, standard deviation 14: six of them to either side.
  expect(Math.min(...counts.values())).toBeGreaterThan(115);
  expect(Math.max(...counts.values())).toBeLessThan(285);
});

test("[RNG-1] a roll depends on seed, version and number alone", () => {
  expect(rollAt("seed", 7, 3)).toBe(rollAt("seed", 7, 3));
  const runs = ["a", "b"].map((graine) => Array.from({ length: 20 }, (_, n) => rollAt(graine, 5, n)));
  expect(runs[0]).not.toEqual(runs[1]);
});

test("derived ids are UUIDs and do not repeat", () => {
  const ids = new Set<string>();
  for (let version = 0; version < 2000; version++)
    for (let index = 0; index < 5; index++) ids.add(derivedId(COMBAT_ID, version, index));
  expect(ids.size).toBe(10_000);
  for (const id of [...ids].slice(0, 100)) expect(z.uuid().safeParse(id).success).toBe(true);
  expect(derivedId("0c0ba700-0000-4000-8000-000000000002", 1, 1)).not.toBe(derivedId(COMBAT_ID, 1, 1));
});
