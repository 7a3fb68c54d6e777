import type pg from "pg";
import { projectors } from "../../projections/all.ts";
import type { Projector } from "../../projections/projector.ts";
import { rebuildProjection } from "../../projections/rebuild.ts";
import type { EventStore } from "../../store/event-store.ts";

/** Each read model, made anew from the log, holds the rows that it held. Nothing may write to the log meanwhile. */
export async function checkReadModels(url: string, pool: pg.Pool, store: EventStore): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const projector of projectors) {
    const live = await rowsOf(pool, projector);
    await rebuildProjection({ projector, nodeId: "chaos", database: { url }, store });
    const anew = await rowsOf(pool, projector);
    for (const table of projector.tables) {
      const [had, has] = [new Set(live.get(table)), new Set(anew.get(table))];
      const extra = [...had].filter((row) => !has.has(row));
      const missing = [...has].filter((row) => !had.has(row));
      if (extra.length + missing.length > 0)
        problems.push(
          `${table}: ${extra.length} rows are not what the log says, ${missing.length} of the log's are missing: ${extra[0]} ≠ ${missing[0]}`,
        );
    }
  }
  return problems;
}

async function rowsOf(pool: pg.Pool, { tables }: Projector): Promise<ReadonlyMap<string, readonly string[]>> {
  const all = new Map<string, readonly string[]>();
  for (const table of tables) {
    const { rows } = await pool.query<{ row: unknown }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
    all.set(
      table,
      rows.map(({ row }) => JSON.stringify(row)),
    );
  }
  return all;
}
