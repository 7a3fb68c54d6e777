import type pg from "pg";
import { v7 } from "uuid";
import { beforeAll, describe, expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { createRegistry } from "../../store/registry.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, gains, joueur } from "./fixtures.ts";

const database = useDatabase();
const release = useReleasers();
const RESTRICT_VIOLATION = "23001";
const INSUFFICIENT_PRIVILEGE = "42501";
const month = `evenements_${new Date().toISOString().slice(0, 7).replace("-", "_")}`;

beforeAll(async () => {
  const store = openStore({ url: database.url }, createRegistry(definitions));
  release(() => store.close());
  expect(await append(store, joueur(v7(), 0, gains(3)))).toMatchObject({ ok: true });
});

const changes = ["evenements", month].flatMap((table) => [
  `UPDATE ${table} SET payload = '{}'`,
  `DELETE FROM ${table}`,
  `TRUNCATE ${table}`,
]);
const insert = (table: string) =>
  `INSERT INTO ${table} (event_type, event_sequence, aggregate_id, aggregate_type, aggregate_version, payload)
   VALUES ('X', 999999, gen_random_uuid(), 'Joueur', 1, '{}')`;

async function codeOf(client: pg.Client, sql: string): Promise<string | undefined> {
  return client.query(sql).then(
    () => "done",
    (error: pg.DatabaseError) => error.code,
  );
}

describe("[LOG-1] no event is changed or removed", () => {
  test.each(changes)("by a superuser: %s", async (sql) => {
    expect(await withClient(database.url, (client) => codeOf(client, sql))).toBe(RESTRICT_VIOLATION);
    expect(await rowsOf(database.url, "SELECT FROM evenements")).toHaveLength(3);
  });

  test.each([...changes, "DELETE FROM stream_heads", "UPDATE stream_heads SET version = 0"])(
    "by the application: %s",
    async (sql) => {
      const code = await withClient(database.url, async (client) => {
        await client.query("SET ROLE aether_app");
        return codeOf(client, sql);
      });
      expect(code).toBe(INSUFFICIENT_PRIVILEGE);
    },
  );
});

test.each([
  insert("evenements"),
  insert(month),
  "SELECT nextval('evenements_event_sequence_seq')",
  "INSERT INTO stream_heads VALUES (gen_random_uuid(), 'Joueur', 1)",
  "INSERT INTO command_outcomes VALUES (gen_random_uuid(), gen_random_uuid(), '{}')",
])("[LOG-2] the application writes through append_events alone: %s", async (sql) => {
  const code = await withClient(database.url, async (client) => {
    await client.query("SET ROLE aether_app");
    return codeOf(client, sql);
  });
  expect(code).toBe(INSUFFICIENT_PRIVILEGE);
});

test("[LOG-2] a pool's connections have the application's role", async () => {
  const pool = createPool({ url: database.url });
  try {
    const { rows } = await pool.query("SELECT current_user AS role, current_setting('timezone') AS zone");
    expect(rows).toEqual([{ role: "aether_app", zone: "UTC" }]);
    await expect(pool.query("DELETE FROM evenements")).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  } finally {
    await pool.end();
  }
});
