import { type Answer, refusal } from "../domain/codes.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent } from "../domain/envelope.ts";
import type { AppendResult, CommandOutcome, EventStore, StreamAppend } from "../store/event-store.ts";
import type { Envelope } from "./actor.ts";
import { acceptance, acceptedBy, answered, isLastingAcceptance, readAnswer } from "./answers.ts";
import { type Clock, systemClock } from "./clock.ts";
import { envelop } from "./envelop.ts";
import { type Loaded, readAggregate } from "./load.ts";
import { appendsTo, streamsOf, versionsOf } from "./streams.ts";
import type { Telemetry } from "./telemetry.ts";

/** One aggregate and what it is to do. The command may be made from the state as it is at that moment. */
export interface Party<S, C, E extends DomainEvent> {
  readonly aggregate: Aggregate<S, C, E>;
  readonly id: string;
  /** Called with its state once all parties are loaded, before any command is made. */
  seen?(state: S): void;
  /** A command, or why there is none. */
  command(state: S): C | (Answer & { readonly ok: false });
  readonly expectedVersion?: number | undefined;
  /** It does not exist yet, and this begins it. */
  readonly begin?: boolean;
}

/** A party whose types only it knows. */
export interface AnyParty {
  readonly id: string;
  load(work: Work): Promise<LoadedParty>;
}

interface LoadedParty {
  /** The answer that the command had when it was done before. */
  readonly known: Answer | undefined;
  see(): void;
  decide(): Prepared | Answer;
}

interface Prepared {
  readonly appends: readonly StreamAppend[];
  readonly outcomes: readonly CommandOutcome[];
  /** Its appends hold no event: they keep the refusal if nothing has changed meanwhile. */
  readonly refused: boolean;
  answer(sequences: readonly number[]): Answer;
}

interface Work {
  readonly store: EventStore;
  readonly telemetry: Telemetry;
  readonly envelope: Omit<Envelope<unknown>, "command">;
  readonly tenantId: string;
  readonly now: number;
}

export interface ColdServices {
  readonly store: EventStore;
  readonly telemetry: Telemetry;
  readonly tenantId: string;
  readonly clock?: Clock;
}

/** A conflict means that somebody else got on; this many in a row, that the aggregate is busy. */
const ATTEMPTS = 12;
const PAUSE_MS = 5;

export function party<S, C, E extends DomainEvent>(one: Party<S, C, E>): AnyParty {
  const { aggregate, id, expectedVersion, begin = aggregate.begins ?? false } = one;
  const streams = streamsOf(aggregate, id);

  async function knownAnswer({ store, envelope }: Work, loaded: Loaded<S>): Promise<Answer | undefined> {
    const { commandId, lasting = false } = envelope;
    const accepted = loaded.accepted.get(commandId);
    if (accepted !== undefined) return readAnswer(store, streams, accepted);
    const rejected = loaded.rejections.get(commandId);
    if (rejected !== undefined || !lasting) return rejected;
    const outcome = await store.outcome(id, commandId);
    if (isLastingAcceptance(outcome)) return readAnswer(store, streams, outcome.accepted);
    return outcome as Answer | undefined;
  }

  function decide({ envelope, tenantId, now }: Work, loaded: Loaded<S>): Prepared | Answer {
    const { commandId, lasting = false } = envelope;
    if (expectedVersion !== undefined && expectedVersion !== loaded.version)
      return refusal("WRONG_VERSION", `the aggregate is at version ${loaded.version}, not ${expectedVersion}`);
    const made = one.command(loaded.state);
    if (isRefusal(made)) return made;
    const command = made as C;
    const decision = aggregate.decide(loaded.state, command, { now });
    const versions = versionsOf(aggregate, loaded.state, loaded.version);
    if (!decision.ok) {
      const refused: Answer = { ok: false, ...decision.rejection, retryable: false };
      // Nothing is kept under the id of something that does not exist, or anybody could fill the tables.
      if (envelope.forgetRefusal === true || (loaded.version === 0 && !lasting)) return refused;
      const outcomes = [{ aggregateId: id, commandId, outcome: refused, lasting }];
      return { appends: appendsTo(aggregate, streams, [], versions), outcomes, refused: true, answer: () => refused };
    }
    const events = envelop(aggregate, decision.events, { ...envelope, command }, tenantId, now);
    const appends = appendsTo(aggregate, streams, events, versions);
    const { version, ranges } = acceptedBy(commandId, loaded.version + events.length, streams, appends);
    const left = events.length === 0 ? acceptance(version, []) : { accepted: { version, ranges } };
    const kept = lasting || events.length === 0;
    return {
      appends,
      outcomes: kept ? [{ aggregateId: id, commandId, outcome: left, lasting }] : [],
      refused: false,
      answer: (sequences) => acceptance(version, answered(appends, sequences)),
    };
  }

  return {
    id,
    async load(work) {
      const found = await readAggregate(id, aggregate, work.store, work.telemetry);
      if (found === undefined && !begin) return gone();
      const loaded = found ?? nothingOf(aggregate);
      return {
        known: await knownAnswer(work, loaded),
        see: () => one.seen?.(loaded.state),
        decide: () => decide(work, loaded),
      };
    },
  };
}

