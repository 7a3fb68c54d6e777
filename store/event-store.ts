import type { AggregateType, NewEvent, StoredEvent } from "../domain/envelope.ts";

/** The events that one step adds to one stream. */
export interface StreamAppend {
  readonly aggregateId: string;
  readonly aggregateType: AggregateType;
  /** The stream's version before these events; 0 begins the stream. */
  readonly expectedVersion: number;
  /** The owner's epoch, where an owner writes; without one, any epoch will do (a cold write). */
  readonly epoch?: number | undefined;
  readonly events: readonly NewEvent[];
}

/** What is kept of a command beside its events, for those who ask again. */
export interface CommandOutcome {
  readonly aggregateId: string;
  readonly commandId: string;
  readonly outcome: unknown;
  /** Kept for ever, for commands that may be repeated after any time: those of sagas. */
  readonly lasting?: boolean;
}

/** All streams change together or not at all. Appends of one `actorId` are written in the order in which they were asked for. */
export interface AppendRequest {
  readonly actorId: string;
  readonly streams: readonly StreamAppend[];
  readonly outcomes?: readonly CommandOutcome[];
  /**
   * A match of the matchmaking that begins in the same transaction. Where it is not to be begun (any more) nothing is written: a
   * CONFLICT whose `aggregateId` is the match's. Only PostgreSQL's store knows matches.
   */
  readonly match?: string | undefined;
}

export type AppendResult =
  /** `sequences`: of each event, in the order of the request's streams and their events. */
  | { readonly ok: true; readonly sequences: readonly number[] }
  /** Nothing was written: a stream is not at the expected version, or another owner has it. */
  | {
      readonly ok: false;
      readonly reason: "CONFLICT";
      readonly aggregateId: string;
      readonly expected: number;
      readonly actual: number;
    }
  /** Nothing was written, and the same request will never be: an event is not as its schema says, or the database refuses it. */
  | { readonly ok: false; readonly reason: "INVALID"; readonly message: string }
  /** Nothing was written: too much is waiting already. */
  | { readonly ok: false; readonly reason: "BUSY" }
  /** Nothing was written: the database cannot be reached or does not take writes. */
  | { readonly ok: false; readonly reason: "UNAVAILABLE"; readonly message: string }
  /** It may have been written. Activate the stream anew, then read it: after that it is settled. */
  | { readonly ok: false; readonly reason: "UNKNOWN"; readonly message: string };

/** A stream as it stands. At version 0 it is known by a refused command alone, or somebody is about to begin it. */
export interface Head {
  readonly aggregateType: AggregateType;
  readonly version: number;
  readonly epoch: number;
  /** The node that activated it last. */
  readonly owner: string | null;
}

/** A stream as its owner has it. */
export interface Owned {
  readonly aggregateId: string;
  readonly epoch: number;
}

/** A command that was accepted, by the versions of the events that it left. */
export interface AcceptedCommand {
  readonly commandId: string;
  /** The aggregate's version after it. */
  readonly version: number;
  /** Of each of the aggregate's streams that it changed: which one (0 is the main one), first and last version. */
  readonly ranges: readonly (readonly [stream: number, from: number, to: number])[];
}

export interface Snapshot {
  readonly aggregateId: string;
  readonly aggregateType: AggregateType;
  readonly version: number;
  readonly state: unknown;
  /** The version of the state's shape (`Aggregate.snapshot.version`). */
  readonly stateVersion: number;
  /** The commands last accepted, oldest first, so that a repeat is recognised without reading the events before. */
  readonly recentCommands: readonly AcceptedCommand[];
}

/**
 * What can be seen of the log after a position. Up to `upTo` every number is an event's, so nothing is still to come there;
 * between `upTo` and `last` some are missing: unfinished appends, or such as were rolled back.
 */
export interface Run {
  readonly upTo: number;
  readonly last: number;
}

