import { v7 } from "uuid";
import { expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { runUpkeep } from "../../store/upkeep.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();

test("[STORE-18] outcomes are kept for an hour, and no longer than the next upkeep; lasting ones for ever", async () => {
  const [old, recent, lasting] = [v7(), v7(), v7()];
  await rowsOf(
    database.url,
    `INSERT INTO command_outcomes (aggregate_id, command_id, outcome, created_at, lasting)
     VALUES ($1, $1, '{}', now() - interval '61 minutes', false), ($2, $2, '{}', now() - interval '59 minutes', false),
            ($3, $3, '{}', now() - interval '5 years', true)`,
    [old, recent, lasting],
  );
  const pool = createPool({ url: database.url });
  try {
    await runUpkeep(pool);
  } finally {
    await pool.end();
  }
  const left = await rowsOf<{ command_id: string }>(database.url, "SELECT command_id FROM command_outcomes", []);
  expect(left.map(({ command_id }) => command_id).sort()).toEqual([recent, lasting].sort());
});
