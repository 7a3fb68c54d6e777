import type { Clock } from "./clock.ts";

/**
 * One timer for what an aggregate wants next. Set to later, it keeps its time, and whoever is woken finds out: most commands
 * move a deadline, and to set a timer anew costs more than to let one ring in vain.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #cancel: (() => void) | undefined;
  #at = 0;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  get isSet(): boolean {
    return this.#cancel !== undefined;
  }

  /** To ring at `at`, ms since the epoch, or before; undefined: not at all. */
  set(at: number | undefined): void {
    if (at !== undefined && this.isSet && this.#at <= at) return;
    this.#cancel?.();
    this.#cancel = undefined;
    if (at === undefined) return;
    this.#at = at;
    this.#cancel = this.#clock.at(at, () => {
      this.#cancel = undefined;
      this.#ring();
    });
  }
}
