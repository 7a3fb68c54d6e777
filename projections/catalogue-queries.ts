import type pg from "pg";
import { Conditions, type From, type Page, pageOf } from "./keyset.ts";

type Reader = Pick<pg.Pool, "query">;

/** What of the catalogue is asked for; what is absent does not matter. */
export interface CatalogueFilter {
  readonly typeItem?: string | undefined;
  readonly rarete?: string | undefined;
  readonly echangeable?: boolean | undefined;
  readonly typeCompetence?: string | undefined;
  readonly element?: string | undefined;
  readonly typeQuete?: string | undefined;
  readonly zoneDepart?: string | undefined;
  readonly repete?: boolean | undefined;
  /** The required level is no higher. */
  readonly niveauMax?: number | undefined;
  /** Part of the name, whatever its case. */
  readonly search?: string | undefined;
  /** Only withdrawn ones, or only others. */
  readonly retire: boolean;
}

/** By name, and by id among equal names. */
export type CatalogueKey = readonly [nom: string, id: string];

export interface CatalogueEntry {
  readonly id: string;
  readonly retire: boolean;
  readonly definition: Readonly<Record<string, unknown>>;
  /** Global sequence of the event that last changed it. */
  readonly sequence: number;
}

const KEYS = { items: "item_id", competences: "competence_id", quetes: "quete_id" } as const;
export type CatalogueTable = keyof typeof KEYS;

const EQUAL: readonly (readonly [filter: keyof CatalogueFilter, column: string])[] = [
  ["typeItem", "type_item"],
  ["rarete", "rarete"],
  ["echangeable", "echangeable"],
  ["typeCompetence", "type_competence"],
  ["element", "element"],
  ["typeQuete", "type_quete"],
  ["zoneDepart", "zone_depart"],
  ["repete", "repete"],
  ["retire", "retire"],
];

interface EntryRow extends CatalogueEntry {
  readonly nom: string;
}

/** @param filter of this table's columns only */
export async function listCatalogue(
  reader: Reader,
  table: CatalogueTable,
  filter: CatalogueFilter,
  { after, limit }: From<CatalogueKey>,
): Promise<Page<CatalogueEntry>> {
  const key = KEYS[table];
  const where = new Conditions();
  for (const [name, column] of EQUAL) if (filter[name] !== undefined) where.and(`${column} = ?`, filter[name]);
  if (filter.niveauMax !== undefined) where.and("niveau_requis <= ?", filter.niveauMax);
  // The text is searched for as it stands: no sign of it is a wildcard.
  if (filter.search !== undefined) where.and("strpos(lower(nom), lower(?)) > 0", filter.search);
  if (after !== undefined) where.and(`(nom, ${key}) > (?, ?::uuid)`, ...after);
  const { rows } = await reader.query<EntryRow>(
    `SELECT ${key} AS id, nom, retire, definition, last_event_sequence AS sequence FROM ${table}
     WHERE ${where.sql} ORDER BY nom, ${key} LIMIT ${limit + 1}`,
    where.values,
  );
  const page = pageOf(rows, limit, keyOf);
  return { ...page, items: page.items.map(entryOf) };
}

function keyOf({ nom, id }: EntryRow): CatalogueKey {
  return [nom, id];
}

function entryOf({ id, retire, definition, sequence }: EntryRow): CatalogueEntry {
  return { id, retire, definition, sequence };
}

export async function readCatalogue(
  reader: Reader,
  table: CatalogueTable,
  id: string,
): Promise<CatalogueEntry | undefined> {
  return (await readEntries(reader, table, [id])).get(id);
}

/** Several, by id; those that there are. */
export async function readEntries(
  reader: Reader,
  table: CatalogueTable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, CatalogueEntry>> {
  const { rows } = await reader.query<CatalogueEntry>(
    `SELECT ${KEYS[table]} AS id, retire, definition, last_event_sequence AS sequence FROM ${table} WHERE ${KEYS[table]} = ANY ($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
