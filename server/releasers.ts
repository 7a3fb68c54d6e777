import type { Logger } from "pino";

/** Shutdown as a stack: what was taken last is released first, and one that fails does not keep the others. */
export class Releasers {
  readonly #log: Logger;
  readonly #stack: { readonly name: string; readonly release: () => unknown }[] = [];
  #released: Promise<void> | undefined;
  #releasing: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(name: string, release: () => unknown): void {
    this.#stack.push({ name, release });
  }

  /** What is being released now: where a shutdown does not end, this holds it up. */
  get releasing(): string | undefined {
    return this.#releasing;
  }

  release(): Promise<void> {
    this.#released ??= this.#releaseAll();
    return this.#released;
  }

  async #releaseAll(): Promise<void> {
    for (let next = this.#stack.pop(); next !== undefined; next = this.#stack.pop()) {
      this.#releasing = next.name;
      try {
        await next.release();
      } catch (error) {
        this.#log.error({ err: error }, `${next.name} was not released`);
      }
    }
    this.#releasing = undefined;
  }
}
