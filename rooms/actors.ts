import type { Answer } from "../domain/codes.ts";
import { refusal } from "../domain/codes.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent } from "../domain/envelope.ts";
import type { EventStore, Owned } from "../store/event-store.ts";
import { Actor, type Commit, type Envelope } from "./actor.ts";
import { type Clock, systemClock } from "./clock.ts";
import { executeCold, party } from "./cold.ts";
import { createSnapshotWriter } from "./snapshots.ts";
import type { Telemetry } from "./telemetry.ts";

/** ms that an actor has to finish what is on its way; an append that nobody answers is given up sooner. */
const DRAIN_MS = 30_000;

/** Someone who sees every commit of a kind's actors on this node, whether or not a room does. Must not throw, nor wait. */
export interface Observer<S> {
  /** Without events: this is what has just been loaded, and whatever led to it was seen elsewhere, or not at all. */
  committed(id: string, commit: Commit<S>): void;
  stopped(id: string): void;
}

export interface ActorsOptions<S = never> {
  readonly observer?: Observer<S> | undefined;
  readonly nodeId: string;
  readonly tenantId: string;
  readonly mailboxLimit?: number;
  readonly snapshotEvery?: number;
  readonly clock?: Clock;
  /** An actor that nobody watches and whose aggregate is over leaves memory after this long, ms; default 60,000. */
  readonly lingerMs?: number;
}

/** Someone who sees an actor's commits: a room. */
export interface Watcher<S> {
  onCommit(commit: Commit<S>): void;
  /** The actor is gone; whoever watches must come again. */
  onStop(): void;
}

/** The actors of one kind that run on this node: one an aggregate, activated by the first who asks for it. */
export interface Actors<S, C> {
  /** The actor, running or being loaded. Undefined while the node drains. */
  get(id: string): Running<S, C> | undefined;
  /** The actor if it runs here already. */
  running(id: string): Running<S, C> | undefined;
  /** Somebody has written to the aggregate without owning it: its actor here, if any, reads the log again. */
  refresh(id: string): void;
  /** Those that run here, by id. */
  ids(): Iterable<string>;
  /** Whether there is such an aggregate, or may be at any moment, without activating it. */
  exists(id: string): Promise<boolean>;
  send(id: string, envelope: Envelope<C>): Promise<Answer>;
  /** Begins an aggregate with its first command, and activates it. A repeat of the commandId gets the first answer. */
  create(id: string, envelope: Envelope<C>): Promise<Answer>;
  readonly size: number;
  /** What those that run here are at, for figures. */
  states(): Iterable<S>;
  /**
   * Finishes what is on its way, saves a snapshot and makes another node the owner, which may take it at once; whoever watches must
   * come again. False: it does not run here.
   */
  handOver(id: string, to: string): Promise<boolean>;
  /** The same with all of them, which are nobody's then, and takes nothing until `open`. What is not finished after so many ms is left as it is. */
  drain(deadlineMs?: number): Promise<void>;
  open(): void;
  readonly draining: boolean;
  /** Drains, for good. */
  close(): Promise<void>;
}

export interface Running<S, C> {
  readonly id: string;
  readonly state: S;
  readonly version: number;
  ready(): Promise<boolean>;
  submit(envelope: Envelope<C>): Promise<Answer>;
  /** Returns what ends the watching. */
  watch(watcher: Watcher<S>): () => void;
}

