import type pg from "pg";
import { combatProjector } from "../../projections/combat.ts";
import { inOrder, type Tables } from "./combat-oracle.ts";

export async function readTables(pool: pg.Pool): Promise<Tables> {
  const tables: Record<string, Record<string, unknown>[]> = {};
  for (const table of combatProjector.tables) {
    const { rows } = await pool.query<Record<string, unknown>>(`SELECT * FROM ${table}`);
    tables[table] = inOrder(table, rows);
  }
  return tables;
}

/** Without the words of the history's lines, which have tests of their own. */
export function wordless(tables: Tables): Tables {
  const history = tables["historique_combat"] ?? [];
  const lines = history.map(({ type_evenement: _t, acteur_id: _a, severite: _s, ...rest }) => rest);
  return { ...tables, historique_combat: lines };
}

export async function emptyTables(pool: pg.Pool): Promise<void> {
  await pool.query("DELETE FROM instances_combat");
  await pool.query("DELETE FROM statistiques_joueur");
}
