import { z } from "zod";

/** ½ to 16 times as fast as it was. */
export const speed = z.number().min(0.5).max(16);

/** A place in a combat: after so many events, at the beginning of a turn, or as it was at a time. What has not come yet is the end. */
export const place = z.union([
  z.strictObject({ version: z.int().min(1) }),
  z.strictObject({ turn: z.int().min(0).max(1_000_000) }),
  z.strictObject({ time: z.iso.datetime() }),
]);
export type Place = z.infer<typeof place>;

/** Nobody waits longer for what happens, ms. */
export const LONGEST_DELAY_MS = 600_000;

/** What who watches asks for when it joins (`replay: true` is one from the beginning). */
export const wish = z.object({
  combatId: z.uuid().toLowerCase(),
  /** Rounded up to seconds, so that those who ask for about the same are shown the same. */
  delayMs: z.number().min(0).max(LONGEST_DELAY_MS).default(0),
  replay: z
    .union([
      z.boolean(),
      z.strictObject({ from: place.optional(), speed: speed.optional(), paused: z.boolean().optional() }),
    ])
    .default(false),
});
export type Wish = z.infer<typeof wish>;

/** All there is to say of what is shown: those who watch the same share one follower. */
export interface Watch {
  /** The node that shows it: each follows for its own clients. */
  readonly nodeId: string;
  readonly combatId: string;
  readonly delayMs: number;
  readonly replay?: {
    /** One replay is one client's. */
    readonly id: string;
    readonly from: Place;
    readonly speed: number;
    readonly paused: boolean;
  };
}

export function modeOf({ replay, delayMs }: Watch): "live" | "delayed" | "replay" {
  if (replay !== undefined) return "replay";
  return delayMs === 0 ? "live" : "delayed";
}

export function watchOf(nodeId: string, { combatId, delayMs, replay }: Wish, leastDelayMs: number): Watch {
  const delay = Math.max(Math.ceil(delayMs / 1_000) * 1_000, leastDelayMs);
  if (replay === false) return { nodeId, combatId, delayMs: delay };
  const { from = { version: 1 }, speed = 1, paused = false } = replay === true ? {} : replay;
  return { nodeId, combatId, delayMs: delay, replay: { id: crypto.randomUUID(), from, speed, paused } };
}

/** What the room of a replay is told. */
export const replayCommand = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("play") }),
  z.strictObject({ type: z.literal("pause") }),
  z.strictObject({ type: z.literal("speed"), speed }),
  z.strictObject({ type: z.literal("seek"), to: place }),
]);
export type ReplayCommand = z.infer<typeof replayCommand>;

/** A watch as a room is found by. */
export function nameOf(watch: Watch): string {
  return JSON.stringify(watch);
}

export function watchNamed(name: string): Watch {
  return JSON.parse(name) as Watch;
}
