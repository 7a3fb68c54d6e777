import { createHash } from "node:crypto";
import pg from "pg";

type Queryable = Pick<pg.ClientBase, "query">;

const quoted = pg.escapeIdentifier;
const MAX_IDENTIFIER = 63;

/** Where the new tables are filled: a schema of their own, in which every table and index has its name already. */
export function scratchSchemaOf(schema: string, name: string): string {
  const full = `${schema}_rebuild_${name}`;
  if (Buffer.byteLength(full) <= MAX_IDENTIFIER) return full;
  const hash = createHash("sha256").update(full).digest("hex").slice(0, 16);
  return `${schema.slice(0, 30)}_rebuild_${hash}`;
}

export interface LiveTables {
  readonly oids: readonly number[];
  /** Statements that make the same tables, empty, in the first schema of the search path. */
  readonly statements: readonly string[];
  readonly shape: string;
}

const OIDS = `SELECT c.oid::int FROM unnest($2::text[]) WITH ORDINALITY AS t (name, i)
  JOIN pg_class c ON c.relname = t.name AND c.relkind = 'r' AND c.relnamespace = $1::regnamespace ORDER BY t.i`;

/** What else hangs on the tables, and would be lost or left behind when they are replaced. */
const BOUND = `
  SELECT 'foreign key ' || conname AS what FROM pg_constraint
    WHERE contype = 'f' AND confrelid = ANY ($1) AND conrelid <> ALL ($1)
  UNION ALL
  SELECT 'view ' || v.relname FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1)
  UNION ALL
  SELECT 'sequence ' || s.relname || ' (an identity column would do)' FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' AND d.refobjid = ANY ($1)`;

// LIKE would name indexes anew, and leaves out foreign keys, options and grants. In the live schema alone the definitions name
// other tables without a schema, and so mean the new ones where those stand first.
const DEFINITIONS = `
  SELECT 1 AS step, format('ALTER TABLE %I SET (%s)', relname, array_to_string(reloptions, ', ')) AS text
    FROM pg_class WHERE oid = ANY ($1) AND reloptions IS NOT NULL
  UNION ALL
  SELECT CASE contype WHEN 'f' THEN 4 ELSE 2 END,
      format('ALTER TABLE %I ADD CONSTRAINT %I %s', r.relname, conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_class r ON r.oid = conrelid WHERE conrelid = ANY ($1) AND contype IN ('p', 'u', 'x', 'f')
  UNION ALL
  SELECT 3, pg_get_indexdef(indexrelid, 0, true) FROM pg_index i
    WHERE indrelid = ANY ($1) AND NOT EXISTS (
      SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = i.indrelid AND contype IN ('p', 'u', 'x'))
  UNION ALL
  SELECT 5, pg_get_triggerdef(oid, true) FROM pg_trigger WHERE tgrelid = ANY ($1) AND NOT tgisinternal
  UNION ALL
  SELECT 6, format('GRANT %s ON %I TO %s%s', a.privilege_type, relname, coalesce(quote_ident(g.rolname), 'PUBLIC'),
      CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_class, aclexplode(relacl) AS a LEFT JOIN pg_roles g ON g.oid = a.grantee
    WHERE pg_class.oid = ANY ($1) AND a.grantee <> relowner
  UNION ALL
  SELECT 7, format('GRANT %s (%I) ON %I TO %s', a.privilege_type, attname, relname, coalesce(quote_ident(g.rolname), 'PUBLIC'))
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid, aclexplode(attacl) AS a LEFT JOIN pg_roles g ON g.oid = a.grantee
    WHERE attrelid = ANY ($1) AND a.grantee <> c.relowner
  ORDER BY step, text`;

const COLUMNS = `
  SELECT format('%s.%s %s %s %s', c.relname, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)) AS text
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = ANY ($1) AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT format('%s.%s %s', c.relname, conname, pg_get_constraintdef(k.oid)) FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid
    WHERE conrelid = ANY ($1) AND contype = 'c'
  ORDER BY text`;