function gone(): LoadedParty {
  return { known: undefined, see: () => undefined, decide: () => refusal("NOT_FOUND") };
}

/** An aggregate that is about to be begun. */
function nothingOf<S, C, E extends DomainEvent>(aggregate: Aggregate<S, C, E>): Loaded<S> {
  const none = { get: () => undefined } as unknown as Loaded<S>["accepted"] & Loaded<S>["rejections"];
  return { state: aggregate.initial, version: 0, epoch: 1, snapshotVersion: 0, accepted: none, rejections: none };
}

function isRefusal(made: unknown): made is Answer & { ok: false } {
  return typeof made === "object" && made !== null && "ok" in made && made.ok === false;
}

/**
 * Does a command without owning anything: load, decide, append at the versions that were loaded, and again from the top when
 * somebody else was faster. With several parties all of them change in one commit, or none: the answer is the last party's,
 * or that of the first who refuses. A refusal is kept for those who ask again, as an actor's is.
 */
export async function executeCold(
  services: ColdServices,
  parties: readonly AnyParty[],
  envelope: Omit<Envelope<unknown>, "command">,
): Promise<Answer> {
  const { store, telemetry, tenantId, clock = systemClock } = services;
  const [first] = parties;
  if (first === undefined) throw new RangeError("a command is for somebody");
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const work: Work = { store, telemetry, envelope, tenantId, now: clock.now() };
    let prepared: Prepared | Answer;
    try {
      const loaded = await Promise.all(parties.map((one) => one.load(work)));
      const known = loaded.findLast((one) => one.known !== undefined)?.known;
      if (known !== undefined) return told(known, telemetry);
      prepared = decideAll(loaded);
    } catch (error) {
      telemetry.fault("cold command", error);
      return told(refusal("UNAVAILABLE"), telemetry);
    }
    if (!("appends" in prepared)) return told(prepared, telemetry);
    const result = await store.append({
      actorId: first.id,
      streams: prepared.appends,
      outcomes: prepared.outcomes,
    });
    if (result.ok) return told(prepared.answer(result.sequences), telemetry);
    const final = settled(result, telemetry);
    if (final !== undefined) return told(final, telemetry);
    await new Promise<void>((resolve) => clock.at(clock.now() + PAUSE_MS * attempt * (0.5 + Math.random()), resolve));
  }
  return told(refusal("BUSY", "others changed it again and again"), telemetry);
}

/** What all of them append, or what the first who refuses does. */
function decideAll(loaded: readonly LoadedParty[]): Prepared | Answer {
  for (const one of loaded) one.see();
  const appends: StreamAppend[] = [];
  const outcomes: CommandOutcome[] = [];
  let answer: Prepared["answer"] = () => refusal("INTERNAL");
  for (const one of loaded) {
    const made = one.decide();
    if (!("appends" in made) || made.refused) return made;
    // Sequences come in the order of the appends.
    const before = eventsIn(appends);
    answer = (sequences) => made.answer(sequences.slice(before));
    appends.push(...made.appends);
    outcomes.push(...made.outcomes);
  }
  return { appends, outcomes, refused: false, answer };
}

function eventsIn(appends: readonly StreamAppend[]): number {
  return appends.reduce((sum, { events }) => sum + events.length, 0);
}

function told(answer: Answer, telemetry: Telemetry): Answer {
  if (!answer.ok) telemetry.refused(answer.code);
  return answer;
}

/** What a failed append is answered with; undefined: another attempt finds out. */
function settled(result: AppendResult & { ok: false }, telemetry: Telemetry): Answer | undefined {
  switch (result.reason) {
    // Either it was written, and the next attempt finds its commandId; or that attempt, at the same versions, shuts it out.
    case "UNKNOWN":
    case "CONFLICT":
      return undefined;
    case "BUSY":
      return refusal("BUSY");
    case "UNAVAILABLE":
      return refusal("UNAVAILABLE", result.message);
    case "INVALID":
      telemetry.fault("cold command", new Error(result.message));
      return refusal("INTERNAL");
  }
}
