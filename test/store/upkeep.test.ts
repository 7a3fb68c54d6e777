import { v7 } from "uuid";
import { afterAll, expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { pruneSnapshots, removeOldOutcomes } from "../../store/upkeep.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();

const pool = createPool({ url: database.url });
afterAll(() => pool.end());

test("[STORE-18] outcomes are kept for an hour, and no longer than the next upkeep; lasting ones for ever", async () => {
  const [old, recent, lasting] = [v7(), v7(), v7()];
  await rowsOf(
    database.url,
    `INSERT INTO command_outcomes (aggregate_id, command_id, outcome, created_at, lasting)
     VALUES ($1, $1, '{}', now() - interval '61 minutes', false), ($2, $2, '{}', now() - interval '59 minutes', false),
            ($3, $3, '{}', now() - interval '5 years', true)`,
    [old, recent, lasting],
  );
  const removed: number[] = [];
  await removeOldOutcomes(pool, { batchSize: 1, onBatch: (count) => removed.push(count) });
  expect(removed).toEqual([1, 0]);
  const left = await rowsOf<{ command_id: string }>(database.url, "SELECT command_id FROM command_outcomes", []);
  expect(left.map(({ command_id }) => command_id).sort()).toEqual([recent, lasting].sort());
});

test("[UPKEEP-9] a sweep leaves every aggregate its newest three snapshots, however many there were, some aggregates at a time", async () => {
  const ids = Array.from({ length: 7 }, () => v7()).sort();
  const saved = ids.flatMap((id, i) => Array.from({ length: i }, (_, k) => ({ id, version: 10 * (k + 1) })));
  await rowsOf(
    database.url,
    `INSERT INTO snapshots (aggregate_id, aggregate_type, aggregate_version, state, state_version)
     SELECT id, 'Joueur', version, '{}', 1 FROM unnest($1::uuid[], $2::int[]) AS s (id, version)`,
    [saved.map(({ id }) => id), saved.map(({ version }) => version)],
  );
  let removed = 0;
  await pruneSnapshots(pool, { batchSize: 4, onBatch: (count) => (removed += count) });
  const left = await rowsOf<{ id: string; version: number }>(
    database.url,
    "SELECT aggregate_id AS id, aggregate_version AS version FROM snapshots ORDER BY aggregate_id, aggregate_version",
  );
  const newest = ids.flatMap((id) => saved.filter((one) => one.id === id).slice(-3));
  expect(left).toEqual(newest);
  expect(removed).toBe(saved.length - newest.length);
});
