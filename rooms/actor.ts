import { type Answer, type AnsweredEvent, refusal } from "../domain/codes.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent, NewEvent } from "../domain/envelope.ts";
import type { AcceptedCommand, AppendResult, EventStore, Snapshot, StreamAppend } from "../store/event-store.ts";
import { uuidv7 } from "../store/uuid.ts";
import { Alarm } from "./alarm.ts";
import { acceptance, acceptedBy, answered, isLastingAcceptance, readAnswer } from "./answers.ts";
import type { Clock } from "./clock.ts";
import { envelop } from "./envelop.ts";
import { loadAggregate } from "./load.ts";
import { Recent } from "./recent.ts";
import { appendsTo, type OwnedStream, streamsOf, versionsOf } from "./streams.ts";
import type { Telemetry } from "./telemetry.ts";

/**
 * An actor owns one aggregate in memory, of one stream or of several. It has two states: `head` is what has been decided, `durable` is what has been
 * committed, and the only one that anyone sees. It decides at once on head and appends in order, so that many commands
 * may be on their way; each is answered when it and all before it are durable.
 *
 * Modes:
 *   loading  commands wait. To load is to raise the epoch: whatever an earlier owner, or an append of ours with an unknown
 *            outcome, has not written by then is never written. After it, what is unanswered is asked again in its
 *            order, and the commandIds found in the log tell what was done already.
 *   running  commands are decided as they come.
 *   failing  an append did not happen. What was decided after it stands on nothing and fails as well, answer by answer;
 *            new commands wait. When nothing is on its way any more, head is durable again, and the actor is running;
 *            or loading, if the log is not where the actor believed it to be.
 *   stopped  closed, or another owner has the aggregate; nothing is taken any more.
 */
type Mode = "loading" | "running" | "failing" | "stopped";

/** What comes with a command. `userId` and so on go to the events' metadata. */
export interface Envelope<C> {
  /** UUID of the client's; a repeat gets the first answer. */
  readonly commandId: string;
  readonly command: C;
  readonly expectedVersion?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** The command may be repeated after any time, as a saga's: its outcome is kept for ever. */
  readonly lasting?: boolean | undefined;
  /** A refusal is not kept: whoever asks again may be accepted. */
  readonly forgetRefusal?: boolean | undefined;
}

/** A commit as its watchers see it: the new durable state and what led to it. */
export interface Commit<S> {
  readonly state: S;
  readonly version: number;
  readonly events: readonly AnsweredEvent[];
}

export interface ActorOptions<S> {
  readonly nodeId: string;
  readonly tenantId: string;
  /** Commands that wait or are on their way at most; one more is BUSY. Default 256. */
  readonly mailboxLimit?: number;
  /** Events between snapshots; default 50. */
  readonly snapshotEvery?: number;
  readonly onSnapshot?: (snapshot: Snapshot) => void;
  readonly onCommit?: (commit: Commit<S>) => void;
  /** Nobody can use this actor any more. `lost`: another owner has the aggregate. */
  readonly onStop?: (reason: "closed" | "lost" | "missing") => void;
}

interface Entry<C> {
  readonly envelope: Envelope<C>;
  readonly internal: boolean;
  readonly answer: PromiseWithResolvers<Answer>;
  /** By `performance.now()`, as `decidedAt`. */
  readonly receivedAt: number;
  /** The epoch in which a lasting command was found to be new: until another owner has been, nobody else can have done it. */
  readonly newIn?: number;
}

interface InFlight<S, C> extends Entry<C> {
  readonly decidedAt: number;
  readonly appends: readonly StreamAppend[];
  /** Events in all of them. */
  readonly count: number;
  readonly stateAfter: S;
  /** What to remember of it when it is durable: the version is the head's with it, so the durable one's once it is committed. */
  readonly accepted: AcceptedCommand;
  readonly rejection: (Answer & { ok: false }) | undefined;
  result: AppendResult | undefined;
}

const RELOAD_DELAY_MS = 250;
const RELOAD_DELAY_LIMIT_MS = 5_000;
/** After this long a wake-up that was refused is tried again. */
const WAKE_UP_AGAIN_MS = 1_000;

function keepsOutcome({ envelope, count, rejection }: InFlight<unknown, unknown>): boolean {
  return rejection === undefined ? count === 0 || envelope.lasting === true : envelope.forgetRefusal !== true;
}

