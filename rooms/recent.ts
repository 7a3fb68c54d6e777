/** Entries remembered of each kind, for each actor. */
const LIMIT = 256;

/** What was known last, by id: the oldest is forgotten for the newest. */
export class Recent<Value> {
  readonly #entries: Map<string, Value>;

  constructor(entries: readonly (readonly [string, Value])[] = []) {
    this.#entries = new Map(entries.slice(-LIMIT));
  }

  /** Oldest first. */
  values(): Value[] {
    return [...this.#entries.values()];
  }

  get(id: string): Value | undefined {
    return this.#entries.get(id);
  }

  set(id: string, value: Value): void {
    this.#entries.set(id, value);
    if (this.#entries.size <= LIMIT) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
