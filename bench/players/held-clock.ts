import type { Clock } from "../../rooms/clock.ts";

/** The real time, until it jumps: timers are held until then, so that nobody leaves memory while others still come into it. */
export function createHeldClock(): Clock & { jump(ms: number): void } {
  const timers = new Set<{ readonly at: number; readonly call: () => void }>();
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  return {
    now,
    at(at, call) {
      const timer = { at, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    jump(ms) {
      ahead += ms;
      for (const timer of [...timers]) {
        if (timer.at > now() || !timers.delete(timer)) continue;
        timer.call();
      }
    },
  };
}
