import type { CombatSnapshot } from "./combat.ts";

/** A combat as it is shown to who watches. */
export interface SpectateSnapshot extends CombatSnapshot {
  readonly lecture: {
    readonly mode: "DIRECT" | "DIFFERE" | "REJEU";
    /** ms by which it is shown later than it happened, at the least. */
    readonly retardMs: number;
    readonly enLecture: boolean;
    readonly vitesse: number;
    /** Of a replay: when the newest that is shown happened, ISO 8601; else "". */
    readonly instant: string;
  };
}

/** After so many events, at the beginning of a turn, or as it was at a time (ISO 8601). What has not come yet is the newest that may be seen. */
export type ReplayPlace = { readonly version: number } | { readonly turn: number } | { readonly time: string };

export interface ReplayOptions {
  /** Default: the beginning. */
  readonly from?: ReplayPlace;
  /** ½ to 16; default 1. */
  readonly speed?: number;
  /** Default: it plays at once. */
  readonly paused?: boolean;
}

export interface SpectateOptions {
  /** Also send the events; default false. */
  readonly events?: boolean;
  /** ms by which it is to be shown later than it happens, 600,000 at most; the server may ask for more. Default 0. */
  readonly delayMs?: number;
  /** Show the combat from its log, at its own pace; default false: what happens now. */
  readonly replay?: boolean | ReplayOptions;
}

/** What a replay is told. */
export type ReplayCommandMessage =
  | { readonly type: "play" | "pause" }
  | { readonly type: "speed"; readonly speed: number }
  | { readonly type: "seek"; readonly to: ReplayPlace };

/** What to ask for, at first and after a pause of the connection: a replay goes on from where it was. */
export function spectateWish(
  combatId: string,
  { events = false, delayMs = 0, replay = false }: SpectateOptions,
): (last: SpectateSnapshot | undefined) => Readonly<Record<string, unknown>> {
  return (last) => {
    if (replay === false || last === undefined) return { combatId, events, delayMs, replay };
    const { vitesse: speed, enLecture } = last.lecture;
    return { combatId, events, delayMs, replay: { from: { version: last.version }, speed, paused: !enLecture } };
  };
}