export function createActors<S, C, E extends DomainEvent>(
  aggregate: Aggregate<S, C, E>,
  store: EventStore,
  telemetry: Telemetry,
  options: ActorsOptions<S>,
): Actors<S, C> {
  const clock = options.clock ?? systemClock;
  const lingerMs = options.lingerMs ?? 60_000;
  const snapshots = createSnapshotWriter(store, telemetry);
  const running = new Map<string, Running<S, C> & { readonly actor: Actor<S, C, E> }>();
  const resting = new Set<Promise<void>>();
  let draining = false;

  function mayRest(state: S): boolean {
    return aggregate.mayRest?.(state) ?? aggregate.wakeUp?.(state) === undefined;
  }

  /** Nobody is to take it up when this node is gone. */
  function rest(id: string, epoch: number): void {
    const told = store
      .rest(id, epoch)
      .catch((error: unknown) => telemetry.fault("rest", error))
      .finally(() => resting.delete(told));
    resting.add(told);
  }

  function activate(id: string): Running<S, C> & { readonly actor: Actor<S, C, E> } {
    const watchers = new Set<Watcher<S>>();
    let cancelLinger: (() => void) | undefined;

    // What is over, or was never asked for again, need not stay; what is under way has deadlines to keep.
    function linger(): void {
      cancelLinger?.();
      if (actor.stopped || watchers.size > 0 || !mayRest(actor.state)) return;
      cancelLinger = clock.at(clock.now() + lingerMs, () => {
        if (watchers.size === 0) void actor.close();
      });
    }

    const actor = new Actor(id, aggregate, store, clock, telemetry, {
      ...options,
      onSnapshot: snapshots.offer,
      onCommit(commit) {
        options.observer?.committed(id, commit);
        for (const watcher of watchers) watcher.onCommit(commit);
        linger();
      },
      onStop(reason) {
        cancelLinger?.();
        if (reason === "closed" && actor.epoch > 0 && mayRest(actor.state)) rest(id, actor.epoch);
        options.observer?.stopped(id);
        if (running.get(id)?.actor === actor) running.delete(id);
        for (const watcher of [...watchers]) watcher.onStop();
      },
    });
    void actor.ready().then((loaded) => {
      if (loaded && !actor.stopped)
        options.observer?.committed(id, { state: actor.state, version: actor.version, events: [] });
      linger();
    });

    return {
      id,
      actor,
      get state() {
        return actor.state;
      },
      get version() {
        return actor.version;
      },
      ready: () => actor.ready(),
      submit: (envelope) => actor.submit(envelope),
      watch(watcher) {
        watchers.add(watcher);
        cancelLinger?.();
        return () => {
          watchers.delete(watcher);
          linger();
        };
      },
    };
  }

  async function giveUp(those: readonly Actor<S, C, E>[], to: string | null, deadlineMs: number): Promise<void> {
    const waiting: Owned[] = [];
    let releasing: Promise<void> | undefined;
    // Where this fails, others find that it does not run here.
    async function release(): Promise<void> {
      while (waiting.length > 0)
        await store
          .release(waiting.splice(0), options.nodeId, to)
          .catch((error: unknown) => telemetry.fault("release", error));
      releasing = undefined;
    }
    const late = setTimeout(() => {
      for (const actor of those) actor.abandon();
    }, deadlineMs);
    await Promise.all(
      those.map(async (actor) => {
        await actor.close();
        if (actor.epoch === 0) return;
        waiting.push({ aggregateId: actor.id, epoch: actor.epoch });
        releasing ??= release();
        await releasing;
      }),
    );
    clearTimeout(late);
    await Promise.all(resting);
  }

  async function drain(deadlineMs = DRAIN_MS): Promise<void> {
    draining = true;
    await giveUp(
      [...running.values()].map(({ actor }) => actor),
      null,
      deadlineMs,
    );
  }

  function get(id: string): Running<S, C> | undefined {
    if (draining) return undefined;
    const present = running.get(id);
    if (present !== undefined && !present.actor.stopped) return present;
    const entry = activate(id);
    running.set(id, entry);
    return entry;
  }

  async function send(id: string, envelope: Envelope<C>): Promise<Answer> {
    return (await get(id)?.submit(envelope)) ?? refusal("UNAVAILABLE");
  }

  async function create(id: string, envelope: Envelope<C>): Promise<Answer> {
    if (draining) return refusal("UNAVAILABLE");
    const { command, ...rest } = envelope;
    const begun = party({ aggregate, id, command: () => command, begin: true });
    const answer = await executeCold({ store, telemetry, tenantId: options.tenantId, clock }, [begun], rest);
    if (answer.ok) get(id);
    return answer;
  }

  return {
    get,
    create,
    send,
    running: (id) => {
      const present = running.get(id);
      return present?.actor.stopped === false ? present : undefined;
    },
    refresh: (id) => running.get(id)?.actor.refresh(),
    ids: () => running.keys(),
    async exists(id) {
      if (aggregate.begins === true || running.has(id)) return true;
      const head = await store.head(id);
      return head !== undefined && head.version > 0 && head.aggregateType === aggregate.type;
    },
    get size() {
      return running.size;
    },
    *states() {
      for (const { actor } of running.values()) yield actor.state;
    },
    async handOver(id, to) {
      const present = running.get(id);
      if (present === undefined || present.actor.stopped) return false;
      await giveUp([present.actor], to, DRAIN_MS);
      return true;
    },
    drain,
    open() {
      draining = false;
    },
    get draining() {
      return draining;
    },
    async close() {
      await drain();
      await snapshots.close();
    },
  };
}
