import type { ConsumerStatus } from "../store/consumer-status.ts";

export interface Stuck {
  readonly consumer: string;
  readonly reason: "stopped" | "not moving";
  readonly lagSeconds: number;
}

/** Tells consumers that are stuck from those that have nothing to do, and from those that have much to do. */
export interface Readiness {
  /** To be given each look at the consumers, `now` in ms of any clock that only goes forward. */
  observe(statuses: readonly ConsumerStatus[], now: number): readonly Stuck[];
}

/**
 * - Quiet: nothing waits. However long ago it moved, it is well.
 * - Catching up: much waits and the oldest for long, but its position moves.
 * - Stuck: something has waited for `limitMs`, and for as long as that the position was seen not to move. A node that stands by
 *   judges as well: when nobody works, all of them stand by.
 * - Stopped: this node's code cannot read the log; no time will help.
 */
export function createReadiness(limitMs: number): Readiness {
  const seen = new Map<string, { readonly position: number; readonly since: number }>();
  return {
    observe(statuses, now) {
      return statuses.flatMap(({ name, state, position, lagEvents, lagSeconds }): readonly Stuck[] => {
        const before = seen.get(name);
        const waits = lagEvents > 0 && lagSeconds * 1_000 >= limitMs;
        if (before === undefined || before.position !== position || lagEvents === 0)
          seen.set(name, { position, since: now });
        if (state === "stopped") return [{ consumer: name, reason: "stopped", lagSeconds }];
        const still = now - (seen.get(name)?.since ?? now);
        return waits && still >= limitMs ? [{ consumer: name, reason: "not moving", lagSeconds }] : [];
      });
    },
  };
}
