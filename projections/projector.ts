import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import type { Sink } from "../store/sink.ts";

/** What a projector writes through: the consumer's transaction, in which its position moves as well. */
export type Transaction = Pick<pg.ClientBase, "query">;

/**
 * A read model: events in, rows out. It folds a batch in memory into row changes and writes them set-wise. It names its tables
 * without a schema, so that a rebuild can fill others of the same names beside them. Taking an event whose sequence is not
 * greater than a row's own changes nothing.
 */
export interface Projector {
  /** The name of its checkpoint: never renamed. */
  readonly name: string;
  readonly eventTypes: readonly string[];
  /** Its own, those that others refer to first. */
  readonly tables: readonly string[];
  /** Where rows of them go that are old: made anew with them, empty. What is old is live again then, until it is moved again. */
  readonly archives?: readonly string[];
  /** What it writes for those who follow its rows: made anew with them, so that who followed the old ones sees that they are gone. */
  readonly changes?: readonly string[];
  apply(events: readonly StoredEvent[], transaction: Transaction): Promise<void>;
}

export function projectorSink(projector: Projector): Sink {
  return {
    async apply(events, transaction) {
      await projector.apply(events, transaction);
      return undefined;
    },
  };
}

/** All that a rebuild makes anew. */
export function allTables({ tables, archives = [], changes = [] }: Projector): readonly string[] {
  return [...tables, ...archives, ...changes];
}