function secondsSince(at: number): number {
  return (performance.now() - at) / 1_000;
}

export class Actor<S, C, E extends DomainEvent> {
  readonly id: string;
  readonly #aggregate: Aggregate<S, C, E>;
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #options: ActorOptions<S>;
  readonly #streams: readonly OwnedStream[];
  #mode: Mode = "loading";
  #epoch = 0;
  #head: S;
  #headVersion = 0;
  #durable: S;
  #durableVersion = 0;
  #accepted = new Recent<AcceptedCommand>();
  /** Final rejections already stored. */
  #rejections = new Recent<Answer>();
  /** Commands without an answer yet, by commandId: a repeat waits for the same one. */
  readonly #pending = new Map<string, Promise<Answer>>();
  #waiting: Entry<C>[] = [];
  #inFlight: InFlight<S, C>[] = [];
  /** Lasting commands whose outcome is being looked for. */
  #lookedFor = 0;
  /** Why the log must be read again once nothing is in flight. */
  #reload: "unknown" | "conflict" | "written" | undefined;
  #snapshotVersion = 0;
  readonly #alarm: Alarm;
  #cancelReload: (() => void) | undefined;
  readonly #ready = Promise.withResolvers<boolean>();
  #closed: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor(
    id: string,
    aggregate: Aggregate<S, C, E>,
    store: EventStore,
    clock: Clock,
    telemetry: Telemetry,
    options: ActorOptions<S>,
  ) {
    this.id = id;
    this.#aggregate = aggregate;
    this.#store = store;
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#options = options;
    this.#streams = streamsOf(aggregate, id);
    this.#alarm = new Alarm(clock, () => this.#wake());
    this.#head = aggregate.initial;
    this.#durable = aggregate.initial;
    void this.#load(RELOAD_DELAY_MS);
  }

  /** What has been committed. */
  get state(): S {
    return this.#durable;
  }

  get version(): number {
    return this.#durableVersion;
  }

  /** Of its ownership; 0 before it is loaded. */
  get epoch(): number {
    return this.#epoch;
  }

  get stopped(): boolean {
    return this.#mode === "stopped";
  }

  /** Commands that wait or are on their way. */
  get depth(): number {
    return this.#waiting.length + this.#inFlight.length + this.#lookedFor;
  }

  /** Resolves once: true when the aggregate is loaded, false when it does not exist or the actor was stopped before. */
  ready(): Promise<boolean> {
    return this.#ready.promise;
  }

  /** Never rejects. Resolves when the command, and all that it was decided upon, is durable, or refused. */
  submit(envelope: Envelope<C>): Promise<Answer> {
    return this.#submit(envelope, false);
  }

  /** Somebody has written without owning, or owns the aggregate now: reads the log again as soon as nothing is on its way, or leaves. */
  refresh(): void {
    if (this.stopped || this.#closed !== undefined) return;
    // A load that is under way may have read before.
    this.#reload ??= "written";
    this.#refreshed();
  }

  /** Takes nothing more, finishes what is on its way, saves a snapshot, and stops. */
  close(): Promise<void> {
    if (this.#mode === "stopped") return this.#closed ?? Promise.resolve();
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Stops at once, whatever is on its way: what becomes of that, whoever loads the aggregate next finds in the log. */
  abandon(): void {
    if (!this.stopped) this.#stop("closed");
    this.#drained?.();
  }

  async #close(): Promise<void> {
    for (const entry of this.#waiting.splice(0)) this.#answer(entry, refusal("UNAVAILABLE"));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    if (this.#inFlight.length === 0) resolve();
    await promise;
    if (this.stopped) return;
    if (this.#durableVersion > this.#snapshotVersion && this.#durableVersion > 0) this.#snapshot();
    this.#stop("closed");
  }

  #submit(envelope: Envelope<C>, internal: boolean): Promise<Answer> {
    if (this.#mode === "stopped" || this.#closed !== undefined) return Promise.resolve(refusal("UNAVAILABLE"));
    const pending = this.#pending.get(envelope.commandId);
    if (pending !== undefined) return pending;
    const { depth } = this;
    if (!internal && depth >= (this.#options.mailboxLimit ?? 256)) {
      this.#telemetry.refused("BUSY");
      return Promise.resolve(refusal("BUSY"));
    }
    const receivedAt = performance.now();
    const entry: Entry<C> = { envelope, internal, answer: Promise.withResolvers<Answer>(), receivedAt };
    this.#pending.set(envelope.commandId, entry.answer.promise);
    this.#telemetry.measure?.queued(this.#aggregate.type, depth + 1);
    if (this.#mode === "running") this.#decide(entry);
    else this.#waiting.push(entry);
    return entry.answer.promise;
  }

  #decide(entry: Entry<C>): void {
    const { commandId, command, expectedVersion } = entry.envelope;
    const accepted = this.#accepted.get(commandId);
    if (accepted !== undefined) {
      void this.#answerAgain(entry, accepted);
      return;
    }
    const rejected = this.#rejections.get(commandId);
    if (rejected !== undefined) {
      this.#answer(entry, rejected);
      return;
    }
    if (entry.envelope.lasting === true && entry.newIn !== this.#epoch) {
      void this.#lookFor(entry);
      return;
    }
    let events: readonly NewEvent[] = [];
    let stateAfter = this.#head;
    let rejection: (Answer & { ok: false }) | undefined;
    try {
      if (expectedVersion !== undefined && expectedVersion !== this.#headVersion) {
        rejection = refusal(
          "WRONG_VERSION",
          `the aggregate is at version ${this.#headVersion}, not ${expectedVersion}`,
        );
      } else {
        const now = this.#clock.now();
        const decision = this.#aggregate.decide(this.#head, command, { now });
        if (decision.ok) {
          stateAfter = decision.events.reduce((state, event) => this.#aggregate.evolve(state, event), this.#head);
          events = envelop(this.#aggregate, decision.events, entry.envelope, this.#options.tenantId, now);
        } else {
          rejection = { ok: false, ...decision.rejection, retryable: false };
        }
      }
    } catch (error) {
      this.#telemetry.fault("decide", error);
      this.#answer(entry, refusal("INTERNAL"));
      return;
    }
    const settled = versionsOf(this.#aggregate, this.#durable, this.#durableVersion);
    const versions = versionsOf(this.#aggregate, this.#head, this.#headVersion);
    const owner = { settled, epoch: this.#epoch };
    const appends = appendsTo(this.#aggregate, this.#streams, events, versions, owner);
    const count = events.length;
    const kept = acceptedBy(commandId, this.#headVersion + count, this.#streams, appends);
    const flight = { appends, count, stateAfter, accepted: kept, rejection, result: undefined };
    this.#append({ ...entry, ...flight, decidedAt: performance.now() });
  }

  /** The log tells of the newest commands only: whether an older one was done, its own outcome does. */
  async #lookFor(entry: Entry<C>): Promise<void> {
    const epoch = this.#epoch;
    this.#lookedFor += 1;
    let answer: Answer | undefined;
    try {
      const outcome = await this.#store.outcome(this.id, entry.envelope.commandId);
      if (isLastingAcceptance(outcome)) answer = await readAnswer(this.#store, this.#streams, outcome.accepted);
      else answer = outcome as Answer | undefined;
    } catch (error) {
      this.#telemetry.fault("look for an outcome", error);
      answer = refusal("UNAVAILABLE");
    }
    this.#lookedFor -= 1;
    if (this.#mode === "stopped" || this.#closed !== undefined) this.#answer(entry, refusal("UNAVAILABLE"));
    else if (answer !== undefined) this.#answer(entry, answer);
    else if (this.#mode === "running") this.#decide({ ...entry, newIn: epoch });
    else this.#waiting.push({ ...entry, newIn: epoch });
  }

  /**
   * A rejection and a command that leaves no event take the same way as events: their answer may rest on what was decided
   * just before and is not durable yet, and a repeat after a crash must get it again.
   */
  #append(entry: InFlight<S, C>): void {
    const outcomeOnly = entry.count === 0;
    if (outcomeOnly && entry.internal) {
      this.#answer(entry, entry.rejection ?? acceptance(this.#durableVersion, []));
      return;
    }
    this.#head = entry.stateAfter;
    this.#headVersion += entry.count;
    this.#inFlight.push(entry);
    const { commandId, lasting = false } = entry.envelope;
    const { version, ranges } = entry.accepted;
    const outcome = outcomeOnly ? (entry.rejection ?? acceptance(version, [])) : { accepted: { version, ranges } };
    this.#store
      .append({
        actorId: this.id,
        streams: entry.appends,
        outcomes: keepsOutcome(entry) ? [{ aggregateId: this.id, commandId, outcome, lasting }] : [],
      })
      .catch((error: unknown): AppendResult => ({ ok: false, reason: "UNKNOWN", message: String(error) }))
      .then((result) => {
        entry.result = result;
        this.#settle();
      })
      .catch((error: unknown) => this.#telemetry.fault("settle", error));
  }

  /** Answers from the front of the line, as far as there are results: an answer never overtakes what it was decided upon. */
  #settle(): void {
    for (let entry = this.#inFlight[0]; entry?.result !== undefined; entry = this.#inFlight[0]) {
      this.#inFlight.shift();
      if (this.#mode === "stopped") this.#answer(entry, refusal("UNAVAILABLE"));
      else if (entry.result.ok) this.#commit(entry, entry.result.sequences);
      else this.#fail(entry, entry.result);
    }
    if (this.#inFlight.length > 0) return;
    this.#drained?.();
    if (this.stopped) return;
    if (this.#mode !== "failing" && this.#reload === undefined) return;
    this.#head = this.#durable;
    this.#headVersion = this.#durableVersion;
    if (this.#reload === undefined) this.#run();
    else void this.#recover(this.#reload);
  }

  #commit(entry: InFlight<S, C>, sequences: readonly number[]): void {
    // Its predecessors seemed to have failed, and it was written: so were they. Loading will tell what came of all.
    if (this.#mode === "failing") {
      this.#reload ??= "unknown";
      this.#waiting.push(entry);
      return;
    }
    this.#telemetry.measure?.gate(this.#aggregate.type, secondsSince(entry.decidedAt));
    const { commandId } = entry.envelope;
    if (entry.count === 0) {
      const answer = entry.rejection ?? acceptance(this.#durableVersion, []);
      if (keepsOutcome(entry)) this.#rejections.set(commandId, answer);
      this.#answer(entry, answer);
      return;
    }
    const events = answered(entry.appends, sequences);
    this.#durable = entry.stateAfter;
    this.#durableVersion += entry.count;
    this.#accepted.set(commandId, entry.accepted);
    this.#show(events);
    this.#answer(entry, acceptance(this.#durableVersion, events));
    const every = this.#options.snapshotEvery ?? 50;
    if (Math.floor(this.#durableVersion / every) > Math.floor(this.#snapshotVersion / every)) this.#snapshot();
    this.#arm();
  }

  #fail(entry: InFlight<S, C>, result: AppendResult & { ok: false }): void {
    const first = this.#mode === "running";
    if (entry.count > 0 || result.reason === "UNKNOWN" || result.reason === "CONFLICT") this.#mode = "failing";
    switch (result.reason) {
      case "UNKNOWN":
        this.#reload ??= "unknown";
        this.#waiting.push(entry);
        return;
      case "CONFLICT":
        if (first) this.#reload = "conflict";
        if (this.#reload === undefined)
          this.#answer(entry, refusal("UNAVAILABLE", "what this was decided upon did not happen"));
        else this.#waiting.push(entry);
        return;
      case "BUSY":
        this.#answer(entry, refusal("BUSY"));
        return;
      case "UNAVAILABLE":
        this.#answer(entry, refusal("UNAVAILABLE", result.message));
        return;
      case "INVALID":
        this.#telemetry.fault("append", new Error(result.message));
        this.#answer(entry, refusal("INTERNAL"));
        return;
    }
  }

  /** Somebody wrote without owning, or has the aggregate now: then leave, rather than take it back. */
  async #recover(reason: "unknown" | "conflict" | "written"): Promise<void> {
    this.#mode = "loading";
    this.#reload = undefined;
    if (reason !== "unknown") {
      try {
        const head = await this.#store.head(this.id);
        if (head !== undefined && head.epoch !== this.#epoch && head.owner !== this.#options.nodeId) {
          this.#stop("lost");
          return;
        }
      } catch (error) {
        this.#telemetry.fault("head", error);
      }
    }
    await this.#load(RELOAD_DELAY_MS);
  }

  async #load(delayMs: number): Promise<void> {
    try {
      const loaded = await loadAggregate(this.id, this.#aggregate, this.#store, this.#options.nodeId, this.#telemetry);
      if (this.stopped) return;
      if (loaded === undefined) {
        this.#stop("missing");
        return;
      }
      this.#accepted = loaded.accepted;
      this.#rejections = loaded.rejections;
      this.#snapshotVersion = loaded.snapshotVersion;
      const news = loaded.version > this.#durableVersion && this.#epoch > 0;
      this.#epoch = loaded.epoch;
      this.#durable = loaded.state;
      this.#durableVersion = loaded.version;
      this.#head = loaded.state;
      this.#headVersion = loaded.version;
      if (news) this.#show([]);
      this.#ready.resolve(true);
      this.#run();
      this.#refreshed();
    } catch (error) {
      if (this.stopped) return;
      this.#telemetry.fault("load", error);
      // Whoever waits would rather ask again than wait for a database that may be long in coming back.
      for (const entry of this.#waiting.splice(0))
        this.#answer(entry, refusal("UNAVAILABLE", "the aggregate cannot be loaded now"));
      this.#cancelReload = this.#clock.at(this.#clock.now() + delayMs, () => {
        void this.#load(Math.min(delayMs * 2, RELOAD_DELAY_LIMIT_MS));
      });
    }
  }

  #refreshed(): void {
    if (this.#reload === "written" && this.#mode === "running" && this.#inFlight.length === 0)
      void this.#recover("written");
  }

  #run(): void {
    this.#mode = "running";
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const entry of waiting) this.#decide(entry);
    this.#arm();
  }

  #show(events: readonly AnsweredEvent[]): void {
    try {
      this.#options.onCommit?.({ state: this.#durable, version: this.#durableVersion, events });
    } catch (error) {
      this.#telemetry.fault("show", error);
    }
  }

  #arm(): void {
    this.#alarm.set(this.#aggregate.wakeUp?.(this.#durable)?.at);
  }

  #wake(): void {
    const wakeUp = this.#aggregate.wakeUp?.(this.#durable);
    if (wakeUp === undefined || this.#mode !== "running") return;
    const now = this.#clock.now();
    if (wakeUp.at > now) {
      this.#alarm.set(wakeUp.at);
      return;
    }
    void this.#submit({ commandId: uuidv7(now), command: wakeUp.command }, true).then((answer) => {
      const forgotten = !answer.ok && this.#mode === "running" && !this.#alarm.isSet;
      if (forgotten) this.#alarm.set(this.#clock.now() + WAKE_UP_AGAIN_MS);
    });
  }

  #snapshot(): void {
    this.#snapshotVersion = this.#durableVersion;
    this.#options.onSnapshot?.({
      aggregateId: this.id,
      aggregateType: this.#aggregate.type,
      version: this.#durableVersion,
      state: this.#durable,
      stateVersion: this.#aggregate.snapshot.version,
      recentCommands: this.#accepted.values(),
    });
  }

  async #answerAgain(entry: Entry<C>, accepted: AcceptedCommand): Promise<void> {
    try {
      this.#answer(entry, await readAnswer(this.#store, this.#streams, accepted));
    } catch (error) {
      this.#telemetry.fault("answer again", error);
      this.#answer(entry, refusal("UNAVAILABLE"));
    }
  }

  #answer(entry: Entry<C>, answer: Answer): void {
    this.#pending.delete(entry.envelope.commandId);
    if (!answer.ok) this.#telemetry.refused(answer.code);
    // A wake-up is nobody's command: nobody waits for its answer.
    if (!entry.internal)
      this.#telemetry.measure?.answered(this.#aggregate.type, "actor", answer.ok, secondsSince(entry.receivedAt));
    entry.answer.resolve(answer);
  }

  #stop(reason: "closed" | "lost" | "missing"): void {
    this.#mode = "stopped";
    this.#alarm.set(undefined);
    this.#cancelReload?.();
    const code = reason === "missing" ? "NOT_FOUND" : "UNAVAILABLE";
    for (const entry of this.#waiting.splice(0)) this.#answer(entry, refusal(code));
    this.#ready.resolve(false);
    this.#options.onStop?.(reason);
  }
}
