import type { GuardedRedis } from "./redis.ts";

/**
 * A token bucket by the clock of Redis, so that nodes need not agree on the time. KEYS: the bucket. ARGV: tokens a second, the burst, how
 * many are spent, and 1 if they are spent whether they are there or not. Returns what is left, in thousandths; below 0, what is missing. Debts
 * are no deeper than the burst. A bucket that would be full again has no key.
 */
const SPEND = `
local rate, burst, spent = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if kept[1] then tokens = math.min(burst, kept[1] + math.max(0, now - kept[2]) * rate / 1000) end
local left = tokens - spent
if left < 0 and ARGV[4] ~= '1' then return math.floor(left * 1000) end
left = math.max(left, -burst)
redis.call('HSET', KEYS[1], 'tokens', tostring(left), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - left) * 1000 / rate) + 1000)
return math.floor(left * 1000)`;

export interface SharedBucket {
  /** The key, without the tenant's prefix. */
  readonly name: string;
  readonly perSecond: number;
  readonly burst: number;
}

/** Buckets that all nodes spend from. */
export interface SharedBuckets {
  /**
   * Spends from a bucket. `mayOwe`: it has been used already, and counts even if it was too much; otherwise what does not fit is not spent.
   * @returns tokens left; below 0: what is missing. Undefined: Redis did not answer, and nobody knows.
   */
  spend(bucket: SharedBucket, tokens: number, mayOwe: boolean): Promise<number | undefined>;
  /** Fills it. */
  fill(name: string): Promise<void>;
}

export function createSharedBuckets(redis: GuardedRedis): SharedBuckets {
  return {
    async spend({ name, perSecond, burst }, tokens, mayOwe) {
      if (!redis.usable) return undefined;
      const left = await redis.use((client) =>
        client.eval(SPEND, 1, redis.key(name), perSecond, burst, tokens, mayOwe ? 1 : 0),
      );
      return left === undefined ? undefined : Number(left.value) / 1_000;
    },
    async fill(name) {
      await redis.use((client) => client.unlink(redis.key(name)));
    },
  };
}
