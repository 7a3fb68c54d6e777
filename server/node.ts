import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { combat } from "../domain/combat/combat.ts";
import { combatEvents } from "../domain/combat/events.ts";
import { createActors } from "../rooms/actors.ts";
import { createCombatRoom } from "../rooms/combat-room.ts";
import { createPool } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRegistry } from "../store/registry.ts";
import { runUpkeep } from "../store/upkeep.ts";
import { createApi } from "./api.ts";
import { createAuthenticator } from "./auth.ts";
import type { Config } from "./config.ts";
import { listenGamePort } from "./game-port.ts";
import { createMetrics } from "./metrics.ts";
import { assertPortFree, freePort } from "./ports.ts";
import { Releasers } from "./releasers.ts";
import { createTelemetry } from "./telemetry.ts";

const HOUR_MS = 60 * 60 * 1_000;

export interface RunningNode {
  readonly nodeId: string;
  readonly gamePort: number;
  readonly apiPort: number;
  readonly transport: "uws" | "ws";
  /** Drains: finishes what was taken, tells clients to come again, releases everything. */
  close(): Promise<void>;
}

/** The whole server, put together: this page knows every part and nothing else does. */
export async function startNode(config: Config, databaseUrl: string, log: Logger): Promise<RunningNode> {
  const releasers = new Releasers(log);
  try {
    const nodeId = randomUUID();
    await assertPortFree(config.gamePort, config.host, "GAME_PORT");
    await assertPortFree(config.apiPort, config.host, "API_PORT");

    const metrics = createMetrics();
    const telemetry = createTelemetry(metrics, log);
    const database = { url: databaseUrl, schema: config.databaseSchema, applicationName: `aether-engine ${nodeId}` };
    await migrate(database);

    const writePool = createPool({ ...database, poolSize: config.appendLanes + 1 });
    const readPool = createPool({ ...database, poolSize: config.databasePool });
    const store = createPostgresStore({ writePool, readPool }, createRegistry(combatEvents), {
      lanes: config.appendLanes,
      onBatch(_units, events, seconds) {
        metrics.appendBatches.observe(events);
        metrics.appendSeconds.observe(seconds);
      },
    });
    releasers.add("store", () => store.close());

    const upkeep = setInterval(() => {
      runUpkeep(readPool).catch((error: unknown) => telemetry.fault("upkeep", error));
    }, HOUR_MS);
    releasers.add("upkeep", () => clearInterval(upkeep));

    const combats = createActors(combat, store, telemetry, { nodeId, tenantId: config.tenantId });
    const authenticate = createAuthenticator(config.authSecret, config.tenantId);
    const limits = {
      commandsPerSecond: config.commandsPerSecond,
      commandBurst: config.commandsPerSecond * 2,
      framesPerSecond: config.framesPerSecond,
      strikes: config.malformedFrames,
    };
    const rooms = { combat: { room: createCombatRoom(combats, { authenticate, telemetry, limits }), key: "combatId" } };

    const gamePort = config.gamePort === 0 ? await freePort(config.host) : config.gamePort;
    const game = await listenGamePort(config, gamePort, rooms, log);
    releasers.add("game port", () => game.close());

    const api = createApi({ authenticate, combats, store, metrics, log });
    await api.listen({ port: config.apiPort, host: config.host });
    releasers.add("API port", () => api.close());
    // Last in, first out: the actors finish while both ports still answer.
    releasers.add("combats", () => combats.close());

    const address = api.server.address();
    const apiPort = address === null || typeof address === "string" ? config.apiPort : address.port;
    return { nodeId, gamePort, apiPort, transport: game.transport, close: () => releasers.release() };
  } catch (error) {
    await releasers.release();
    throw error;
  }
}
