import type { z } from "zod";
import type { AggregateType, DomainEvent } from "./envelope.ts";

/** Why a command changed nothing. The code is stable and public, the message is for people. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
}

export type Decision<E extends DomainEvent> =
  | { readonly ok: true; readonly events: readonly E[] }
  | { readonly ok: false; readonly rejection: Rejection };

/** Time comes in with the command: ms since the epoch. Deciders never read a clock. */
export interface DecisionContext {
  readonly now: number;
}

/** A command that the aggregate wants to be given once the time `at` (ms since the epoch) has come. */
export interface WakeUp<C> {
  readonly at: number;
  readonly command: C;
}

/**
 * What the actor, the store and the rooms need to know of an aggregate, and all they know.
 * `decide` and `evolve` are pure; states are plain JSON, never mutated, so that head and durable state may share structure.
 */
export interface Aggregate<S, C, E extends DomainEvent> {
  readonly type: AggregateType;
  /** Every event type that `decide` may emit. */
  readonly events: EventDefinitions;
  readonly initial: S;
  decide(state: S, command: C, context: DecisionContext): Decision<E>;
  evolve(state: S, event: E): S;
  /** What to do next if nobody sends anything; asked again after each commit and after each load. */
  wakeUp?(state: S): WakeUp<C> | undefined;
  /** It may be commanded before its first event: its first command begins it. */
  readonly begins?: boolean;
  /** An aggregate that owns several streams, and changes them together. */
  readonly parts?: Parts<S>;
  /** It may leave memory when nobody watches it; by default when there is no wake-up that it would miss. */
  mayRest?(state: S): boolean;
  /** The shape of a snapshot. Raise `version` with each change of the state's shape: older snapshots are ignored. */
  readonly snapshot: { readonly schema: z.ZodType<S>; readonly version: number };
}

/** The streams of an aggregate that owns several: the one of its own `type`, whose id is the aggregate's, and others whose ids follow from it. */
export interface Parts<S> {
  /** The main one's first. */
  readonly types: readonly AggregateType[];
  /** The stream that an event belongs to. */
  typeOf(eventType: string): AggregateType;
  /** How many events of each stream the state holds. */
  versionsOf(state: S): Readonly<Partial<Record<AggregateType, number>>>;
}

/** One event type's payload: its current schema, and how to bring payloads of older schema versions up to it. */
export interface EventDefinition<Payload = unknown> {
  readonly schemaVersion: number;
  readonly schema: z.ZodType<Payload>;
  /** `upcasters[v]` turns a payload of schema version v into one of v + 1. */
  readonly upcasters?: Readonly<Record<number, (payload: unknown) => unknown>>;
}

export type EventDefinitions = Readonly<Record<string, EventDefinition>>;

export function accept<E extends DomainEvent>(events: readonly E[]): Decision<E> {
  return { ok: true, events };
}

export function reject<E extends DomainEvent>(code: string, message: string): Decision<E> {
  return { ok: false, rejection: { code, message } };
}
