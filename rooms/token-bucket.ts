/** So many a second, with a burst. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A limit of so many a second, with a burst. Counts its own time from the caller's clock. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Takes one more if it fits: 0; otherwise ms until one does. `now` in ms. */
  waitMs(now: number): number {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) * perSecond) / 1_000);
    this.#at = now;
    if (this.#tokens < 1) return Math.max(1, Math.ceil(((1 - this.#tokens) * 1_000) / perSecond));
    this.#tokens -= 1;
    return 0;
  }
}

/** Players whose buckets are kept. */
const REMEMBERED = 10_000;

/** Things by key, of which the least recently used are forgotten. */
export class Recent<Value> {
  /** The least recently used first. */
  readonly #values = new Map<string, Value>();

  get(key: string, create: () => Value): Value {
    const value = this.#values.get(key) ?? create();
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > REMEMBERED) this.#forgetOldest();
    return value;
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  #forgetOldest(): void {
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }
}

/** Limits of one bucket for each player, over all of its connections to this node. */
export class TokenBuckets {
  readonly #rate: Rate;
  // Who has been silent for as long as it takes so many others to speak has its burst back anyway.
  readonly #buckets = new Recent<TokenBucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** As the bucket of this key. */
  waitMs(key: string, now = Date.now()): number {
    return this.#buckets.get(key, () => new TokenBucket(this.#rate, now)).waitMs(now);
  }
}
