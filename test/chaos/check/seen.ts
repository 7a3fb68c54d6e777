import { isDeepStrictEqual } from "node:util";
import type { CombatSnapshot } from "../../../client/client.ts";
import { combat } from "../../../domain/combat/combat.ts";
import type { StoredEvent } from "../../../domain/envelope.ts";
import { market } from "../../../domain/market/market.ts";
import { player } from "../../../domain/player/player.ts";
import { CombatView, projectCombat } from "../../../rooms/combat-view.ts";
import { MarketView, projectMarket } from "../../../rooms/market-view.ts";
import { PlayerView, projectPlayer } from "../../../rooms/player-view.ts";
import { isOver } from "../../support/fight.ts";
import type { Entry, Subject } from "../journal.ts";
import { plain, shownAs } from "./commands.ts";
import type { LogIndex } from "./log-index.ts";

type Seen = Extract<Entry, { kind: "state" }>;

/** The newest version of each subject that anybody saw. */
export type Newest = Map<string, { readonly subject: Subject; readonly version: number; readonly over: boolean }>;

export const keyOf = ({ type, id }: Subject): string => `${type} ${id}`;

/** Every state that was seen is the replay of the log up to its version, every event that was seen is in the log, as it was seen. */
export function checkSeen(entries: readonly Entry[], log: LogIndex, newest: Newest): readonly string[] {
  const problems: string[] = [];
  const states = new Map<string, Seen[]>();
  const shown = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === "events")
      for (const event of entry.events) {
        const stored = log.bySequence.get(event.sequence);
        if (stored === undefined)
          problems.push(`${keyOf(entry.subject)}: ${event.eventType} ${event.sequence} was seen and is not in the log`);
        else if (!isDeepStrictEqual(plain(event), plain(shownAs(stored))))
          problems.push(
            `${keyOf(entry.subject)}: ${event.eventType} ${event.sequence} was seen otherwise than in the log`,
          );
      }
    // A new connection may be to a node that is behind; on one and the same, nothing goes back.
    if (entry.kind === "status") shown.delete(entry.session);
    if (entry.kind !== "state") continue;
    const key = keyOf(entry.subject);
    const { version } = entry.state;
    const before = shown.get(entry.session) ?? 0;
    if (version < before) problems.push(`${key}: version ${version} was shown after ${before}`);
    shown.set(entry.session, version);
    states.set(key, [...(states.get(key) ?? []), entry]);
    const last = newest.get(key);
    if (last === undefined || last.version < version)
      newest.set(key, { subject: entry.subject, version, over: isOver(entry.state as CombatSnapshot) });
  }
  for (const [key, seen] of states) problems.push(...unlikeReplay(key, seen, log));
  return problems;
}

function unlikeReplay(key: string, seen: readonly Seen[], log: LogIndex): readonly string[] {
  const [first] = seen;
  if (first === undefined) return [];
  const replayed = replay(first.subject, log.of(first.subject), new Set(seen.map(({ state }) => state.version)));
  return seen.flatMap(({ state }) => {
    const wanted = replayed.get(state.version);
    if (wanted === undefined) return [`${key}: version ${state.version} was seen, and the log ends before`];
    return isDeepStrictEqual({ ...state }, wanted)
      ? []
      : [`${key}: version ${state.version} was seen otherwise than the log tells it: ${difference(state, wanted)}`];
  });
}

/** What is to be shown at these versions, by version. */
export function replay(
  { type }: Subject,
  events: readonly StoredEvent[],
  versions: ReadonlySet<number>,
): ReadonlyMap<number, unknown> {
  switch (type) {
    case "Combat":
      return fold(events, versions, combat, (state) => {
        const view = new CombatView();
        projectCombat(view, state, undefined);
        return view.toJSON();
      });
    case "Joueur":
      return fold(events, versions, player, (state) => {
        const view = new PlayerView();
        projectPlayer(view, state, undefined);
        return view.toJSON();
      });
    case "Economy":
      return fold(events, versions, market, (state) => {
        const view = new MarketView();
        projectMarket(view, state, undefined);
        return view.toJSON();
      });
  }
}

function fold<S, E>(
  events: readonly StoredEvent[],
  versions: ReadonlySet<number>,
  { initial, evolve }: { readonly initial: S; evolve(state: S, event: E): S },
  show: (state: S) => unknown,
): ReadonlyMap<number, unknown> {
  const shown = new Map<number, unknown>();
  let state = initial;
  if (versions.has(0)) shown.set(0, plain(show(state)));
  for (const [i, event] of events.entries()) {
    state = evolve(state, event as E);
    if (versions.has(i + 1)) shown.set(i + 1, plain(show(state)));
  }
  return shown;
}

function difference(seen: object, wanted: unknown): string {
  const [one, other] = [seen, wanted] as [Record<string, unknown>, Record<string, unknown>];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys
    .filter((key) => !isDeepStrictEqual(one[key], other[key]))
    .map((key) => `${key} ${JSON.stringify(one[key])?.slice(0, 300)} ≠ ${JSON.stringify(other[key])?.slice(0, 300)}`)
    .join("; ");
}

/**
 * When all had come to rest, somebody had seen each subject as it was by then. A combat may have gone on without anybody who
 * looks: what counts there is that nothing followed what was seen as its end.
 */
export function checkLast(newest: Newest, log: LogIndex, restAt: number): readonly string[] {
  return [...newest].flatMap(([key, { subject, version, over }]) => {
    if (subject.type === "Combat" && !over) return [];
    const end = log.of(subject).filter(({ sequence }) => sequence <= restAt).length;
    return version >= end ? [] : [`${key}: last seen at version ${version}, and at rest it was at ${end}`];
  });
}
