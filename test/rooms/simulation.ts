import type { Answer } from "../../domain/codes.ts";
import type { Aggregate } from "../../domain/decider.ts";
import type { DomainEvent } from "../../domain/envelope.ts";
import { Actor, type Commit } from "../../rooms/actor.ts";
import type { Clock } from "../../rooms/clock.ts";
import type { Telemetry } from "../../rooms/telemetry.ts";
import type { AppendRequest, AppendResult, EventStore } from "../../store/event-store.ts";

/** Everything random comes from the seed, and everything that takes time takes virtual time: a seed replays exactly. */
export function seededRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class VirtualTime implements Clock {
  #now = 1;
  /** By time, and then as they came. */
  #queue: { at: number; call: () => void; cancelled: boolean }[] = [];

  now = (): number => this.#now;

  at(at: number, call: () => void): () => void {
    const entry = { at: Math.max(at, this.#now), call, cancelled: false };
    const later = this.#queue.findLastIndex((one) => one.at <= entry.at) + 1;
    this.#queue.splice(later, 0, entry);
    return () => {
      entry.cancelled = true;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.#now + ms, resolve));
  }

  /** Runs until nothing is left to do, or until `end`. */
  async run(end: number): Promise<void> {
    for (;;) {
      // Promises settle between two events, as they do between two turns of the event loop.
      await new Promise(setImmediate);
      const entry = this.#queue.shift();
      if (entry === undefined || entry.at > end) return;
      if (entry.cancelled) continue;
      this.#now = entry.at;
      entry.call();
    }
  }
}

/** A store that is slow, refuses, loses its answers, and writes late what it said nothing about. */
export function faultyStore(
  store: EventStore,
  time: VirtualTime,
  random: () => number,
  faults: { rate: number },
): EventStore {
  let line: Promise<unknown> = Promise.resolve();

  function faulty(): boolean {
    return random() < faults.rate;
  }

  async function append(request: AppendRequest): Promise<AppendResult> {
    await time.sleep(random() * 20);
    if (faulty()) {
      const kind = random();
      if (kind < 0.2) return { ok: false, reason: "BUSY" };
      if (kind < 0.4) return { ok: false, reason: "UNAVAILABLE", message: "simulated" };
      if (kind < 0.6) return { ok: false, reason: "UNKNOWN", message: "not written" };
      if (kind < 0.8) {
        await store.append(request);
        return { ok: false, reason: "UNKNOWN", message: "written" };
      }
      // Still under way when its client has given up: only a raised epoch can stop it.
      time.at(time.now() + random() * 100, () => void store.append(request));
      return { ok: false, reason: "UNKNOWN", message: "written late, perhaps" };
    }
    return store.append(request);
  }

  async function io<T>(call: () => Promise<T>): Promise<T> {
    await time.sleep(random() * 10);
    if (faulty()) throw new Error("simulated connection loss");
    return call();
  }

  return {
    ...store,
    append(request) {
      const result = line.then(() => append(request));
      line = result;
      return result;
    },
    activate: (id, node) => io(() => store.activate(id, node)),
    head: (id) => io(() => store.head(id)),
    heads: (ids) => io(() => store.heads(ids)),
    latestSnapshot: (id, version) => io(() => store.latestSnapshot(id, version)),
    outcomes: (id) => io(() => store.outcomes(id)),
    outcome: (id, commandId) => io(() => store.outcome(id, commandId)),
    async *readStream(id, from, to) {
      await io(async () => undefined);
      yield* store.readStream(id, from, to);
    },
  };
}

/** Where a run takes place. */
export interface World {
  readonly random: () => number;
  readonly time: VirtualTime;
  /** The log itself, which never fails. */
  readonly store: EventStore;
  readonly faults: { rate: number };
  readonly telemetry: Telemetry;
}

/**
 * An aggregate's actor, which crashes or meets a twin, each on a node of its own with its own connection to the store. What
 * a dead one still hears goes nowhere; `shown` gets what living ones show.
 */
export function startNodes<S, C, E extends DomainEvent>(
  world: World,
  id: string,
  aggregate: Aggregate<S, C, E>,
  shown: (commit: Commit<S>) => void,
): { readonly current: Actor<S, C, E> } {
  const { random, time, store, faults, telemetry } = world;
  let nodes = 0;
  let current: Actor<S, C, E> | undefined;

  function start(): Actor<S, C, E> {
    const node = { alive: true };
    const actor: Actor<S, C, E> = new Actor(id, aggregate, faultyStore(store, time, random, faults), time, telemetry, {
      nodeId: `node-${++nodes}`,
      tenantId: "t",
      mailboxLimit: 20,
      snapshotEvery: 5,
      onSnapshot: (snapshot) => void time.sleep(random() * 30).then(() => store.saveSnapshots([snapshot])),
      onCommit: (commit) => node.alive && shown(commit),
      onStop: (reason) => {
        if (reason === "lost" && current === actor) start();
      },
    });
    current = actor;
    if (random() < 0.5) {
      time.at(time.now() + random() * 1_500, () => {
        if (current !== actor || time.now() > 3_000) return;
        // Either a crash, or a pause: then the old one goes on with its timers while a new one takes over.
        if (random() < 0.6) node.alive = false;
        start();
      });
    }
    return actor;
  }
  const first = start();
  return {
    get current() {
      return current ?? first;
    },
  };
}

/** A way to have a command done: its answer, and whether whoever asked will still hear it. */
export interface Door {
  readonly answer: Promise<Answer>;
  isOpen(): boolean;
}

/** As a client does: waits a while, asks again, until there is a final answer. */
export async function insist({ time, random }: World, ask: () => Door): Promise<Answer> {
  for (;;) {
    const door = ask();
    const answer = await Promise.race([door.answer, time.sleep(200)]);
    if (answer !== undefined && door.isOpen() && (answer.ok || !answer.retryable)) return answer;
    await time.sleep(5 + random() * 50);
  }
}

/** Runs the world until nothing is left to do; from 4,000 ms on without faults. Rejects if somebody's work is not done then. */
export async function runToPeace({ time, faults }: World, work: readonly Promise<unknown>[]): Promise<void> {
  time.at(4_000, () => {
    faults.rate = 0;
  });
  await time.run(60_000);
  await Promise.all(work.map((one) => Promise.race([one, Promise.reject(new Error("a client never got its answer"))])));
}

/** Seeds of one test file's runs: `SIMULATION_RUNS` of them from `SIMULATION_SEED` on. */
export async function eachSeed(defaultRuns: number, run: (seed: number) => Promise<void>): Promise<void> {
  const first = Number(process.env["SIMULATION_SEED"] ?? 1);
  const runs = runsOf(defaultRuns);
  for (let seed = first; seed < first + runs; seed += 1) {
    try {
      await run(seed);
    } catch (error) {
      throw new Error(`replay with SIMULATION_SEED=${seed} SIMULATION_RUNS=1`, { cause: error });
    }
  }
}

export function runsOf(defaultRuns: number): number {
  return Number(process.env["SIMULATION_RUNS"] ?? defaultRuns);
}
