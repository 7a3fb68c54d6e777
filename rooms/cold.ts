import { type Answer, refusal } from "../domain/codes.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { AggregateType, DomainEvent } from "../domain/envelope.ts";
import type { AppendResult, CommandOutcome, EventStore, StreamAppend } from "../store/event-store.ts";
import type { Envelope } from "./actor.ts";
import { acceptance, acceptedBy, answered, isLastingAcceptance, readAnswer } from "./answers.ts";
import { type Clock, systemClock } from "./clock.ts";
import { envelop } from "./envelop.ts";
import { type Loaded, readAggregate, takeOver } from "./load.ts";
import type { Locks } from "./locks.ts";
import { appendsTo, streamsOf, versionsOf } from "./streams.ts";
import type { Telemetry } from "./telemetry.ts";

/** One aggregate and what it is to do. The command may be made from the state as it is at that moment. */
export interface Party<S, C, E extends DomainEvent> {
  readonly aggregate: Aggregate<S, C, E>;
  readonly id: string;
  /** Called with its state once all parties have been read, before any command is made. */
  seen?(state: S): void;
  /** A command, or why there is none. */
  command(state: S): C | (Answer & { readonly ok: false });
  readonly expectedVersion?: number | undefined;
  /** It does not exist yet, and this begins it. */
  readonly begin?: boolean;
}

/** A party whose types only it knows. */
export interface AnyParty {
  readonly aggregateType: AggregateType;
  readonly id: string;
  /** Reads the aggregate as it is. Rejects when it cannot be read. */
  read(work: Work): Promise<Reading>;
}

interface Reading {
  readonly id: string;
  /** Whether anything has ever happened to it. */
  readonly exists: boolean;
  /** What the command was answered with before; or that there is nothing to command. */
  readonly answer: Answer | undefined;
  see(): void;
  decide(work: Work): Prepared | (Answer & { readonly ok: false });
}

interface Prepared {
  readonly appends: readonly StreamAppend[];
  readonly outcomes: readonly CommandOutcome[];
  /** It refuses; its appends hold no event, and keep the refusal only if nothing has changed meanwhile. */
  readonly refusal?: Answer;
  /** Shuts out what the aggregate's owner has decided so far; the epoch, or undefined if there is no owner yet. */
  fence(): Promise<number | undefined>;
  answer(sequences: readonly number[]): Answer;
}

/** What comes with a command that is done cold. */
export interface ColdEnvelope extends Omit<Envelope<unknown>, "command"> {
  /** A match that begins in the same commit; one that is not to be begun (any more) is refused with NOT_FOUND. */
  readonly match?: string | undefined;
}

interface Work {
  readonly store: EventStore;
  readonly telemetry: Telemetry;
  readonly envelope: ColdEnvelope;
  readonly tenantId: string;
  readonly now: number;
}

export interface ColdServices {
  readonly store: EventStore;
  readonly telemetry: Telemetry;
  readonly tenantId: string;
  readonly clock?: Clock;
  /** From 0 to 1, for pauses of different length. */
  readonly random?: () => number;
  /** Taken by whoever was in somebody's way once. Without them it is done all the same, with more attempts. */
  readonly locks?: Locks | undefined;
}

/** A conflict means that somebody else got on; this many in a row, that the aggregate is busy. */
const ATTEMPTS = 12;
const PAUSE_MS = 5;
/** Owns what no node has owned. */
const NOBODY = "";

export function party<S, C, E extends DomainEvent>(one: Party<S, C, E>): AnyParty {
  const { aggregate, id, begin = aggregate.begins ?? false } = one;
  return {
    aggregateType: aggregate.type,
    id,
    async read({ store, telemetry, envelope }) {
      const found = await readAggregate(id, aggregate, store, telemetry);
      const loaded = found ?? nothingOf(aggregate);
      const answer = await answerBefore(one, loaded, store, envelope);
      if (answer === undefined && found === undefined && !begin) return only(id, refusal("NOT_FOUND"));
      const exists = loaded.version > 0;
      return { id, exists, answer, see: () => one.seen?.(loaded.state), decide: (work) => prepare(one, loaded, work) };
    },
  };
}

