import type pg from "pg";
import { expect, test } from "vitest";
import { economyProjector } from "../../projections/economy.ts";
import { questProjector } from "../../projections/quests.ts";
import { skillProjector } from "../../projections/skills.ts";
import { worldProjector } from "../../projections/world.ts";
import { withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { CONTRACT } from "./world-contract.ts";

const database = useDatabase();
const PROJECTORS = [economyProjector, skillProjector, questProjector, worldProjector];
const OURS = ["histoire_monde"];

type Table = keyof typeof CONTRACT;
const TABLES = Object.keys(CONTRACT) as Table[];

/** A column of the contract in SQL. */
function columnSql([name, type, rule]: readonly [string, string, string]): string {
  const word = (pattern: RegExp) => pattern.exec(rule)?.[1];
  const given = word(/default `([^`]*)`/);
  const fallback = given === undefined ? "" : `DEFAULT ${/^[{[]/.test(given) ? `'${given}'` : given}`;
  const oneOf = /one of (.*)$/.exec(rule)?.[1]?.replaceAll("`", "'");
  const reference = word(/→ `([^`]*)`/)?.split(".");
  return [
    name,
    type === "timestamp" ? "timestamptz" : type,
    rule.includes("required") ? "NOT NULL" : "",
    rule.includes("primary key") ? "PRIMARY KEY" : "",
    fallback,
    oneOf === undefined ? "" : `CHECK (${name} IN (${oneOf}))`,
    word(/check `([^`]*)`/) === undefined ? "" : `CHECK (${word(/check `([^`]*)`/)})`,
    reference === undefined ? "" : `REFERENCES ${reference[0]} (${reference[1]})`,
  ].join(" ");
}

function indexSql(table: string, lookUp: string): string {
  if (lookUp.startsWith("gin")) return `CREATE INDEX ON ${table} USING gin ${lookUp.slice(4)}`;
  if (lookUp.startsWith("unique")) return `CREATE UNIQUE INDEX ON ${table} ${lookUp.slice(7)}`;
  return `CREATE INDEX ON ${table} ${lookUp}`;
}

/** What PostgreSQL says of a table, so that the same thing is said in the same words. */
async function described(client: pg.Client, schema: string, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ text: string }>(
    `SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
         pg_get_expr(adbin, adrelid)) AS text
       FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE attrelid = ($1 || '.' || $2)::regclass AND attnum > 0
     UNION ALL
     SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ($1 || '.' || $2)::regclass AND contype <> 'n'
     UNION ALL
     SELECT regexp_replace(indexdef, 'INDEX \\S+ ON \\S+', 'INDEX') FROM pg_indexes WHERE schemaname = $1 AND tablename = $2`,
    [schema, table],
  );
  return rows.map(({ text }) => text.replaceAll(`${schema}.`, ""));
}

test("[PWORLD-1] every column, default, check, key and look-up of the contract is there", async () => {
  await withClient(database.url, async (client) => {
    await client.query("CREATE SCHEMA contract; SET search_path = contract");
    // Those first that others refer to.
    for (const table of TABLES.toSorted((a, b) => Number(b === "items") - Number(a === "items"))) {
      await client.query(`CREATE TABLE ${table} (${CONTRACT[table].columns.map((one) => columnSql(one)).join(", ")})`);
      for (const lookUp of CONTRACT[table].lookUps) await client.query(indexSql(table, lookUp));
    }
    await client.query("SET search_path = nothing");
    for (const table of TABLES) {
      const asked = await described(client, "contract", table);
      const { columns, lookUps } = CONTRACT[table];
      expect(asked.length).toBeGreaterThanOrEqual(columns.length + lookUps.length + 2);
      const there = await described(client, "public", table);
      expect([table, asked.filter((one) => !there.includes(one))]).toEqual([table, []]);
    }
  });
});

test("[PWORLD-1] each table has one projector, and foreign keys stay within it", async () => {
  expect(PROJECTORS.flatMap(({ tables }) => tables).toSorted()).toEqual([...TABLES, ...OURS].toSorted());
  await withClient(database.url, async (client) => {
    const { rows } = await client.query<{ one: string; other: string }>(
      `SELECT conrelid::regclass::text AS one, confrelid::regclass::text AS other FROM pg_constraint
       WHERE contype = 'f' AND (conrelid::regclass::text = ANY ($1) OR confrelid::regclass::text = ANY ($1))`,
      [[...TABLES, ...OURS]],
    );
    expect(rows.length).toBeGreaterThan(4);
    for (const { one, other } of rows) {
      const { tables } = PROJECTORS.find((each) => each.tables.includes(one)) ?? economyProjector;
      expect(tables.indexOf(other)).toBeGreaterThanOrEqual(0);
      expect(tables.indexOf(other)).toBeLessThan(tables.indexOf(one));
    }
  });
});

test("[PWORLD-1] there is one world", async () => {
  await withClient(database.url, async (client) => {
    await client.query("INSERT INTO etat_monde (last_event_sequence) VALUES (1)");
    const another = (id: string) =>
      client.query("INSERT INTO etat_monde (monde_id, last_event_sequence) VALUES ($1, 1)", [id]);
    await expect(another(crypto.randomUUID())).rejects.toThrow("check");
    await expect(another("00000000-0000-0000-0000-000000000000")).rejects.toThrow("duplicate");
    await client.query("DELETE FROM etat_monde");
  });
});
