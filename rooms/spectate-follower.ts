import { type Answer, type AnsweredEvent, refusal } from "../domain/codes.ts";
import { combat } from "../domain/combat/combat.ts";
import type { CombatEvent } from "../domain/combat/events.ts";
import type { CombatState } from "../domain/combat/state.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import type { EventStore } from "../store/event-store.ts";
import type { LiveEvents } from "../store/live-events.ts";
import type { Running, Watcher } from "./actors.ts";
import { stateAt } from "./load.ts";
import { atSpeed, dueIn, edge, followEnd, from, type Pace } from "./spectate-pace.ts";
import { createPlaces, momentOf } from "./spectate-places.ts";
import { readOn } from "./spectate-reader.ts";
import type { Lecture, Watched } from "./spectate-view.ts";
import { modeOf, type Place, type ReplayCommand, type Watch } from "./spectate-watch.ts";
import type { Telemetry } from "./telemetry.ts";

export interface FollowerServices {
  readonly store: Pick<EventStore, "readStream" | "latestSnapshot" | "head">;
  readonly live: LiveEvents;
  readonly telemetry: Telemetry;
  /** Without a delay: how old the youngest event was, in seconds, as it was shown. */
  readonly onShown?: (seconds: number) => void;
  readonly onControl?: (type: ReplayCommand["type"]) => void;
}

/** Shows a combat as the log has it, to whoever watches the same. Reads, and touches nothing of the combat's own. */
export interface Follower extends Running<Watched, never> {
  readonly shows: Watch;
  /** Of a replay. */
  control(command: ReplayCommand): Promise<Answer>;
  stop(): void;
}

const MODES = { live: "DIRECT", delayed: "DIFFERE", replay: "REJEU" } as const;
const RETRY_MS = 250;
const LONGEST_TIMER_MS = 2_147_483_647;

