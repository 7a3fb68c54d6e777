import { randomUUID } from "node:crypto";
import { v5 } from "uuid";

/**
 * A UUIDv7 (RFC 9562): the time in ms, then random bits. Its bits come from randomUUID, which keeps a stock of them:
 * 0.4 µs, where the `uuid` package asks the system each time and takes 3.
 */
export function uuidv7(now = Date.now()): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The id of a further stream of an aggregate that owns several: UUIDv5 of its id and the stream's type (event catalogue). */
export function partId(aggregateId: string, type: string): string {
  return v5(type, aggregateId);
}

/** The id of an item's order book; the item's own is its definition's. */
export function bookId(itemId: string): string {
  return partId(itemId, "Economy");
}

/** The id of the stream that tells of a player's bans. */
export function bansId(joueurId: string): string {
  return partId(joueurId, "Ban");
}

/** An id that follows from another one and a name: a saga's command from its event and its step. */
export const derivedUuid: (name: string, from: string) => string = v5;
