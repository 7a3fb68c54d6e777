/** Time and timers, so that a simulation can run on its own. Times are ms since the epoch. */
export interface Clock {
  now(): number;
  /** Calls once when `at` has come; the answer cancels. Never calls early. */
  at(at: number, call: () => void): () => void;
}

/** setTimeout takes no longer delay. */
const LONGEST_DELAY_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: Date.now,
  at(at, call) {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      timer = setTimeout(
        () => (Date.now() < at ? arm() : call()),
        Math.min(Math.max(at - Date.now(), 0), LONGEST_DELAY_MS),
      );
    };
    arm();
    return () => clearTimeout(timer);
  },
};
