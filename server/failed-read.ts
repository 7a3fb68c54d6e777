import { type Answer, refusal } from "../domain/codes.ts";
import { PoolBusyError } from "../store/database.ts";
import { isPassing, isServerError } from "../store/pg-errors.ts";
import { IssuerAwayError } from "./issuer.ts";

const TOO_LONG: ReadonlySet<string> = new Set([
  "57014", // query_canceled: the statement's time-out
  "55P03", // lock_not_available
]);
/** node-postgres: no connection has become free in time. */
const NO_CONNECTION = /timeout exceeded when trying to connect/;

/** Why a call could not be served, where the cause is no fault of the code's: too long, too many, or no database. */
export function failedRead(error: unknown): (Answer & { ok: false }) | undefined {
  if (error instanceof PoolBusyError) return refusal("BUSY");
  if (error instanceof IssuerAwayError) return refusal("UNAVAILABLE", "the issuer of this token does not answer");
  if (!(error instanceof Error)) return undefined;
  if (isServerError(error)) {
    if (TOO_LONG.has(error.code)) return refusal("TOO_EXPENSIVE");
    // A table or a column that is not there is a bug, whatever it is to someone who may try again later.
    return !error.code.startsWith("42") && isPassing(error)
      ? refusal("UNAVAILABLE", "the database does not answer")
      : undefined;
  }
  if (NO_CONNECTION.test(error.message)) return refusal("BUSY");
  return isPassing(error) ? refusal("UNAVAILABLE", "the database does not answer") : undefined;
}