function only(id: string, answer: Answer & { readonly ok: false }): Reading {
  return { id, exists: false, answer, see: () => undefined, decide: () => answer };
}

/** What a repeat is to be told. */
async function answerBefore<S, C, E extends DomainEvent>(
  { aggregate, id }: Party<S, C, E>,
  { accepted, rejections }: Loaded<S>,
  store: EventStore,
  { commandId, lasting = false }: Work["envelope"],
): Promise<Answer | undefined> {
  const streams = streamsOf(aggregate, id);
  const done = accepted.get(commandId);
  if (done !== undefined) return readAnswer(store, streams, done);
  const rejected = rejections.get(commandId);
  if (rejected !== undefined) return rejected;
  const outcome = lasting ? await store.outcome(id, commandId) : undefined;
  if (isLastingAcceptance(outcome)) return readAnswer(store, streams, outcome.accepted);
  return outcome as Answer | undefined;
}

function prepare<S, C, E extends DomainEvent>(
  { aggregate, id, command, expectedVersion }: Party<S, C, E>,
  loaded: Loaded<S>,
  { envelope, tenantId, now, store }: Work,
): Prepared | (Answer & { readonly ok: false }) {
  const { commandId, lasting = false } = envelope;
  const streams = streamsOf(aggregate, id);
  const versions = versionsOf(aggregate, loaded.state, loaded.version);

  // Its owner stays who it is, and reads the log again: also for a refusal, or it would not know that there is an answer.
  const fence = async () => (await takeOver(id, aggregate, store, loaded.owner ?? NOBODY))?.epoch;

  function refuse(refused: Answer & { readonly ok: false }): Prepared | (Answer & { readonly ok: false }) {
    // Nothing is kept under the id of something that does not exist, or anybody could fill the tables.
    if (envelope.forgetRefusal === true || (loaded.version === 0 && !lasting)) return refused;
    const outcome = { aggregateId: id, commandId, outcome: refused, lasting };
    return {
      appends: appendsTo(aggregate, streams, [], versions),
      outcomes: [outcome],
      refusal: refused,
      fence,
      answer: () => refused,
    };
  }

  if (expectedVersion !== undefined && expectedVersion !== loaded.version)
    return refuse(refusal("WRONG_VERSION", `the aggregate is at version ${loaded.version}, not ${expectedVersion}`));
  const made = command(loaded.state);
  if (isRefusal(made)) return made;
  const decision = aggregate.decide(loaded.state, made as C, { now });
  if (!decision.ok) return refuse({ ok: false, ...decision.rejection, retryable: false });
  const events = envelop(aggregate, decision.events, { ...envelope, command: made }, tenantId, now);
  const appends = appendsTo(aggregate, streams, events, versions);
  const { version, ranges } = acceptedBy(commandId, loaded.version + events.length, streams, appends);
  const left = events.length === 0 ? acceptance(version, []) : { accepted: { version, ranges } };
  const kept = lasting || events.length === 0;
  return {
    appends,
    outcomes: kept ? [{ aggregateId: id, commandId, outcome: left, lasting }] : [],
    fence,
    answer: (sequences) => acceptance(version, answered(appends, sequences)),
  };
}

/** An aggregate that is about to be begun. */
function nothingOf<S, C, E extends DomainEvent>(aggregate: Aggregate<S, C, E>): Loaded<S> {
  const none = { get: () => undefined } as unknown as Loaded<S>["accepted"] & Loaded<S>["rejections"];
  return {
    state: aggregate.initial,
    version: 0,
    epoch: 1,
    owner: null,
    snapshotVersion: 0,
    accepted: none,
    rejections: none,
  };
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
  envelope: ColdEnvelope,
): Promise<Answer> {
  const { telemetry } = services;
  const last = parties.at(-1);
  if (last === undefined) throw new RangeError("a command is for somebody");
  const start = performance.now();
  const answer = await execute(services, parties, last, envelope);
  if (!answer.ok) telemetry.refused(answer.code);
  telemetry.measure?.answered(last.aggregateType, "cold", answer.ok, (performance.now() - start) / 1_000);
  return answer;
}

