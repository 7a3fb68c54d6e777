import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import type { EventStore } from "../store/event-store.ts";
import type { GuardedRedis } from "../store/redis.ts";
import { type AnyKind, deleteKeys, fenceOf } from "./cache-keys.ts";
import { BEGIN, TELL } from "./cache-scripts.ts";
import type { Projector } from "./projector.ts";

/** What of a node the cache is kept right with. */
export interface CacheServices {
  readonly redis: GuardedRedis;
  readonly pool: Pick<pg.Pool, "query">;
  readonly store: Pick<EventStore, "readAll">;
  readonly projectors: readonly Pick<Projector, "name" | "eventTypes">[];
  readonly onFault: (error: unknown) => void;
  /** ms between looks at whether deletions keep up with the read models; default 250. */
  readonly lookMs?: number;
}

export interface CacheUpkeep {
  /** For things of this kind. @param forget is told of things that have changed */
  add(kind: AnyKind, forget: (id: string) => void): void;
  /** Over which what is found may be believed. */
  readonly trusted: number | undefined;
  /** That an entry must be of. */
  generation(client: Redis): Promise<string | undefined>;
  /** It has changed, and Redis has not been heard to know. */
  doubts(kind: AnyKind, id: string): boolean;
  taken(readModel: string, events: readonly StoredEvent[], from: number, to: number): void;
  close(): Promise<void>;
}

/** Hash: `id` of the generation; of each read model up to which position deletions have been done, and its `:rewrites`. */
const STATE = "cache:state";
/** Deletions at once, and how many may wait here: more are found in the log. */
const AT_ONCE = 200;
const WAITING = 10_000;
/** Events that are made up for; a gap of more, or of so many sequence numbers, ends the generation. */
const MADE_UP_FOR = 2_000;
const FAR = 50_000;

interface Deletion {
  readonly kind: AnyKind;
  readonly id: string;
  readonly sequence: number;
}

/** What a read model's way from one position to another asks for. */
interface Move {
  readonly from: number;
  to: number;
  /** By their fences. */
  readonly deletions: Map<string, Deletion>;
}

interface Queue {
  waiting: Move[];
  sending: Move | undefined;
  work: Promise<void> | undefined;
}

interface Position {
  readonly name: string;
  readonly position: number;
  readonly rewrites: number;
}

/**
 * Deletions are a consumer of the log behind the read models: Redis is told up to which position they have been done, each step from
 * where the last one ended. The node that has committed a batch does them at once. Whoever looks and finds that they have stopped
 * short of the read model's position, because that node died, did not hear of its COMMIT or has no Redis, makes up for them out
 * of the log. So is a Redis that comes back with what it was some time ago: nothing is read over a new connection before.
 * Where the log does not tell enough the generation ends, and with it everything that was filled before: rows have changed without
 * a position, too much was missed, Redis is empty or another database's, or a node of perhaps another version starts.
 */
