import { v7 } from "uuid";
import { expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { runUpkeep } from "../../store/upkeep.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();

test("[STORE-18] outcomes are kept for an hour, and no longer than the next upkeep", async () => {
  const [old, recent] = [v7(), v7()];
  await rowsOf(
    database.url,
    `INSERT INTO command_outcomes (aggregate_id, command_id, outcome, created_at)
     VALUES ($1, $1, '{}', now() - interval '61 minutes'), ($2, $2, '{}', now() - interval '59 minutes')`,
    [old, recent],
  );
  const pool = createPool({ url: database.url });
  try {
    await runUpkeep(pool);
  } finally {
    await pool.end();
  }
  expect(await rowsOf(database.url, "SELECT command_id FROM command_outcomes", [])).toEqual([{ command_id: recent }]);
});
