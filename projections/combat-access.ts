import type pg from "pg";

/** Who asks about combats. */
export interface Viewer {
  readonly userId: string;
  /** Whatever there is, and at once. */
  readonly seesAll: boolean;
  /** ms before anything is told of what happens in a combat that says nothing of it itself. */
  readonly delayMs: number;
}

/** Why a combat may be told of. */
export type Access = "OPERATOR" | "OWN" | "INVITED" | "PUBLIC";

/**
 * The access that a viewer has to `instances_combat AS i`, or null: then the combat is to be told of as if there were none. Private
 * ones are so to all but their players and those invited, and to these, as to everybody who does not play, a delayed one until it
 * has been over for that long: its rows are of now, and tell nothing of earlier.
 * @param first the number of the first of the statement's parameters that `viewerValues` fills
 */
export function accessOf(where: "" | "_archive", first: number): string {
  const [userId, seesAll, delayMs] = [`$${first}::uuid`, `$${first + 1}::boolean`, `$${first + 2}::integer`];
  return `CASE WHEN ${seesAll} THEN 'OPERATOR'
    WHEN EXISTS (SELECT FROM participants_combat${where} p
      WHERE p.combat_id = i.combat_id AND p.entite_id = ${userId} AND p.type_entite = 'JOUEUR') THEN 'OWN'
    ELSE (SELECT CASE
        WHEN (o.retard = 0 OR i.heure_fin + o.retard * interval '1 ms' <= now()) IS NOT TRUE THEN NULL
        WHEN o.invites ? (${userId})::text THEN 'INVITED'
        WHEN o.prive THEN NULL
        ELSE 'PUBLIC' END
      FROM (SELECT coalesce((details #>> '{observation,retardMs}')::integer, ${delayMs}) AS retard,
          details #> '{observation,invites}' AS invites,
          coalesce((details #>> '{observation,prive}')::boolean, false) AS prive
        FROM historique_combat${where} h
        WHERE h.combat_id = i.combat_id AND h.numero_tour = 0 AND h.event_type = 'CombatPrepare' LIMIT 1) AS o) END`;
}

export function viewerValues({ userId, seesAll, delayMs }: Viewer): readonly unknown[] {
  return [userId, seesAll, delayMs];
}

export interface CombatHead {
  /** Of the last event that the combat's rows hold. */
  readonly sequence: number;
  readonly access: Access;
}

const HEADS = (["", "_archive"] as const)
  .map(
    (where) => `SELECT * FROM (SELECT combat_id AS id, last_event_sequence AS sequence, ${accessOf(where, 2)} AS access
      FROM instances_combat${where} i WHERE combat_id = ANY ($1::uuid[])) AS heads WHERE access IS NOT NULL`,
  )
  .join(" UNION ALL ");

/** How far combats have come, and why the viewer may look into them; by id, those that there are for it. */
export async function combatHeads(
  database: Pick<pg.Pool, "query">,
  combatIds: readonly string[],
  viewer: Viewer,
): Promise<ReadonlyMap<string, CombatHead>> {
  const { rows } = await database.query<CombatHead & { readonly id: string }>({
    name: "combat_heads",
    text: HEADS,
    values: [combatIds, ...viewerValues(viewer)],
  });
  return new Map(rows.map(({ id, sequence, access }) => [id, { sequence, access }]));
}
