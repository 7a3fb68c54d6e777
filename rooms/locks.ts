import { setTimeout as sleep } from "node:timers/promises";
import type { AggregateType } from "../domain/envelope.ts";
import type { GuardedRedis } from "../store/redis.ts";

/** ms that somebody else's lock is waited for, in all; then it is done without. */
const WAIT_MS = 500;
/** ms between two looks, at the least; twice that at most. */
const LOOK_MS = 4;

/** Only its owner releases a lock. KEYS: the lock. ARGV: the owner's token. */
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])`;

/** What a lock is called, and the ms after which it is nobody's, whatever became of its owner. */
const LOCKED: Readonly<Partial<Record<AggregateType, readonly [name: (id: string) => string, ttlMs: number]>>> = {
  Combat: [(id) => `lock:combat:${id}:action`, 5_000],
  Joueur: [(id) => `lock:player:${id}:inventory`, 10_000],
  Economy: [(id) => `lock:economy:order:${id}`, 30_000],
};

export interface Lockable {
  readonly aggregateType: AggregateType;
  readonly id: string;
}

/** `busy`: somebody else's for too long. `away`: Redis did not answer. */
export type LockOutcome = "taken" | "busy" | "away";

/**
 * Locks by which those who write the same aggregates cold get out of each other's way. They decide nothing: versions in PostgreSQL do,
 * and whoever does not get a lock, or loses it, goes on without.
 */
export interface Locks {
  /** Waits for them for a while at most. Returns what releases those that were got; never rejects. */
  take(all: readonly Lockable[]): Promise<() => void>;
}

export function createLocks(redis: GuardedRedis, told?: (outcome: LockOutcome) => void): Locks {
  async function takeOne(key: string, token: string, ttlMs: number, until: number): Promise<LockOutcome> {
    for (;;) {
      const set = await redis.use((client) => client.set(key, token, "PX", ttlMs, "NX"));
      if (set === undefined) return "away";
      if (set.value === "OK") return "taken";
      if (performance.now() >= until) return "busy";
      await sleep(LOOK_MS * (1 + Math.random()));
    }
  }

  return {
    async take(all) {
      const token = crypto.randomUUID();
      const until = performance.now() + WAIT_MS;
      const wanted = all.flatMap(({ aggregateType, id }) => {
        const lock = LOCKED[aggregateType];
        return lock === undefined ? [] : [[redis.key(lock[0](id)), lock[1]] as const];
      });
      // Everybody takes them in the same order, or two could wait for each other.
      const taken: string[] = [];
      for (const [key, ttlMs] of wanted.sort(([a], [b]) => (a < b ? -1 : 1))) {
        const outcome = await takeOne(key, token, ttlMs, until);
        told?.(outcome);
        // After an answer that was lost nobody knows whose it is; it runs out by itself if it cannot be released.
        if (outcome !== "busy") taken.push(key);
        if (outcome === "away") break;
      }
      return () => {
        for (const key of taken) void redis.use((client) => client.eval(RELEASE, 1, key, token));
      };
    },
  };
}
