import type { CombatState } from "../domain/combat/state.ts";
import type { GuardedRedis } from "../store/redis.ts";
import type { Commit } from "./actor.ts";
import type { Observer } from "./actors.ts";
import { combatKeys, isOver, RENAME_FIGHTER, WRITE_COMBAT } from "./combat-keys.ts";

const ZONE_TTL_S = 7_200;
const RECENT = 20;
/** Writes under way at most: more would only wait in Redis, until each of them counts as lost. */
const AT_ONCE = 8;
/** ms between looks for what was lost, and between two writes of a combat in which nothing happens: a flushed Redis tells nobody. */
const LOOK_MS = 1_000;
const SWEEP_MS = 60_000;
/** Combats that do not run here any more, and are kept until Redis has taken their last state. */
const LEFT_AT_MOST = 10_000;
/** Of each zone's combats, so many are looked at in each sweep. */
const ZONE_SAMPLE = 100;

/** `late`: a newer version stood there. `lost`: it came to nothing, and will be done again. `dropped`: it will not. */
export type MirrorOutcome = "written" | "late" | "lost" | "dropped";

/** An action as it is told: `{version, sequence}` and the event's payload. */
export interface Act {
  readonly version: number;
  readonly sequence: number;
  readonly payload: unknown;
}

interface Line {
  readonly version: number;
  readonly json: string;
}

interface Mirrored {
  state: CombatState;
  /** Newest first. */
  recent: readonly Line[];
  /** No action stands there, and none has happened, that is not in `recent`. */
  whole: boolean;
  running: boolean;
  writing: boolean;
  writtenAt: number;
}

