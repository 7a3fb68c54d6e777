/** A limit of so many a second, with a burst. Counts its own time from the caller's clock. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Whether one more fits; `now` in ms. */
  take(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Players whose buckets are kept. */
const REMEMBERED = 10_000;

/** Limits of one bucket for each player, over all of its connections to this node. */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  /** The least recently seen first. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  take(userId: string, now = Date.now()): boolean {
    const bucket = this.#buckets.get(userId) ?? new TokenBucket(this.#perSecond, this.#burst, now);
    this.#buckets.delete(userId);
    this.#buckets.set(userId, bucket);
    // Who has been silent for as long as it takes so many others to speak has its burst back anyway.
    if (this.#buckets.size > REMEMBERED) this.#forgetOldest();
    return bucket.take(now);
  }

  #forgetOldest(): void {
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