async function execute(
  services: ColdServices,
  parties: readonly AnyParty[],
  last: AnyParty,
  envelope: ColdEnvelope,
): Promise<Answer> {
  const { store, telemetry, tenantId, clock = systemClock, random = Math.random, locks } = services;
  let now = clock.now();
  let release: (() => void) | undefined;
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const decided = await decideAll(parties, last, { store, telemetry, envelope, tenantId, now });
      if ("ok" in decided) return decided;
      let streams: readonly StreamAppend[];
      try {
        streams = (await Promise.all(decided.map(fenced))).flat();
      } catch (error) {
        telemetry.fault("cold command", error);
        return refusal("UNAVAILABLE");
      }
      const result = await store.append({
        actorId: last.id,
        streams,
        outcomes: decided.flatMap(({ outcomes }) => outcomes),
        match: decided.some(({ refusal: refused }) => refused !== undefined) ? undefined : envelope.match,
      });
      if (result.ok) return answerOf(decided, result.sequences);
      const final = settled(result, telemetry);
      if (final !== undefined) return final;
      if (result.reason === "CONFLICT" && result.aggregateId === envelope.match) {
        // Begun by now, and then whoever did it left the answer; or given up.
        const known = await decideAll(parties, last, { store, telemetry, envelope, tenantId, now });
        return "ok" in known ? known : refusal("NOT_FOUND", "the match is not to be begun any more");
      }
      // Most commands meet nobody: the first attempt does not ask for locks, and is not kept waiting by a slow Redis.
      if (release === undefined && locks !== undefined) release = await locks.take(parties);
      else await new Promise<void>((resolve) => clock.at(clock.now() + PAUSE_MS * attempt * (0.5 + random()), resolve));
      // What may still be written was decided at `now`: only at the same time is the decision upon the same versions the same.
      if (result.reason === "CONFLICT") now = clock.now();
    }
    return refusal("BUSY", "others changed it again and again");
  } finally {
    release?.();
  }
}

/**
 * What all parties together would append; what the one who refuses would, to keep the refusal; or an answer that is no
 * append's. All are read before one decides: a refusal is kept by the one who refused, and any other may have changed since.
 */
async function decideAll(
  parties: readonly AnyParty[],
  last: AnyParty,
  work: Work,
): Promise<readonly Prepared[] | Answer> {
  let readings: Reading[];
  try {
    readings = await Promise.all(parties.map((one) => one.read(work)));
    // Done together after the last one was read, and before another was: now the last one knows it too.
    if (readings.at(-1)?.answer === undefined && readings.some(({ answer }) => answer?.ok === true))
      readings.push(await last.read(work));
  } catch (error) {
    work.telemetry.fault("cold command", error);
    return refusal("UNAVAILABLE");
  }
  const known = readings.findLast(({ answer }) => answer !== undefined);
  if (known?.answer !== undefined) return known.answer;
  const prepared: Prepared[] = [];
  try {
    for (const reading of readings) reading.see();
    for (const reading of readings) {
      const made = reading.decide(work);
      if (!("appends" in made)) return made;
      if (made.refusal !== undefined) return [keptForSender(made, readings.at(-1))];
      prepared.push(made);
    }
  } catch (error) {
    work.telemetry.fault("decide", error);
    return refusal("INTERNAL");
  }
  return prepared;
}

/** Who asks again asks for the last party, and may no longer know who the others were. */
function keptForSender(refused: Prepared, sender: Reading | undefined): Prepared {
  const [kept] = refused.outcomes;
  if (sender?.exists !== true || kept === undefined || kept.aggregateId === sender.id) return refused;
  return { ...refused, outcomes: [kept, { ...kept, aggregateId: sender.id }] };
}

/** Sequences come in the order of the appends. */
function answerOf(prepared: readonly Prepared[], sequences: readonly number[]): Answer {
  const before = prepared.slice(0, -1).flatMap(({ appends }) => appends);
  const count = before.reduce((sum, { events }) => sum + events.length, 0);
  return prepared.at(-1)?.answer(sequences.slice(count)) ?? refusal("INTERNAL");
}

async function fenced({ appends, fence }: Prepared): Promise<readonly StreamAppend[]> {
  const epoch = await fence();
  return appends.map((one, i) => (i === 0 && epoch !== undefined ? { ...one, epoch } : one));
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
