/** A sleep that others can end. One waits at a time; a wake-up that comes while nobody waits ends the next wait at once. */
export interface Pause {
  wait(ms: number): Promise<void>;
  wake(): void;
  /** What woke it until now is being seen to. */
  clear(): void;
}

export function createPause(): Pause {
  let woken = false;
  let end: (() => void) | undefined;
  return {
    wait(ms) {
      if (woken) {
        woken = false;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const timer = setTimeout(() => end?.(), ms);
        end = () => {
          clearTimeout(timer);
          end = undefined;
          woken = false;
          resolve();
        };
      });
    },
    wake() {
      woken = true;
      end?.();
    },
    clear() {
      woken = false;
    },
  };
}

const FIRST_MS = 50;
const LONGEST_MS = 5_000;

/** ms to wait after the nth failure in a row (from 1): doubling to 5 s, with jitter, so that nodes do not come back in step. */
export function backOff(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20)) * (0.5 + Math.random() / 2);
}
