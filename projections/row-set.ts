import type { Transaction } from "./projector.ts";

/** What of a table is read and written: all columns that the projector knows. The others keep their defaults. */
export interface Shape<Row> {
  readonly table: string;
  /** Its primary key. */
  readonly key: keyof Row & string;
  readonly columns: readonly (keyof Row & string)[];
}

const quoted = (names: readonly string[], prefix = ""): string => names.map((name) => `${prefix}"${name}"`).join(", ");

/** The rows of one table that a batch is about: read together, changed in memory, written together. */
export class RowSet<Row extends object> {
  readonly #shape: Shape<Row>;
  /** Null: to be removed. */
  readonly #rows = new Map<string, Row | null>();
  /** As they are in the table. */
  readonly #stored = new Map<string, Row>();
  readonly #changed = new Set<string>();

  constructor(shape: Shape<Row>) {
    this.#shape = shape;
  }

  /** Reads the rows in which `column` is one of `ids`. */
  async load(transaction: Transaction, column: keyof Row & string, ids: Iterable<string>): Promise<void> {
    const wanted = [...ids];
    if (wanted.length === 0) return;
    const { table, columns } = this.#shape;
    const text = `SELECT ${quoted(columns)} FROM ${table} WHERE ${column} = ANY($1::uuid[])`;
    const { rows } = await transaction.query<Row>(text, [wanted]);
    for (const row of rows) this.keep(row);
  }

  /** Knows a row as it is in the table. */
  keep(row: Row): void {
    this.#rows.set(this.#keyOf(row), row);
    this.#stored.set(this.#keyOf(row), row);
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key) ?? undefined;
  }

  *[Symbol.iterator](): Generator<Row> {
    for (const row of this.#rows.values()) if (row !== null) yield row;
  }

  /** Rows that are to be written, each with what the table has of it. */
  changes(): readonly { readonly before: Row | undefined; readonly after: Row }[] {
    return [...this.#changed].flatMap((key) => {
      const after = this.#rows.get(key) ?? null;
      return after === null ? [] : [{ before: this.#stored.get(key), after }];
    });
  }

  put(row: Row): void {
    this.#rows.set(this.#keyOf(row), row);
    this.#changed.add(this.#keyOf(row));
  }

  remove(key: string): void {
    this.#rows.set(key, null);
    this.#changed.add(key);
  }

  /** Removes first: what comes may take the place of what goes. */
  async save(transaction: Transaction): Promise<void> {
    const { table, key, columns } = this.#shape;
    const changed = [...this.#changed];
    const gone = changed.filter((id) => this.#rows.get(id) === null);
    if (gone.length > 0) await transaction.query(`DELETE FROM ${table} WHERE ${key} = ANY($1::uuid[])`, [gone]);
    if (gone.length === changed.length) return;
    const rest = columns.filter((column) => column !== key);
    await transaction.query(
      `INSERT INTO ${table} (${quoted(columns)})
         SELECT ${quoted(columns)} FROM json_populate_recordset(NULL::${table}, $1::json)
         ON CONFLICT (${key}) DO UPDATE SET (${quoted(rest)}) = ROW(${quoted(rest, "excluded.")})`,
      [JSON.stringify(changed.flatMap((id) => this.#rows.get(id) ?? []))],
    );
    this.#changed.clear();
  }

  #keyOf(row: Row): string {
    return String(row[this.#shape.key]);
  }
}
