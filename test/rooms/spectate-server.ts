import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { duel } from "../../bench/rooms/duel.ts";
import { AetherClient, type SpectateOptions, type SpectateSession } from "../../client/client.ts";
import { combat } from "../../domain/combat/combat.ts";
import type { CombatCommand } from "../../domain/combat/commands.ts";
import { combatEvents } from "../../domain/combat/events.ts";
import type { CombatState } from "../../domain/combat/state.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { RoomLimits } from "../../rooms/aggregate-room.ts";
import { createWatchedCombats } from "../../rooms/spectate-combats.ts";
import { createFollowers } from "../../rooms/spectate-followers.ts";
import { createSpectateRoom } from "../../rooms/spectate-room.ts";
import { readConfig } from "../../server/config.ts";
import { listenGamePort } from "../../server/game-port.ts";
import { createMeasure } from "../../server/measure.ts";
import { createMetrics } from "../../server/metrics.ts";
import { freePort } from "../../server/ports.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createFeed } from "../../store/feed.ts";
import { createLiveEvents } from "../../store/live-events.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { patiently } from "../support/patiently.ts";

/** A fight that is written to the log as it comes, without a room or an actor of its own. */
export interface Fought {
  readonly combatId: string;
  /** So many attacks, in one append. */
  act(attacks: number): Promise<void>;
  log(): Promise<StoredEvent[]>;
  /** That of the log's last event. */
  readonly version: number;
}

/** A game port in this process that only lets watch, over a log in memory. `fail`: makes reads of streams fail while it says so. */
export async function startSpectateServer(
  transport: "uws" | "ws",
  limits: RoomLimits = {},
  fail: () => boolean = () => false,
) {
  const refused: string[] = [];
  const faults: unknown[] = [];
  const cut: string[] = [];
  const patches: number[] = [];
  const telemetry = {
    measure: {
      ...createMeasure(createMetrics()),
      cut: (_room: string, why: string) => void cut.push(why),
      patched: (_room: string, _bytes: number, clients: number) => void patches.push(clients),
    },
    refused: (code: string) => void refused.push(code),
    fault: (where: string, error: unknown) => void faults.push(where, error),
  };
  const memory = createMemoryStore(createRegistry(combatEvents));
  const store: EventStore = {
    ...memory,
    readStream(...range) {
      if (fail()) throw new Error("away");
      return memory.readStream(...range);
    },
  };
  const wakeUps = createLocalWakeUps();
  const feed = createFeed(store, { process: wakeUps });
  const live = createLiveEvents(store, feed);
  const followers = createFollowers({ store, live, telemetry });
  const room = createSpectateRoom(followers, {
    authenticate: async (token) =>
      token === undefined ? undefined : { userId: token, role: "spectateur", tenantId: "t" },
    telemetry,
    limits,
    combats: createWatchedCombats(store),
    nodeId: "here",
    mayWatch: () => true,
    isExempt: () => false,
    delayMs: 0,
  });
  const config = readConfig({ HOST: "127.0.0.1", TRANSPORT: transport });
  const port = await freePort(config.host);
  const game = await listenGamePort(config, port, { spectate: { room, key: "watch" } }, pino({ level: "silent" }));
  const url = `ws://127.0.0.1:${port}`;

  return {
    url,
    refused,
    faults,
    cut,
    /** To how many clients each patch went. */
    patches,
    live,
    followers,
    async begin(): Promise<Fought> {
      const combatId = uuidv7();
      const players = [uuidv7(), uuidv7()] as const;
      let state: CombatState = combat.initial;
      let turn = 0;

      async function append(commands: readonly CombatCommand[]): Promise<void> {
        const expectedVersion = state.version;
        const events = commands.flatMap((command) => {
          const decision = combat.decide(state, command, { now: Date.now() });
          if (!decision.ok) throw new Error(decision.rejection.code);
          for (const event of decision.events) state = combat.evolve(state, event);
          return decision.events;
        });
        const added = events.map((event) => ({
          ...event,
          eventId: uuidv7(),
          timestamp: new Date().toISOString(),
          metadata: {
            correlationId: combatId,
            tenantId: "t",
            schemaVersion: combatEvents[event.eventType]?.schemaVersion ?? 1,
          },
        }));
        const stream = { aggregateId: combatId, aggregateType: "Combat", expectedVersion, events: added } as const;
        const result = await store.append({ actorId: combatId, streams: [stream] });
        if (!result.ok) throw new Error(result.reason);
        wakeUps.notify();
      }

      await append([{ type: "PreparerCombat", combatId, definition: duel(players) }]);
      return {
        combatId,
        act: (attacks) =>
          append(
            Array.from({ length: attacks }, (): CombatCommand => {
              const [joueurId, cible] = turn++ % 2 === 0 ? players : [players[1], players[0]];
              return { type: "ExecuterAction", joueurId, typeAction: "ATTAQUE", cibles: [cible] };
            }),
          ),
        get version() {
          return state.version;
        },
        async log() {
          const events: StoredEvent[] = [];
          for await (const event of memory.readStream(combatId)) events.push(event);
          return events;
        },
      };
    },
    async watch(combatId: string, options: SpectateOptions = {}, at = url): Promise<SpectateSession> {
      const client = new AetherClient({ url: at, token: uuidv7(), heartbeatMs: 600_000 });
      return patiently(() => client.spectate(combatId, options));
    },
    async close(): Promise<void> {
      await game.close();
      followers.close();
      await live.close();
      await feed.close();
    },
  };
}