export interface ReadAllOptions {
  /** At most so many events; default 1,000. */
  readonly limit?: number;
  readonly eventTypes?: readonly string[];
  readonly aggregateTypes?: readonly AggregateType[];
}

/** Few events among many: those of some streams, by their aggregates' ids, or those of some types. */
export type Topic = { readonly aggregateIds: readonly string[] } | { readonly eventTypes: readonly string[] };

/**
 * The log. Reads reject with an error when the database cannot be reached, or when an event is of a type or version that
 * this code does not know; appends never reject, their outcome is a value.
 */
export interface EventStore {
  append(request: AppendRequest): Promise<AppendResult>;
  /** Raises the stream's epoch, which shuts out every earlier owner and settles every append of unknown outcome. */
  activate(aggregateId: string, nodeId: string): Promise<Head | undefined>;
  /** Nothing is due in it: until it is activated again, nobody need run it. Nothing, if the epoch has passed. */
  rest(aggregateId: string, epoch: number): Promise<void>;
  /** Of these streams, those that this node still owns in these epochs are from now on another one's, or nobody's. */
  release(owned: readonly Owned[], nodeId: string, to: string | null): Promise<void>;
  head(aggregateId: string): Promise<Head | undefined>;
  /** The heads of those streams that exist, all at one moment. */
  heads(aggregateIds: readonly string[]): Promise<ReadonlyMap<string, Head>>;
  /** Versions `from` (default 1) to `to` (default the last), in order. */
  readStream(aggregateId: string, from?: number, to?: number): AsyncIterable<StoredEvent>;
  /**
   * The position up to which `readAll` may read: nothing at or below it is still to come. Go on from the last event read, not
   * from the mark: numbers that no event took may be given again after a crash of the database's.
   */
  highWaterMark(): Promise<number>;
  /** How far the log goes on after a position without a gap, and its last sequence within the next thousand events. */
  runAfter(after: number): Promise<Run>;
  /** The sequence of the last event at or below a high-water mark; 0 if there is none. */
  lastSequence(upTo: number): Promise<number>;
  /** Events with `after < sequence ≤ upTo`, in order; `upTo` is a high-water mark. */
  readAll(after: number, upTo: number, options?: ReadAllOptions): Promise<readonly StoredEvent[]>;
  /** As `readAll`, without walking through all that is not of the topic; `skip`: so many of the first are left out. */
  readTopic(
    topic: Topic,
    after: number,
    upTo: number,
    options: { readonly limit: number; readonly skip?: number },
  ): Promise<readonly StoredEvent[]>;
  /** The events of these sequences, in order; those that there are. */
  readSequences(sequences: readonly number[]): Promise<readonly StoredEvent[]>;
  /** Events with `from ≤ timestamp ≤ to` (ISO 8601), by time. */
  readBetween(from: string, to: string, limit?: number): Promise<readonly StoredEvent[]>;
  /** An event and all that followed from it, directly or not, by sequence; the first thousand. */
  readEffects(eventId: string, limit?: number): Promise<readonly StoredEvent[]>;
  /** An event and what led to it, back to the first cause, newest first; the first thousand. */
  readCauses(eventId: string, limit?: number): Promise<readonly StoredEvent[]>;
  /** The newest snapshot whose state is of this shape, of no later version than `atMost`. */
  latestSnapshot(aggregateId: string, stateVersion: number, atMost?: number): Promise<Snapshot | undefined>;
  /** Of different streams; keeps the newest three of each. They may be lost in a crash of the database's. */
  saveSnapshots(snapshots: readonly Snapshot[]): Promise<void>;
  /** The outcomes kept for a stream's commands; the newest 256, oldest first. */
  outcomes(aggregateId: string): Promise<readonly CommandOutcome[]>;
  /** The outcome kept of one command, however old if it is a lasting one. */
  outcome(aggregateId: string, commandId: string): Promise<unknown>;
  close(): Promise<void>;
}
