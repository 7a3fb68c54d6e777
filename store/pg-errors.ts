/**
 * What a failed statement means for the one who waits for it.
 * - `retry`: it did not happen, and the same statement may well succeed now (serialisation, deadlock, lock time-out).
 * - `unavailable`: it did not happen, and will not for a while (no connection, too many connections, read-only standby).
 * - `unknown`: it may have happened; the connection was lost, or the server went away, before the answer.
 * - `invalid`: it did not happen and never will: the statement's own data are at fault.
 */
export type Failure = "retry" | "unavailable" | "unknown" | "invalid";

const BY_SQLSTATE: Readonly<Record<string, Failure>> = {
  "40001": "retry", // serialization_failure
  "40P01": "retry", // deadlock_detected
  "55P03": "retry", // lock_not_available: lock_timeout
  "57014": "unavailable", // query_canceled: statement_timeout, rolled back
  "53300": "unavailable", // too_many_connections
  "53100": "unavailable", // disk_full
  "53200": "unavailable", // out_of_memory
  "25006": "unavailable", // read_only_sql_transaction: a standby
  "57P03": "unavailable", // cannot_connect_now: starting up or shutting down
  // The server may have committed before it was told to end, and this is all that its client hears of it.
  "57P01": "unknown", // admin_shutdown
  "57P02": "unknown", // crash_shutdown
  "57P05": "unknown", // idle_session_timeout
  "25P03": "retry", // idle_in_transaction_session_timeout: rolled back, and the session is gone
};

/** Errors of node-postgres and of the socket that arise before anything was sent. */
const BEFORE_SENDING =
  /timeout exceeded when trying to connect|Connection terminated due to connection timeout|Cannot use a pool after calling end/;
const NOT_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN", "ENOENT"]);

/** `connected`: whether a connection had been handed out, so that the statement may have been sent. */
export function classifyFailure(error: unknown, connected: boolean): Failure {
  if (!(error instanceof Error)) return "unknown";
  if (isServerError(error)) {
    const { code } = error;
    const known = BY_SQLSTATE[code];
    if (known !== undefined) return connected || known !== "unknown" ? known : "unavailable";
    if (code.startsWith("08")) return connected ? "unknown" : "unavailable";
    if (code.startsWith("53") || code.startsWith("28") || code.startsWith("3D")) return "unavailable";
    return "invalid";
  }
  if (!connected || NOT_CONNECTED.has(codeOf(error)) || BEFORE_SENDING.test(error.message)) return "unavailable";
  return "unknown";
}

const READ_ONLY = "25006";

/**
 * Whether the connection on which a statement failed is of no more use: it broke, it may still be busy, or it leads to a server that
 * takes no writes, from where only a new connection leads back to one that does.
 */
export function isSpent(error: unknown): boolean {
  return !isServerError(error) || error.code === READ_ONLY || classifyFailure(error, true) === "unknown";
}

/** A connection has come about, to a server that only follows another: what it says may be old, and it takes no writes. */
export class StandbyError extends Error {
  override readonly name = "StandbyError";
  readonly severity = "FATAL";
  readonly code = READ_ONLY;
  constructor() {
    super("this PostgreSQL is a standby: the database's address has to lead to the primary");
  }
}

const SQLSTATE_CLASS_SCHEMA = "42";
const OF_A_CONNECTION =
  /Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|timeout exceeded/;
const OF_A_SOCKET = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED", ...NOT_CONNECTED]);

/**
 * Whether a whole transaction may well succeed later with the same data: what failed is the database, the way to it, or a schema
 * that is not there yet. Anything else is the data's fault, or the code's.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (!isServerError(error)) return OF_A_SOCKET.has(codeOf(error)) || OF_A_CONNECTION.test(error.message);
  return error.code.startsWith(SQLSTATE_CLASS_SCHEMA) || classifyFailure(error, true) !== "invalid";
}

/** Whether PostgreSQL itself answered with this error. */
export function isServerError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "severity" in error && /^[0-9A-Z]{5}$/.test(codeOf(error));
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
