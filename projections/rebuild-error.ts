/**
 * - `RUNNING`: somebody is at it already.
 * - `UNKNOWN`: the projector has never run here.
 * - `TABLES`: its tables cannot be replaced; the message says why.
 * - `NOT_OWNER`: the database's user may not make and replace tables.
 * - `BAD_EVENT`: an event cannot be taken, and nothing was replaced. `sequence` says which one.
 * - `UNREADABLE_EVENT`: the log holds what this code cannot read.
 * - `DISCARDED_MEANWHILE`: an event was discarded after it had been taken here.
 * - `FENCED`: another one has taken over.
 */
export class RebuildError extends Error {
  override readonly name = "RebuildError";
  readonly code: string;
  readonly sequence: number | undefined;
  constructor(code: string, message: string, sequence?: number, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.sequence = sequence;
  }
}
