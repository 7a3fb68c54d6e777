/** What rooms and actors report of themselves; the server turns it into metrics and log lines. */
export interface Telemetry {
  /** A command or message was refused, by its code. */
  refused(code: string): void;
  /** A bug, or I/O that failed. It has ended nothing; it must not go unseen. */
  fault(where: string, error: unknown): void;
}
