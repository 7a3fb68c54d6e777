import type { AggregateType } from "../domain/envelope.ts";

/** What rooms and actors report of themselves; the server turns it into metrics and log lines. */
export interface Telemetry {
  /** A command or message was refused, by its code. */
  refused(code: string): void;
  /** A bug, or I/O that failed. It has ended nothing; it must not go unseen. */
  fault(where: string, error: unknown): void;
  /** Left out, nothing is measured, and nothing else is different. */
  readonly measure?: Measure;
}

/** Figures, told as they come about: on the way of every command, so each is a few counters, and never throws. Times are in seconds. */
export interface Measure {
  /** A command came into the mailbox of an actor, which now holds so many. */
  queued(type: AggregateType, depth: number): void;
  /** From a command's arrival to its answer. `actor`: by the aggregate's owner; `cold`: by somebody who only writes. */
  answered(type: AggregateType, by: "actor" | "cold", ok: boolean, seconds: number): void;
  /** From a decision until it was durable, and so could be seen. */
  gate(type: AggregateType, seconds: number): void;
  /** An aggregate came into memory, to stay or to be looked at; `unfit` is a snapshot that could not be used. */
  loaded(type: AggregateType, to: "activate" | "read", snapshot: "hit" | "miss" | "unfit", seconds: number): void;
  /** One patch went out to so many clients. */
  patched(room: string, bytes: number, clients: number): void;
  /** The server ended a client's connection. */
  cut(room: string, why: "slow" | "flood" | "malformed" | "replaced" | "banned"): void;
  /** A client did not get in. */
  joinRefused(room: string, code: string): void;
  /** A room is there, until what is returned is called. */
  opened(room: string, clients: () => number): () => void;
}
