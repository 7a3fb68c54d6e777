import { type Rate, Recent, TokenBucket } from "../rooms/token-bucket.ts";
import type { SharedBuckets } from "../store/shared-buckets.ts";

/** Parts of a burst that a node uses before it tells the others. */
const PORTIONS = 10;

interface Account {
  readonly bucket: TokenBucket;
  /** Used here, and not yet told. */
  untold: number;
  telling: boolean;
  /** By the other nodes' account nothing fits before, ms by this node's clock. */
  closedUntil: number;
}

/**
 * One limit for each key, over all nodes. Each node counts for itself, and refuses by its own count alone; what it let through it tells
 * Redis in portions of a tenth of the burst, and learns how much all nodes together have used. So nothing waits, a portion costs one call,
 * and too much goes through only for the portions that are not told yet. Without Redis, a node's own count is the limit.
 */
export class Budget {
  readonly #name: string;
  readonly #rate: Rate;
  readonly #portion: number;
  readonly #shared: SharedBuckets | undefined;
  readonly #accounts = new Recent<Account>();

  /** @param name of its buckets in Redis: `limit:{name}:{key}` */
  constructor(name: string, rate: Rate, shared: SharedBuckets | undefined) {
    this.#name = name;
    this.#rate = rate;
    this.#portion = Math.max(1, Math.floor(rate.burst / PORTIONS));
    this.#shared = shared;
  }

  /** Counts one more if it fits: 0; otherwise ms until it does. */
  waitMs(key: string, now = Date.now()): number {
    const account = this.#account(key, now);
    const wait = this.#waitHere(account, now);
    if (wait > 0) return wait;
    account.untold += 1;
    if (account.untold >= this.#portion && !account.telling) void this.#tell(key, account);
    return 0;
  }

  /** The same for what is worth a question to Redis each time: no more goes through than the limit, however many nodes are asked at once. */
  async waitMsOfAll(key: string, now = Date.now()): Promise<number> {
    const wait = this.#waitHere(this.#account(key, now), now);
    if (wait > 0) return wait;
    const left = await this.#shared?.spend(this.#bucketOf(key), 1, false);
    return left === undefined || left >= 0 ? 0 : this.#msFor(-left);
  }

  /** Nothing was used. */
  forget(key: string): void {
    this.#accounts.delete(key);
    void this.#shared?.fill(this.#bucketOf(key).name);
  }

  #account(key: string, now: number): Account {
    return this.#accounts.get(key, () => ({
      ...{ bucket: new TokenBucket(this.#rate, now), untold: 0, telling: false },
      closedUntil: Number.NEGATIVE_INFINITY,
    }));
  }

  #waitHere(account: Account, now: number): number {
    return account.closedUntil > now ? account.closedUntil - now : account.bucket.waitMs(now);
  }

  /** Does not reject: what Redis does not take is told with the next portion. */
  async #tell(key: string, account: Account): Promise<void> {
    account.telling = true;
    const told = account.untold;
    const left = await this.#shared?.spend(this.#bucketOf(key), told, true);
    account.telling = false;
    // While Redis is away nothing piles up: it is a limit on pace, and what is long past is nobody's concern.
    account.untold = left === undefined ? Math.min(account.untold, this.#portion) : account.untold - told;
    if (left !== undefined && left < 1) account.closedUntil = Date.now() + this.#msFor(1 - left);
  }

  #bucketOf(key: string) {
    return { name: `limit:${this.#name}:${key}`, ...this.#rate };
  }

  #msFor(tokens: number): number {
    return Math.max(1, Math.ceil((tokens * 1_000) / this.#rate.perSecond));
  }
}
