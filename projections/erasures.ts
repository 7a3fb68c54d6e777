import type { StoredEvent } from "../domain/envelope.ts";
import { erasedName } from "../domain/personal.ts";
import type { Transaction } from "./projector.ts";

/** After it nothing may say who the player was. Every read model that names players takes it. */
export const ERASURE = "DonneesPersonnellesEffacees";

/**
 * Runs statements for each player that was erased among these events, `$1` the id and `$2` what stands for the name. To be called once
 * the batch's rows are written: events that come later than an erasure name that player no more ([FORGET-3]).
 */
export async function erase(
  events: readonly StoredEvent[],
  transaction: Transaction,
  statements: readonly string[],
): Promise<void> {
  const ids = new Set(events.flatMap(({ eventType, aggregateId }) => (eventType === ERASURE ? [aggregateId] : [])));
  for (const id of ids) for (const statement of statements) await transaction.query(statement, [id, erasedName(id)]);
}