export function createCacheUpkeep(services: CacheServices): CacheUpkeep {
  const { redis, pool, store, projectors, onFault, lookMs = 250 } = services;
  const state = redis.key(STATE);
  const kinds = new Map<AnyKind, (id: string) => void>();
  const queues = new Map<string, Queue>();
  /** Positions of this node's own commits, of which Redis may not know. */
  const unsure = new Map<string, number>();
  /** Where deletions stood at the last look. */
  const stood = new Map<string, number>();
  /** The connection since whose beginning deletions have been made up for. */
  let trusted: number | undefined;
  let begun = false;
  let looking: Promise<void> | undefined;
  let closed = false;

  const readModels = (): readonly string[] => [...new Set([...kinds.keys()].map(({ readModel }) => readModel))];

  function deletionsOf(readModel: string, events: readonly StoredEvent[]): Move["deletions"] {
    const deletions: Move["deletions"] = new Map();
    for (const kind of kinds.keys()) {
      if (kind.readModel !== readModel) continue;
      for (const event of events) {
        const id = kind.idOf(event);
        deletions.set(fenceOf(kind, id), { kind, id, sequence: event.sequence });
      }
    }
    return deletions;
  }

  /** Undefined: it did not come through. False: what was to be done before has not been. */
  async function carryOut(readModel: string, { from, to, deletions }: Move): Promise<boolean | undefined> {
    const all = [...deletions.values()];
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const some = all.slice(at, at + AT_ONCE);
      const done = await redis.use((client) =>
        Promise.all(some.map(({ kind, id, sequence }) => deleteKeys(client, redis, kind, id, sequence))),
      );
      if (done === undefined) return undefined;
    }
    const told = await redis.use((client) => client.eval(TELL, 1, state, readModel, from, to));
    return told && told.value === 1;
  }

  function doubt(readModel: string, upTo: number): void {
    unsure.set(readModel, Math.max(unsure.get(readModel) ?? 0, upTo));
  }

  function heard(readModel: string, upTo: number): void {
    if ((unsure.get(readModel) ?? 0) <= upTo) unsure.delete(readModel);
  }

  async function work(readModel: string, queue: Queue): Promise<void> {
    for (;;) {
      queue.sending = queue.waiting.shift();
      if (queue.sending === undefined) {
        queue.work = undefined;
        return;
      }
      const { to } = queue.sending;
      const done = await carryOut(readModel, queue.sending);
      if (done === true) heard(readModel, to);
      else doubt(readModel, to);
      // Somebody else's deletions are missing: a look finds out whether they are on their way.
      if (done === false) look();
    }
  }

  async function readPositions(names: readonly string[]): Promise<readonly Position[]> {
    const { rows } = await pool.query<Position>({
      name: "cache_positions",
      text: "SELECT name, position, rewrites FROM consumer_checkpoints WHERE name = ANY ($1::text[])",
      values: [names],
    });
    const known = new Map(rows.map((row) => [row.name, row]));
    return names.map((name) => known.get(name) ?? { name, position: 0, rewrites: 0 });
  }

  /** What was missed between two positions; undefined: too much. */
  async function missed(readModel: string, from: number, to: number): Promise<Move | undefined> {
    if (to - from > FAR) return undefined;
    const eventTypes = projectors.find(({ name }) => name === readModel)?.eventTypes ?? [];
    const events = await store.readAll(from, to, { eventTypes, limit: MADE_UP_FOR });
    return events.length === MADE_UP_FOR ? undefined : { from, to, deletions: deletionsOf(readModel, events) };
  }

  /** Answers false where Redis did not take it. Undefined: the generation is to end. */
  async function makeUp(told: Readonly<Record<string, string>>, connection: number, position: Position) {
    const { name, position: to, rewrites } = position;
    const at = Number(told[name]);
    if (!(at <= to) || Number(told[`${name}:rewrites`]) !== rewrites) return undefined;
    const before = stood.get(name);
    stood.set(name, at);
    heard(name, at);
    // What has moved since the last look is on its way.
    if (at === to || (trusted === connection && before !== undefined && before < at)) return true;
    const move = await missed(name, at, to);
    if (move === undefined) return undefined;
    const done = (await carryOut(name, move)) === true;
    if (done) heard(name, to);
    return done;
  }

  async function begin(last: string, all: readonly Position[]): Promise<boolean> {
    const fields = all.flatMap(({ name, position, rewrites }) => [name, position, `${name}:rewrites`, rewrites]);
    const args = [last, "id", randomUUID(), ...fields];
    if ((await redis.use((client) => client.eval(BEGIN, 1, state, ...args)))?.value !== 1) return false;
    for (const { name, position } of all) heard(name, position);
    return true;
  }

  async function lookOnce(): Promise<void> {
    const asked = await redis.use(async (client) => {
      const { connection } = redis;
      return { connection, told: await client.hgetall(state) };
    });
    if (asked === undefined) return;
    const { told, connection } = asked.value;
    // Asked for afterwards: no deletion is ahead of its read model.
    const positions = await readPositions(readModels());
    const made: (boolean | undefined)[] = [];
    if (begun) for (const position of positions) made.push(await makeUp(told, connection, position));
    if (!begun || made.includes(undefined)) {
      if (!(await begin(told["id"] ?? "", positions))) return;
      begun = true;
    } else if (made.includes(false)) return;
    trusted = connection;
  }

  function look(): void {
    if (closed || looking !== undefined) return;
    looking = lookOnce()
      .catch(onFault)
      .finally(() => {
        looking = undefined;
      });
  }

  const unsubscribe = redis.onConnect(look);
  const timer = setInterval(look, lookMs);

  return {
    add(kind, forget) {
      kinds.set(kind, forget);
    },

    get trusted() {
      return trusted;
    },

    async generation(client) {
      const id = await client.hget(state, "id");
      // Flushed.
      if (id === null) look();
      return id ?? undefined;
    },

    doubts(kind, id) {
      const queue = queues.get(kind.readModel);
      const fence = fenceOf(kind, id);
      return (
        unsure.has(kind.readModel) ||
        queue?.sending?.deletions.has(fence) === true ||
        queue?.waiting.some(({ deletions }) => deletions.has(fence)) === true
      );
    },

    taken(readModel, events, from, to) {
      const deletions = deletionsOf(readModel, events);
      if (!readModels().includes(readModel)) return;
      for (const { kind, id } of deletions.values()) kinds.get(kind)?.(id);
      const queue = queues.get(readModel) ?? { waiting: [], sending: undefined, work: undefined };
      queues.set(readModel, queue);
      const last = queue.waiting.at(-1);
      if (last?.to === from) {
        for (const [fence, deletion] of deletions) last.deletions.set(fence, deletion);
        last.to = to;
      } else queue.waiting.push({ from, to, deletions });
      if (queue.waiting.reduce((sum, move) => sum + 1 + move.deletions.size, 0) > WAITING) {
        doubt(readModel, to);
        queue.waiting = [];
      }
      queue.work ??= work(readModel, queue);
    },

    async close() {
      closed = true;
      unsubscribe();
      clearInterval(timer);
      await Promise.all([looking, ...[...queues.values()].map((queue) => queue.work)]);
    },
  };
}
