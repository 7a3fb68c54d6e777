/** How time passes for who watches. Log time is that of the events' own timestamps. All times are ms since the epoch. */
export interface Pace {
  /** ms of log time for each ms that passes; 0: it stands still. */
  readonly speed: number;
  /** At `since` log time was `moment`. */
  readonly since: number;
  readonly moment: number;
  /** What is younger may not be seen yet. */
  readonly delayMs: number;
}

/** Follows the end of the log, so far behind it. */
export function followEnd(delayMs: number): Pace {
  return { speed: 1, since: 0, moment: Number.POSITIVE_INFINITY, delayMs };
}

/** The youngest moment that may be seen. Without a delay there is none: another node's clock may be ahead of this one's. */
export function edge(delayMs: number, now: number): number {
  return delayMs === 0 ? Number.POSITIVE_INFINITY : now - delayMs;
}

/** Log time now. What has caught up with the end goes on with it, however fast it came. */
export function momentAt({ speed, since, moment, delayMs }: Pace, now: number): number {
  return Math.min(speed === 0 ? moment : moment + (now - since) * speed, now - delayMs);
}

/** ms until an event of that moment is due; Infinity while time stands still. */
export function dueIn({ speed, since, moment, delayMs }: Pace, due: number, now: number): number {
  if (speed === 0) return Number.POSITIVE_INFINITY;
  const byPace = since + (due - moment) / speed - now;
  const byEdge = delayMs === 0 ? 0 : due + delayMs - now;
  return Math.max(byPace, byEdge, 0);
}

/** Time goes on from where it is, at another speed. */
export function atSpeed(pace: Pace, speed: number, now: number): Pace {
  return { ...pace, speed, since: now, moment: momentAt(pace, now) };
}

/** Time goes on from that moment. */
export function from(pace: Pace, moment: number, now: number): Pace {
  return { ...pace, since: now, moment };
}
