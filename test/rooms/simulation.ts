import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { Actor, type Commit } from "../../rooms/actor.ts";
import type { Clock } from "../../rooms/clock.ts";
import type { AppendRequest, AppendResult, EventStore } from "../../store/event-store.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { type Tally, type TallyCommand, type TallyEvent, tally } from "./tally.ts";

export const ID = "01900000-0000-7000-8000-000000000001";

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
  #order = 0;
  #queue: { at: number; order: number; call: () => void; cancelled: boolean }[] = [];

  now = (): number => this.#now;

  at(at: number, call: () => void): () => void {
    const entry = { at: Math.max(at, this.#now), order: this.#order++, call, cancelled: false };
    this.#queue.push(entry);
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
      let next = -1;
      for (const [i, entry] of this.#queue.entries()) {
        const best = this.#queue[next];
        if (best === undefined || entry.at < best.at || (entry.at === best.at && entry.order < best.order)) next = i;
      }
      const [entry] = next < 0 ? [] : this.#queue.splice(next, 1);
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
    latestSnapshot: (id, version) => io(() => store.latestSnapshot(id, version)),
    outcomes: (id) => io(() => store.outcomes(id)),
    async *readStream(id, from, to) {
      await io(async () => undefined);
      yield* store.readStream(id, from, to);
    },
  };
}

type TallyActor = Actor<Tally, TallyCommand, TallyEvent>;

export interface Journal {
  /** Final answers, in the order in which clients got them. */
  readonly answers: { readonly commandId: string; readonly answer: Answer }[];
  readonly shown: Commit<Tally>[];
  readonly log: readonly StoredEvent[];
  readonly sent: ReadonlySet<string>;
  readonly faults: number;
}

/** One run: clients, an actor that crashes or meets a twin, a store with faults; then peace, until every command has its answer. */
export async function simulate(seed: number): Promise<Journal> {
  const random = seededRandom(seed);
  const time = new VirtualTime();
  const store = createMemoryStore(createRegistry(tally.events));
  const faults = { rate: random() * 0.3 };
  const answers: Journal["answers"] = [];
  const shown: Commit<Tally>[] = [];
  const sent = new Set<string>();
  let faultCount = 0;
  let nodes = 0;
  let current: TallyActor | undefined;

  await store.append({
    actorId: ID,
    streams: [
      {
        aggregateId: ID,
        aggregateType: "WorldState",
        expectedVersion: 0,
        events: [
          {
            eventId: "01900000-0000-7000-8000-00000000ffff",
            eventType: "Added",
            timestamp: new Date(0).toISOString(),
            payload: { amount: 0, sum: 0 },
            metadata: { correlationId: ID, tenantId: "t", schemaVersion: 1 },
          },
        ],
      },
    ],
  });

  /** A node of its own, with its own connection to the store; what a dead one still hears goes nowhere. */
  function start(): void {
    const node = { alive: true };
    const actor: TallyActor = new Actor(
      ID,
      tally,
      faultyStore(store, time, random, faults),
      time,
      {
        refused: () => undefined,
        fault() {
          faultCount += 1;
        },
      },
      {
        nodeId: `node-${++nodes}`,
        tenantId: "t",
        mailboxLimit: 20,
        snapshotEvery: 5,
        onSnapshot: (snapshot) => void time.sleep(random() * 30).then(() => store.saveSnapshots([snapshot])),
        onCommit: (commit) => node.alive && shown.push(commit),
        onStop: (reason) => {
          if (reason === "lost" && current === actor) start();
        },
      },
    );
    current = actor;
    if (random() < 0.5) {
      time.at(time.now() + random() * 1_500, () => {
        if (current !== actor || time.now() > 3_000) return;
        // Either a crash, or a pause: then the old one goes on with its timers while a new one takes over.
        if (random() < 0.6) node.alive = false;
        start();
      });
    }
  }
  start();

  async function send(commandId: string, amount: number): Promise<void> {
    for (;;) {
      const actor = current;
      const answer = await Promise.race([
        actor?.submit({ commandId, command: { type: "Add", amount } }),
        time.sleep(200),
      ]);
      if (answer !== undefined && actor === current && (answer.ok || !answer.retryable)) {
        answers.push({ commandId, answer });
        return;
      }
      await time.sleep(5 + random() * 50);
    }
  }

  const clients = Array.from({ length: 1 + Math.floor(random() * 5) }, async (_, client) => {
    for (let i = 0; i < 12; i += 1) {
      const commandId = `01900000-0000-7000-8000-${String(client).padStart(6, "0")}${String(i).padStart(6, "0")}`;
      const amount = Math.floor(random() * 160) - 60;
      sent.add(commandId);
      const first = send(commandId, amount);
      const repeats = random() < 0.3 ? [time.sleep(random() * 300).then(() => send(commandId, amount))] : [];
      if (random() < 0.5) await Promise.all([first, ...repeats]);
      else repeats.push(first);
      await time.sleep(random() * 60);
    }
  });
  time.at(4_000, () => {
    faults.rate = 0;
  });
  await time.run(60_000);
  await Promise.all(
    clients.map((client) => Promise.race([client, Promise.reject(new Error("a client never got its answer"))])),
  );
  return {
    answers,
    shown,
    log: await store.readAll(0, await store.highWaterMark(), { limit: 10_000 }),
    sent,
    faults: faultCount,
  };
}