/** @throws TablesError when a table is missing, or something else hangs on one */
export async function inspectTables(owner: Queryable, schema: string, tables: readonly string[]): Promise<LiveTables> {
  await owner.query(`SET search_path = ${quoted(schema)}`);
  const oids = (await owner.query<{ oid: number }>(OIDS, [quoted(schema), tables])).rows.map(({ oid }) => oid);
  if (oids.length < tables.length) throw new TablesError(`not all of its tables are there: ${tables.join(", ")}`);
  const bound = (await owner.query<{ what: string }>(BOUND, [oids])).rows;
  if (bound.length > 0)
    throw new TablesError(`its tables cannot be replaced because of ${bound.map(({ what }) => what).join(", ")}`);
  const definitions = (await owner.query<{ text: string }>(DEFINITIONS, [oids])).rows.map(({ text }) => text);
  const columns = (await owner.query<{ text: string }>(COLUMNS, [oids])).rows.map(({ text }) => text);
  const statements = [
    ...tables.map(
      (table) =>
        `CREATE TABLE ${quoted(table)} (LIKE ${quoted(schema)}.${quoted(table)} INCLUDING ALL EXCLUDING INDEXES)`,
    ),
    ...definitions,
  ];
  const shape = createHash("sha256")
    .update([...statements, ...columns].join("\n"))
    .digest("hex");
  return { oids, statements, shape };
}

/** The tables of this projector cannot be rebuilt as they are; the message says what is in the way. */
export class TablesError extends Error {
  override readonly name = "TablesError";
}

/** Makes the new tables, empty, in place of what another rebuild may have left. Inside the caller's transaction. */
export async function createScratch(
  owner: Queryable,
  schema: string,
  scratch: string,
  { statements }: LiveTables,
): Promise<void> {
  await dropScratch(owner, scratch);
  await owner.query(`CREATE SCHEMA ${quoted(scratch)}`);
  await owner.query(`GRANT USAGE ON SCHEMA ${quoted(scratch)} TO aether_app`);
  await owner.query(`SET LOCAL search_path = ${quoted(scratch)}, ${quoted(schema)}`);
  for (const statement of statements) await owner.query(statement);
  await owner.query(`SET LOCAL search_path = ${quoted(schema)}`);
}

export async function dropScratch(owner: Queryable, scratch: string): Promise<void> {
  await owner.query(`DROP SCHEMA IF EXISTS ${quoted(scratch)} CASCADE`);
}

export async function hasScratch(owner: Queryable, scratch: string): Promise<boolean> {
  return (await owner.query("SELECT FROM pg_namespace WHERE nspname = $1", [scratch])).rows.length > 0;
}

export async function analyse(owner: Queryable, scratch: string, tables: readonly string[]): Promise<void> {
  await owner.query(`ANALYZE ${listed(scratch, tables)}`);
}

export async function lock(
  owner: Queryable,
  schema: string,
  tables: readonly string[],
  mode: "SHARE UPDATE EXCLUSIVE" | "ACCESS EXCLUSIVE",
  timeoutMs: number,
): Promise<void> {
  await owner.query(`SET LOCAL lock_timeout = ${timeoutMs}`);
  await owner.query(`LOCK TABLE ${listed(schema, tables)} IN ${mode} MODE`);
}

/** Puts the new tables in the old ones' place. Inside the caller's transaction, which has locked the old ones. */
export async function replaceTables(
  owner: Queryable,
  schema: string,
  scratch: string,
  tables: readonly string[],
): Promise<void> {
  await owner.query(`DROP TABLE ${listed(schema, tables)}`);
  for (const table of tables)
    await owner.query(`ALTER TABLE ${quoted(scratch)}.${quoted(table)} SET SCHEMA ${quoted(schema)}`);
  await dropScratch(owner, scratch);
}

function listed(schema: string, tables: readonly string[]): string {
  return tables.map((table) => `${quoted(schema)}.${quoted(table)}`).join(", ");
}
