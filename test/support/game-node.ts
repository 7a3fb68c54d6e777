import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { catalogueEvents } from "../../domain/catalogue/catalogue.ts";
import { combatEvents } from "../../domain/combat/events.ts";
import { marketEvents } from "../../domain/market/events.ts";
import { playerEvents } from "../../domain/player/state.ts";
import { worldEvents } from "../../domain/world/events.ts";
import type { Commands, Peer, Peers } from "../../rooms/commands.ts";
import { type Game, type GameCommands, startGame } from "../../server/game.ts";
import { Releasers } from "../../server/releasers.ts";
import { createPool } from "../../store/database.ts";
import type { AppendRequest, AppendResult, EventStore } from "../../store/event-store.ts";
import { createFeed, type Feed } from "../../store/feed.ts";
import { createRegistry, type EventRegistry } from "../../store/registry.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import type { TestDatabase } from "./postgres.ts";
import { openSealedStore } from "./sealed-store.ts";

/** Whatever nobody runs stays so, unless a test has it run. */
const NOBODY_FORSAKEN = {
  claim: async () => [],
  unclaim: async () => undefined,
  unowned: async () => [],
  lost: async () => [],
};

/**
 * Where a node is cut off, at an append: before it is written, or after it was and before anybody heard of it. `invalid`: that
 * append alone fails, as by a bug.
 */
export type Cut = "before" | "after" | "invalid" | undefined;

export interface GameNodeOptions {
  /** Asked at each append. From the first `before` or `after` on the node does nothing any more. */
  readonly cut?: (request: AppendRequest) => Cut;
  /** Sagas see nothing of the log until `release`. */
  readonly held?: boolean;
  /** Asked at each call between nodes that comes here; `false`: it is not answered. */
  readonly answers?: () => boolean;
}

export interface GameNode {
  readonly nodeId: string;
  readonly game: Game;
  readonly store: EventStore;
  /** Faults that it told of, by where they were. */
  readonly faults: readonly string[];
  /** Resolves when it was cut off. */
  readonly cutOff: Promise<void>;
  release(): void;
  /** Until nothing is left for any saga, not even what they led to themselves. */
  idle(): Promise<void>;
  /** As a kill: what is not durable by now never will be. */
  die(): Promise<void>;
  close(): Promise<void>;
}

type SendsHere = Pick<Commands<GameCommands>, "sendHere" | "refreshHere"> & { readonly answers: () => boolean };

/** All event types of the game. */
export function gameRegistry(): EventRegistry {
  return createRegistry(combatEvents, playerEvents, catalogueEvents, marketEvents, worldEvents);
}

/** The nodes of one process over one database: what runs on a server, without its doors. */
export function gameNodes(database: TestDatabase) {
  const alive = new Map<string, SendsHere>();

  function peersOf(own: string): Peers {
    return {
      host: async () => undefined,
      async find(nodeId): Promise<Peer | undefined> {
        const there = alive.get(nodeId);
        if (there === undefined || nodeId === own) return undefined;
        return {
          send: async (type, id, envelope) => (there.answers() ? there.sendHere(type, id, envelope) : undefined),
          async refresh(type, id) {
            if (there.answers()) await there.refreshHere(type, id);
          },
        };
      },
    };
  }

  return async function openGameNode(options: GameNodeOptions = {}): Promise<GameNode> {
    const nodeId = uuidv7();
    const config = { url: database.url };
    const pool = createPool({ ...config, poolSize: 8, applicationName: "aether-engine sagas" });
    const wakeUps = createLocalWakeUps();
    const whole = openSealedStore({ ...config, poolSize: 4 }, gameRegistry(), { onAppended: () => wakeUps.notify() });
    const mortal = cuttable(whole, options.cut ?? (() => undefined));
    const feed = createFeed(whole, { process: wakeUps });
    const gate = holdable(feed, options.held ?? false);
    const faults: string[] = [];
    const telemetry = { refused: () => undefined, fault: (where: string) => void faults.push(where) };
    const releasers = new Releasers(pino({ level: "silent" }));
    releasers.add("connections", () => pool.end());
    releasers.add("store", () => whole.close());
    releasers.add("feed", () => feed.close());
    const services = { nodeId, tenantId: "default", store: mortal.store, feed: gate.feed, pool, telemetry };
    const game = await startGame({ ...services, peers: peersOf(nodeId), nodes: NOBODY_FORSAKEN }, releasers);
    releasers.add("game", () => game.close());
    releasers.add("peers", () => alive.delete(nodeId));
    const { sendHere, refreshHere } = game.commands;
    alive.set(nodeId, { sendHere, refreshHere, answers: options.answers ?? (() => true) });
    void mortal.cutOff.then(() => alive.delete(nodeId));

    return {
      nodeId,
      game,
      store: whole,
      faults,
      cutOff: mortal.cutOff,
      release: gate.release,
      async idle() {
        for (let before = -1; ; await sleep(20)) {
          const last = await whole.lastSequence(await whole.highWaterMark());
          const lags = await Promise.all([...game.consumers.values()].map((one) => one.status()));
          const done = lags.every(({ lagEvents }) => lagEvents === 0);
          if (done && last === before) return;
          before = done ? last : -1;
        }
      },
      async die() {
        mortal.cutNow();
        await releasers.release();
      },
      close: () => releasers.release(),
    };
  };
}

/** A store that is gone from one moment on, as it is for a process that was killed. */
function cuttable(store: EventStore, cut: (request: AppendRequest) => Cut) {
  const off = Promise.withResolvers<void>();
  let dead = false;
  const gone = (): never => {
    throw new Error("cut off");
  };
  const unknown: AppendResult = { ok: false, reason: "UNKNOWN", message: "cut off" };

  function cutNow(): void {
    dead = true;
    off.resolve();
  }

  return {
    cutNow,
    cutOff: off.promise,
    store: {
      ...store,
      async append(request) {
        if (dead) return { ok: false, reason: "UNAVAILABLE", message: "cut off" };
        const where = cut(request);
        if (where === undefined) {
          const result = await store.append(request);
          return dead ? unknown : result;
        }
        if (where === "invalid") return { ok: false, reason: "INVALID", message: "by the test" };
        cutNow();
        if (where === "after") await store.append(request);
        return unknown;
      },
      activate: async (id, nodeId) => (dead ? gone() : store.activate(id, nodeId)),
      head: async (id) => (dead ? gone() : store.head(id)),
      outcome: async (id, commandId) => (dead ? gone() : store.outcome(id, commandId)),
      saveSnapshots: async (snapshots) => (dead ? gone() : store.saveSnapshots(snapshots)),
    } satisfies EventStore,
  };
}

function holdable(feed: Feed, held: boolean) {
  let open = !held;
  const listeners = new Set<() => void>();
  return {
    release() {
      open = true;
      for (const listener of listeners) listener();
    },
    feed: {
      ...feed,
      settled: () => (open ? feed.settled() : 0),
      read: async (after, limit, filter) => (open ? feed.read(after, limit, filter) : { events: [], position: after }),
      subscribe(listener) {
        listeners.add(listener);
        const end = feed.subscribe(listener);
        return () => {
          listeners.delete(listener);
          end();
        };
      },
    } satisfies Feed,
  };
}
