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
  /** A command, or why there is none. */
  command(state: S): C | (Answer & { readonly ok: false });
  readonly expectedVersion?: number | undefined;
  /** It does not exist yet, and this begins it. */
  readonly begin?: boolean;
}

/** A party whose types only it knows. */
export interface AnyParty {
  readonly id: string;
  prepare(work: Work): Promise<Prepared | Answer>;
}

interface Prepared {
  readonly appends: readonly StreamAppend[];
  readonly outcome: CommandOutcome | undefined;
  /** It refuses; its appends hold no event, and keep the refusal only if nothing has changed meanwhile. */
  readonly refusal?: Answer;
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

export function party<S, C, E extends DomainEvent>({
  aggregate,
  id,
  command,
  expectedVersion,
  begin = aggregate.begins ?? false,
}: Party<S, C, E>): AnyParty {
  return {
    id,
    async prepare({ store, telemetry, envelope, tenantId, now }) {
      const streams = streamsOf(aggregate, id);
      const found = await readAggregate(id, aggregate, store, telemetry);
      if (found === undefined && !begin) return refusal("NOT_FOUND");
      const loaded = found ?? nothingOf(aggregate);
      const { commandId, lasting = false } = envelope;
      const accepted = loaded.accepted.get(commandId);
      if (accepted !== undefined) return readAnswer(store, streams, accepted);
      const rejected = loaded.rejections.get(commandId);
      if (rejected !== undefined) return rejected;
      const outcome = lasting ? await store.outcome(id, commandId) : undefined;
      if (isLastingAcceptance(outcome)) return readAnswer(store, streams, outcome.accepted);
      if (outcome !== undefined) return outcome as Answer;

      if (expectedVersion !== undefined && expectedVersion !== loaded.version)
        return refusal("WRONG_VERSION", `the aggregate is at version ${loaded.version}, not ${expectedVersion}`);
      const made = command(loaded.state);
      if (isRefusal(made)) return made;
      const decision = aggregate.decide(loaded.state, made as C, { now });
      const versions = versionsOf(aggregate, loaded.state, loaded.version);
      if (!decision.ok) {
        const refused: Answer = { ok: false, ...decision.rejection, retryable: false };
        // Nothing is kept under the id of something that does not exist, or anybody could fill the tables.
        if (loaded.version === 0 && !lasting) return refused;
        const outcome = { aggregateId: id, commandId, outcome: refused, lasting };
        return {
          appends: appendsTo(aggregate, streams, [], versions),
          outcome,
          refusal: refused,
          answer: () => refused,
        };
      }
      const events = envelop(aggregate, decision.events, { ...envelope, command: made }, tenantId, now);
      const appends = appendsTo(aggregate, streams, events, versions);
      const { version, ranges } = acceptedBy(commandId, loaded.version + events.length, streams, appends);
      const left = events.length === 0 ? acceptance(version, []) : { accepted: { version, ranges } };
      const kept = lasting || events.length === 0;
      return {
        appends,
        outcome: kept ? { aggregateId: id, commandId, outcome: left, lasting } : undefined,
        answer: (sequences) => acceptance(version, answered(appends, sequences)),
      };
    },
  };
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
 * somebody else was faster. With several parties all of them change in one commit, or none: the answer is the first party's,
 * or that of the first who refuses. A refusal is kept for those who ask again, as an actor's is.
 */
export async function executeCold(
  services: ColdServices,
  parties: readonly [AnyParty, ...AnyParty[]],
  envelope: Omit<Envelope<unknown>, "command">,
): Promise<Answer> {
  const { store, telemetry, tenantId, clock = systemClock } = services;
  const [first] = parties;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const work: Work = { store, telemetry, envelope, tenantId, now: clock.now() };
    let prepared: Prepared[] = [];
    try {
      for (const one of parties) {
        const made = await one.prepare(work);
        // Done before, by all together, or refused for good.
        if (!("appends" in made)) return told(made, telemetry);
        if (made.refusal !== undefined) {
          prepared = [made];
          break;
        }
        prepared.push(made);
      }
    } catch (error) {
      telemetry.fault("cold command", error);
      return told(refusal("UNAVAILABLE"), telemetry);
    }
    const result = await store.append({
      actorId: first.id,
      streams: prepared.flatMap(({ appends }) => appends),
      outcomes: prepared.flatMap(({ outcome }) => outcome ?? []),
    });
    if (result.ok) return told(prepared[0]?.answer(result.sequences) ?? refusal("INTERNAL"), telemetry);
    const final = settled(result, telemetry);
    if (final !== undefined) return told(final, telemetry);
    await new Promise<void>((resolve) => clock.at(clock.now() + PAUSE_MS * attempt * (0.5 + Math.random()), resolve));
  }
  return told(refusal("BUSY", "others changed it again and again"), telemetry);
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
