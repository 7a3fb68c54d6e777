import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import { isPassing, isServerError } from "./pg-errors.ts";

/** Something that an event did not do to the end, and that was undone: recorded with the dead letters, nobody waits for it. */
export interface Compensated {
  readonly sequence: number;
  readonly deadLetter: { readonly code: string; readonly message: string; readonly state: "COMPENSATED" };
}

/** Where a consumer's events go. */
export interface Sink {
  /**
   * Takes events in the order of the log. What it writes goes through `transaction`, in which the consumer's position moves too:
   * both happen, or neither. What it does elsewhere, such as sending commands, it may do again after a failure, and must then come
   * to the same. It neither commits nor rolls back.
   * @param signal aborted when the consumer closes and does not wait any longer
   * @throws PassingFault when the other side is away: the same events come again until it is back
   * @throws EventFault, or anything else, when an event cannot be taken: the one at fault is found by taking fewer at a time
   */
  apply(
    events: readonly StoredEvent[],
    transaction: pg.PoolClient,
    signal: AbortSignal,
  ): Promise<readonly Compensated[] | undefined>;
}

/** The events are not at fault; the same ones may well be taken later. */
export class PassingFault extends Error {
  override readonly name = "PassingFault";
}

/** An event cannot be taken. Code and message are stored and shown: they hold nothing of the payload. */
export class EventFault extends Error {
  override readonly name = "EventFault";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the sink failed with, told from what the consumer's own statements fail with. */
export class SinkFailure extends Error {
  override readonly name = "SinkFailure";
  constructor(cause: unknown) {
    super("the sink failed", { cause });
  }
}

/** @throws SinkFailure */
export async function applyTo(
  sink: Sink,
  events: readonly StoredEvent[],
  transaction: pg.PoolClient,
  signal: AbortSignal,
): Promise<readonly Compensated[]> {
  try {
    return (await sink.apply(events, transaction, signal)) ?? [];
  } catch (error) {
    throw new SinkFailure(error);
  }
}

export function passes(error: unknown): boolean {
  return error instanceof PassingFault || isPassing(error);
}

export interface FaultText {
  readonly code: string;
  readonly message: string;
}

/**
 * An error in words that may be stored. The messages of PostgreSQL and of libraries quote the values that they choke on, so all
 * that is kept of them is what went wrong and where.
 */
export function describeFault(error: unknown): FaultText {
  if (error instanceof EventFault) return { code: error.code, message: error.message };
  if (isServerError(error)) {
    const places = ["table", "column", "constraint"].flatMap((kind) => {
      const name = kind in error ? error[kind as keyof typeof error] : undefined;
      return typeof name === "string" ? [`${kind} ${name}`] : [];
    });
    return { code: error.code, message: ["SQLSTATE", error.code, ...places].join(" ") };
  }
  if (!(error instanceof Error)) return { code: "THROWN", message: `a ${typeof error} was thrown` };
  return { code: error.name, message: `${error.name} ${firstFrame(error)}`.trim() };
}

function firstFrame({ stack }: Error): string {
  const frame = stack?.match(/^ +at .*$/m)?.[0].trim() ?? "";
  return frame.replace(/\(?file:\/\/\S*\/(\S+\/\S+?)\)?$/, "$1");
}
