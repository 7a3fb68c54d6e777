import type pg from "pg";

interface Node {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly Node[];
}

/** The shape of a plan: what it does, over which indexes, and nothing of how much. */
export function shapeOf(node: Node): string {
  const own = `${node["Node Type"]}${node["Index Name"] === undefined ? "" : ` ${node["Index Name"]}`}`;
  const below = (node.Plans ?? []).map(shapeOf);
  return below.length === 0 ? own : `${own} (${below.join(", ")})`;
}

/** A pool that remembers its statements, to have them explained. */
export function recording(pool: pg.Pool) {
  const statements: { readonly text: string; readonly values: readonly unknown[] }[] = [];
  const reader = {
    query(
      statement: string | { readonly text: string; readonly values?: readonly unknown[] },
      values?: readonly unknown[],
    ) {
      const { text, values: own = values } = typeof statement === "string" ? { text: statement, values } : statement;
      statements.push({ text, values: own ?? [] });
      return pool.query(text, [...(own ?? [])]);
    },
  } as unknown as Pick<pg.Pool, "query">;
  return {
    reader,
    async shapes(): Promise<readonly string[]> {
      const found: string[] = [];
      for (const { text, values } of statements.splice(0)) {
        const { rows } = await pool.query<{ "QUERY PLAN": [{ Plan: Node }] }>(`EXPLAIN (FORMAT JSON) ${text}`, [
          ...values,
        ]);
        const [plan] = rows[0]?.["QUERY PLAN"] ?? [];
        if (plan !== undefined) found.push(shapeOf(plan.Plan));
      }
      return found;
    },
  };
}