export interface CombatMirror extends Observer<CombatState> {
  /** Changes the name of a fighter that stands there, of a combat that nobody runs any more. False: Redis did not answer. */
  rename(id: string, participantId: string, nom: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface CombatMirrorOptions {
  readonly redis: GuardedRedis;
  /** Around a combat's id in its keys: on a cluster braces, so that they are all in one slot. */
  readonly tag: (id: string) => string;
  /** The last 20 actions up to a version, newest first, from the log. */
  readonly actsBefore: (id: string, version: number) => Promise<readonly Act[]>;
  /** A state without the names of who has been erased since it came into memory. Rejects where nobody knows. */
  readonly current: (state: CombatState) => Promise<CombatState>;
  readonly told?: (outcome: MirrorOutcome) => void;
  readonly onFault: (error: unknown) => void;
  /** Default 10,000. */
  readonly leftAtMost?: number;
  /** ms; default 60,000. */
  readonly sweepMs?: number;
}

/**
 * Combats as others read them from Redis (contract: "Redis keys and channels"): written after each commit by the node that runs
 * them, never before, and never waited for. Always the whole of a combat's newest state: of commits that come while one is
 * written the last one is, and what was lost needs nothing but to be written again.
 */
export function createCombatMirror(options: CombatMirrorOptions): CombatMirror {
  const { redis, tag, actsBefore, current, told, onFault, leftAtMost = LEFT_AT_MOST, sweepMs = SWEEP_MS } = options;
  const mirrored = new Map<string, Mirrored>();
  /** Those that differ from what is in Redis, as far as anybody knows; whoever waits longest first. */
  const due = new Set<string>();
  const writes = new Set<Promise<void>>();
  let left = 0;
  /** After a write that was lost nothing is tried until the next look. */
  let resting = false;
  let closed = false;
  let sweptAt = performance.now();
  let sweeping: Promise<void> | undefined;

  const keyOf = (id: string, rest: string): string => redis.key(`combat:${tag(id)}:${rest}`);
  const zoneKey = (zoneId: string): string => redis.key(`zone:${zoneId}:active_combats`);

  function forget(id: string): void {
    if (mirrored.get(id)?.running === false) left -= 1;
    mirrored.delete(id);
    due.delete(id);
  }

  /** The actions that an earlier owner has left, so that they stay. */
  async function learn(id: string, one: Mirrored): Promise<"known" | "unknown" | "nothing to do"> {
    const { state } = one;
    const learnt = await redis.use((client) =>
      Promise.all([
        client.hget(keyOf(id, "state"), "version"),
        client.lrange(keyOf(id, "recent_actions"), 0, RECENT - 1),
      ]),
    );
    if (learnt === undefined) return "unknown";
    const [version, recent] = learnt.value;
    // Long over, and forgotten there.
    if (version === null && isOver(state) && one.recent.length === 0) return "nothing to do";
    const complete = version === String(state.version) || state.tourActuel === 0;
    const before = complete ? recent.map(readLine) : (await actsBefore(id, state.version)).map(lineOf);
    const oldest = one.recent.at(-1)?.version ?? Number.POSITIVE_INFINITY;
    one.recent = [...one.recent, ...before.filter(({ version: at }) => at < oldest)].slice(0, RECENT);
    one.whole = true;
    return "known";
  }

  /** Whether nothing is left to do for this state. */
  async function write(id: string, one: Mirrored): Promise<boolean> {
    if (!one.whole) {
      const known = await learn(id, one);
      if (known === "unknown") return false;
      if (known === "nothing to do") return true;
    }
    const { state: held, recent } = one;
    const state = await current(held);
    const { keys, commands } = combatKeys(
      state,
      recent.map(({ json }) => json),
    );
    const named = keys.map((rest) => keyOf(id, rest));
    const { zoneId } = state.zone;
    const done = await redis.use(async (client) => {
      const applied = await client.eval(
        WRITE_COMBAT,
        named.length,
        ...named,
        keyOf(id, ""),
        String(state.version),
        ...commands,
      );
      // Another key than the combat's, in another slot: only who may write the combat writes there.
      if (applied !== 1 || zoneId === "") return applied;
      if (isOver(state)) await client.srem(zoneKey(zoneId), id);
      else await Promise.all([client.sadd(zoneKey(zoneId), id), client.expire(zoneKey(zoneId), ZONE_TTL_S)]);
      return applied;
    });
    if (done === undefined) return false;
    one.writtenAt = performance.now();
    told?.(done.value === 1 ? "written" : "late");
    return true;
  }

  async function writeNext(id: string, one: Mirrored): Promise<void> {
    one.writing = true;
    let done = false;
    const { state } = one;
    try {
      done = await write(id, one);
    } catch (error) {
      onFault(error);
    }
    one.writing = false;
    if (!done) {
      told?.("lost");
      due.add(id);
      resting = true;
    } else if (one.state === state && (!one.running || isOver(state))) forget(id);
  }

  function pump(): void {
    for (const id of due) {
      if (resting || writes.size >= AT_ONCE) return;
      const one = mirrored.get(id);
      if (one?.writing === true) continue;
      due.delete(id);
      if (one === undefined) continue;
      const writing = writeNext(id, one).finally(() => {
        writes.delete(writing);
        pump();
      });
      writes.add(writing);
    }
  }

  /** Combats that ended while nobody could tell Redis: their own keys have run out, the zone's goes on with those of others. */
  async function sweepZones(): Promise<void> {
    const zones = new Set([...mirrored.values()].map(({ state }) => state.zone.zoneId).filter((id) => id !== ""));
    for (const zoneId of zones) {
      await redis.use(async (client) => {
        const ids = (await client.srandmember(zoneKey(zoneId), ZONE_SAMPLE)).filter((id) => !mirrored.has(id));
        const there = await Promise.all(ids.map((id) => client.exists(keyOf(id, "state"))));
        const gone = ids.filter((_, i) => there[i] === 0);
        if (gone.length > 0) await client.srem(zoneKey(zoneId), ...gone);
      });
    }
  }

  function look(): void {
    resting = false;
    const now = performance.now();
    for (const [id, one] of mirrored) if (one.running && now - one.writtenAt > sweepMs) due.add(id);
    if (now - sweptAt > sweepMs && sweeping === undefined) {
      sweptAt = now;
      sweeping = sweepZones().finally(() => {
        sweeping = undefined;
      });
    }
    pump();
  }

  const looking = setInterval(look, LOOK_MS);
  const unsubscribe = redis.onConnect(() => {
    for (const id of mirrored.keys()) due.add(id);
    look();
  });

  return {
    committed(id, { state, events }: Commit<CombatState>) {
      if (closed) return;
      const known = mirrored.get(id);
      if (known?.running === false) left -= 1;
      const one = known ?? {
        ...{ state, recent: [], whole: false },
        ...{ running: true, writing: false, writtenAt: performance.now() },
      };
      mirrored.set(id, one);
      one.state = state;
      one.running = true;
      // What was written elsewhere is not among the newest actions that this node knows.
      if (events.length === 0) Object.assign(one, { whole: false, recent: [] });
      const acts = events.filter(({ eventType }) => eventType === "ActionExecutee");
      if (acts.length > 0) one.recent = [...acts.map(lineOf).reverse(), ...one.recent].slice(0, RECENT);
      due.add(id);
      pump();
    },
    stopped(id) {
      const one = mirrored.get(id);
      if (one === undefined || !one.running) return;
      one.running = false;
      left += 1;
      if (!due.has(id) && !one.writing) forget(id);
      else if (left > leftAtMost) {
        forget(id);
        told?.("dropped");
      }
    },
    async rename(id, participantId, nom) {
      const done = await redis.use((client) =>
        client.eval(RENAME_FIGHTER, 1, keyOf(id, `participant:${participantId}`), nom),
      );
      return done !== undefined;
    },
    async close() {
      closed = true;
      clearInterval(looking);
      unsubscribe();
      pump();
      while (writes.size > 0) await Promise.all(writes);
      await sweeping;
      mirrored.clear();
      due.clear();
    },
  };
}

function lineOf({ version, sequence, payload }: Act): Line {
  return { version, json: JSON.stringify({ version, sequence, ...(payload as object) }) };
}

function readLine(json: string): Line {
  return { version: (JSON.parse(json) as Act).version, json };
}
