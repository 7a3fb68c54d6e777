import type pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createFreshness } from "../../projections/freshness.ts";
import { createPool } from "../../store/database.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();
let pool: pg.Pool;
let looks = 0;
/** Counts what is asked of the database. */
const counted = {
  query: ((...args: Parameters<pg.Pool["query"]>) => {
    looks += 1;
    return pool.query(...args);
  }) as pg.Pool["query"],
};
/** How far this node's own read models are. */
let here = 0;
const consumers = new Map(["one", "other"].map((name) => [name, { reached: () => here }]));

const move = (name: string, position: number) =>
  pool.query(
    `INSERT INTO consumer_checkpoints (name, position) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET position = excluded.position`,
    [name, position],
  );

beforeAll(() => {
  pool = createPool({ url: database.url, poolSize: 2 });
});
afterAll(() => pool.end());
beforeEach(async () => {
  [here, looks] = [0, 0];
  for (const name of ["one", "other"]) await move(name, 0);
});

test("[API-3] what is there is read at once, and nothing is asked of the database", async () => {
  const freshness = createFreshness({ consumers, pool: counted, waitMs: 60_000 });
  here = 5;
  expect(await freshness.reached(["one", "other"], 5)).toBe(true);
  expect(looks).toBe(0);
});

test("[API-3] readers wait for every read model that they name, and are told by this node's own", async () => {
  const freshness = createFreshness({ consumers, pool: counted, waitMs: 60_000 });
  const waiting = freshness.reached(["one"], 7);
  here = 7;
  freshness.moved();
  expect(await waiting).toBe(true);
  await move("one", 8);
  expect(await createFreshness({ consumers, pool, waitMs: 300 }).reached(["one", "other"], 8)).toBe(false);
});

test("[API-3] another node's are looked for, once for all who wait", async () => {
  const freshness = createFreshness({ consumers, pool: counted, waitMs: 60_000 });
  const begun = performance.now();
  const waiting = Array.from({ length: 500 }, () => freshness.reached(["one"], 9));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await move("one", 9);
  expect((await Promise.all(waiting)).every(Boolean)).toBe(true);
  expect(freshness.position("one")).toBe(9);
  expect(looks).toBeGreaterThan(0);
  // However many wait: no more than there are rests of 20 ms in the time that it took.
  expect(looks).toBeLessThanOrEqual(Math.ceil((performance.now() - begun) / 20) + 1);
  const before = looks;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(looks - before).toBeLessThanOrEqual(1);
});

test("[API-3] who waits in vain is told after a while, and at once where too many wait", async () => {
  const freshness = createFreshness({ consumers, pool: counted, waitMs: 200, waitingAtMost: 2 });
  const waiting = [freshness.reached(["one"], 1), freshness.reached(["one"], 1)];
  const first = Promise.race([freshness.reached(["one"], 1), ...waiting.map((one) => one.then(() => "waited"))]);
  expect(await first).toBe(false);
  expect(await Promise.all(waiting)).toEqual([false, false]);
});