export function createFollower(id: string, watch: Watch, services: FollowerServices, onStop: () => void): Follower {
  const { combatId, delayMs, replay } = watch;
  const { store, live, telemetry } = services;
  const mode = modeOf(watch);
  const watchers = new Set<Watcher<Watched>>();
  const places = createPlaces(combatId, store);
  let pace: Pace = replay === undefined ? followEnd(delayMs) : { speed: 0, since: 0, moment: 0, delayMs };
  /** At which it plays, or will when it plays on. */
  let speed = replay?.speed ?? 1;
  let state: CombatState = combat.initial;
  let lecture: Lecture = lectureAt("");
  let [version, sequence, moment] = [0, 0, 0];
  /** Read, and not shown yet. */
  let pending: StoredEvent[] = [];
  /** Folded, and not told yet. */
  let folded: StoredEvent[] = [];
  let source: AsyncGenerator<readonly StoredEvent[], void, void> | undefined;
  /** The source that has been asked for a page, and has not given it yet. */
  let asked: typeof source;
  let reading = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let telling: NodeJS.Immediate | undefined;
  let stopped = false;
  /** Seeks follow each other; what is being looked for now shows nothing before it is found. */
  let seeking = Promise.resolve(true);

  function lectureAt(instant: string): Lecture {
    return { mode: MODES[mode], retardMs: delayMs, enLecture: pace.speed > 0, vitesse: speed, instant };
  }

  function tell(): void {
    clearImmediate(telling);
    telling = undefined;
    if (stopped) return;
    const events = folded.map(answered);
    const last = folded.at(-1);
    if (last !== undefined && mode === "live") services.onShown?.(Math.max(0, Date.now() - momentOf(last)) / 1_000);
    folded = [];
    for (const watcher of watchers) watcher.onCommit({ state: { combat: state, lecture }, version, events });
  }

  function fold(event: StoredEvent): void {
    state = combat.evolve(state, event as unknown as CombatEvent);
    version = event.version;
    sequence = event.sequence;
    moment = Math.max(moment, momentOf(event));
    if (replay !== undefined) lecture = { ...lecture, instant: event.timestamp };
    folded.push(event);
    // What has been read at once is shown at once: one patch.
    telling ??= setImmediate(tell);
  }

  /** Shows what is due, then waits for what is not, or reads on. */
  function advance(): void {
    clearTimeout(timer);
    if (stopped) return;
    const now = Date.now();
    for (let [next] = pending; next !== undefined; [next] = pending) {
      const wait = dueIn(pace, Math.max(moment, momentOf(next)), now);
      if (wait > 0) {
        if (wait < Number.POSITIVE_INFINITY) timer = setTimeout(advance, Math.min(Math.ceil(wait), LONGEST_TIMER_MS));
        return;
      }
      pending.shift();
      fold(next);
    }
    read();
  }

  /** The next page, once all of the last one has been shown. */
  function read(): void {
    const mine = source;
    if (mine === undefined || asked === mine || isOver(state)) return;
    asked = mine;
    mine.next().then(
      ({ value, done }) => {
        if (mine !== source) return;
        asked = undefined;
        if (done === true) return stop();
        pending = [...value];
        advance();
      },
      (error: unknown) => {
        if (mine !== source) return;
        telemetry.fault("spectate", error);
        timer = setTimeout(() => {
          open();
          advance();
        }, RETRY_MS);
      },
    );
  }

  function close(): void {
    reading.abort();
    // It is at a yield, or awakened by the signal.
    source?.return().catch((error: unknown) => telemetry.fault("spectate", error));
    source = undefined;
  }

  function open(): void {
    close();
    reading = new AbortController();
    source = readOn(combatId, version, store, live, reading.signal);
  }

  /** The version of a place; undefined: there is no such combat. */
  async function find(place: Place | "end"): Promise<number | undefined> {
    const now = Date.now();
    const newest = (await store.head(combatId))?.version ?? 0;
    if (newest === 0) return undefined;
    const allowed = delayMs === 0 ? newest : Math.min(newest, await places.ofMoment(edge(delayMs, now)));
    if (place === "end") return allowed;
    if ("version" in place) return Math.min(place.version, allowed);
    if ("turn" in place) return Math.min((await places.ofTurn(place.turn)) ?? allowed, allowed);
    return Math.min(await places.ofMoment(Date.parse(place.time)), allowed);
  }

  async function seek(place: Place | "end"): Promise<boolean> {
    const found = await find(place);
    if (found === undefined) return false;
    const there = await stateAt(combatId, combat, store, [found], telemetry);
    let last: StoredEvent | undefined;
    for await (const event of store.readStream(combatId, found, found)) last = event;
    if (there === undefined || last === undefined) throw new Error(`${combatId} cannot be shown at ${found}`);
    if (stopped) return false;
    clearTimeout(timer);
    folded = [];
    pending = [];
    state = there;
    version = found;
    sequence = last.sequence;
    moment = momentOf(last);
    if (replay !== undefined) pace = from(pace, moment, Date.now());
    lecture = lectureAt(replay === undefined ? "" : last.timestamp);
    open();
    tell();
    advance();
    return true;
  }

  function jump(place: Place | "end"): Promise<boolean> {
    seeking = seeking.then(
      () => seek(place),
      () => seek(place),
    );
    return seeking;
  }

  function setPace(next: Pace): void {
    pace = next;
    lecture = lectureAt(lecture.instant);
    tell();
    advance();
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    clearImmediate(telling);
    close();
    onStop();
    for (const watcher of [...watchers]) watcher.onStop();
  }

  const loaded = jump(replay?.from ?? "end");
  loaded.then(
    (there) => {
      if (!there) stop();
      else if (replay?.paused === false) setPace(atSpeed(pace, speed, Date.now()));
    },
    (error: unknown) => {
      telemetry.fault("spectate", error);
      stop();
    },
  );

  return {
    id,
    shows: watch,
    get state() {
      return { combat: state, lecture };
    },
    get version() {
      return version;
    },
    ready: () => loaded,
    submit: async () => refusal("FORBIDDEN"),
    watch(watcher) {
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        if (watchers.size === 0) stop();
      };
    },
    async control(command) {
      const now = Date.now();
      services.onControl?.(command.type);
      switch (command.type) {
        case "play":
          if (pace.speed === 0) setPace(atSpeed(pace, speed, now));
          break;
        case "pause":
          if (pace.speed > 0) setPace(atSpeed(pace, 0, now));
          break;
        case "speed":
          speed = command.speed;
          setPace(pace.speed === 0 ? pace : atSpeed(pace, speed, now));
          break;
        case "seek":
          try {
            await jump(command.to);
          } catch (error) {
            telemetry.fault("spectate", error);
            return refusal("UNAVAILABLE");
          }
          break;
      }
      return { ok: true, version, sequence, events: [] };
    },
    stop,
  };
}

function answered({ eventType, version, sequence, payload }: StoredEvent): AnsweredEvent {
  return { eventType, version, sequence, payload };
}

function isOver({ etat }: CombatState): boolean {
  return etat === "TERMINE" || etat === "ABANDONNE";
}
