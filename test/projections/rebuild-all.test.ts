import { describe, expect, test } from "vitest";
import { projectors } from "../../projections/all.ts";
import { allTables } from "../../projections/projector.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReadModels } from "./read-models.ts";

const database = useDatabase();
const models = useReadModels(database, 1_000);

/** Rows that only happen to be there for a moment, if any. */
const MAY_BE_EMPTY = ["effets_statut"];

/** Reads the tables again and again until told to stop; answers the fewest rows that it ever saw in each. */
function keepReading(tables: readonly string[]): () => Promise<Readonly<Record<string, number>>> {
  const fewest: Record<string, number> = {};
  let stopped = false;
  const reading = (async () => {
    while (!stopped)
      for (const table of tables) {
        const { rows } = await models.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
        fewest[table] = Math.min(fewest[table] ?? Number.POSITIVE_INFINITY, rows[0]?.n ?? 0);
      }
  })();
  return async () => {
    stopped = true;
    await reading;
    return fewest;
  };
}

const oids = (tables: readonly string[]) =>
  rowsOf<{ oid: number }>(
    database.url,
    "SELECT t::regclass::oid::int AS oid FROM unnest($1::text[]) WITH ORDINALITY AS n (t, i) ORDER BY i",
    [tables],
  );

describe("[PROJ-13] made anew while its events come and its rows are read, a read model holds the same rows", () => {
  test.each(projectors.map((projector, i) => ({ name: projector.name, projector, i })))(
    "[PROJ-13] $name",
    { timeout: 120_000 },
    async ({ projector, i }) => {
      await models.caughtUp();
      const before = await models.rows([projector]);
      const counts = Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows.length]));
      const empty = Object.keys(counts).filter((table) => counts[table] === 0);
      expect(empty.filter((table) => !MAY_BE_EMPTY.includes(table))).toEqual([]);

      const old = await oids(allTables(projector));
      await models.rebuild(projector);
      for (const [n, { oid }] of (await oids(allTables(projector))).entries()) expect(oid).not.toBe(old[n]?.oid);
      for (const table of projector.tables)
        expect((await models.rows([projector]))[table], table).toEqual(before[table]);

      const stop = keepReading(projector.tables.filter((table) => table !== "effets_statut"));
      await Promise.all([models.tell(30_000 + i), models.rebuild(projector)]);
      for (const [table, fewest] of Object.entries(await stop()))
        expect(fewest, table).toBeGreaterThanOrEqual(counts[table] ?? 0);
      await models.caughtUp();
      const live = await models.rows([projector]);
      await models.rebuild(projector);
      for (const table of projector.tables) expect((await models.rows([projector]))[table], table).toEqual(live[table]);
    },
  );

  test("[PROJ-13] every read model is among them, and what was told meanwhile reached every table", async () => {
    await models.caughtUp();
    const before = await models.rows();
    await models.tell(30_500);
    await models.caughtUp();
    const after = await models.rows();
    const same = Object.keys(after).filter((table) => `${after[table]}` === `${before[table]}`);
    expect(same.filter((table) => !MAY_BE_EMPTY.includes(table))).toEqual([]);
  });
});
