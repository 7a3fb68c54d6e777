import type { Change } from "../domain/catalogue/authored.ts";
import { changed } from "../domain/catalogue/authored.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import type { Transaction } from "./projector.ts";
import { upsert } from "./upsert.ts";

/** What an event says of a definition: it is there, it changed, or it was withdrawn. */
export type Said<Definition extends object> = { readonly id: string } & (
  | { readonly defined: Definition }
  | { readonly change: Change<Definition> }
  | { readonly retire: true }
);

/** A table of definitions: a row each, in which the columns are a part of `definition`. */
export interface AuthoredTable<Definition extends object> {
  readonly table: string;
  readonly key: string;
  /** Undefined for an event of something else. */
  read(event: StoredEvent): Said<Definition> | undefined;
  columns(definition: Definition): Readonly<Record<string, unknown>>;
}

interface Known<Definition> {
  readonly definition: Definition;
  readonly retire: boolean;
  readonly sequence: number;
  readonly at: string;
}

function after<Definition extends object>(
  known: Known<Definition> | undefined,
  said: Said<Definition>,
  { sequence, timestamp: at }: StoredEvent,
): Known<Definition> | undefined {
  if (known !== undefined && sequence <= known.sequence) return known;
  if ("defined" in said) return { definition: said.defined, retire: false, sequence, at };
  // Of nothing, a change makes nothing.
  if (known === undefined) return undefined;
  if ("retire" in said) return { ...known, retire: true, sequence, at };
  return { ...known, definition: changed(known.definition, said.change), sequence, at };
}

/** Folds a batch over the rows as they are, and writes those that changed. Authors write seldom: reading first costs nothing. */
export async function projectAuthored<Definition extends object>(
  kind: AuthoredTable<Definition>,
  events: readonly StoredEvent[],
  transaction: Transaction,
): Promise<void> {
  const all = events.flatMap((event) => {
    const said = kind.read(event);
    return said === undefined ? [] : [{ event, said }];
  });
  if (all.length === 0) return;
  const { table, key } = kind;
  const { rows } = await transaction.query<{ id: string; definition: Definition; retire: boolean; sequence: number }>(
    `SELECT ${key} AS id, definition, retire, last_event_sequence AS sequence FROM ${table} WHERE ${key} = ANY ($1::uuid[])`,
    [[...new Set(all.map(({ said }) => said.id))]],
  );
  const known = new Map<string, Known<Definition>>(
    rows.map(({ id, definition, retire, sequence }) => [
      id,
      { definition, retire, sequence: Number(sequence), at: "" },
    ]),
  );
  const touched = new Set<string>();
  for (const { event, said } of all) {
    const before = known.get(said.id);
    const now = after(before, said, event);
    if (now === undefined || now === before) continue;
    known.set(said.id, now);
    touched.add(said.id);
  }
  const changedRows = [...touched].flatMap((id) => {
    const one = known.get(id);
    if (one === undefined) return [];
    const { definition, retire, sequence, at } = one;
    return [
      { [key]: id, ...kind.columns(definition), retire, definition, last_event_sequence: sequence, updated_at: at },
    ];
  });
  await upsert(transaction, table, key, changedRows);
}
