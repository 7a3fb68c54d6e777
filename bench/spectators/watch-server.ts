import { randomUUID } from "node:crypto";
import type { Room } from "@colyseus/core";
import { pino } from "pino";
import { combat } from "../../domain/combat/combat.ts";
import { combatEvents } from "../../domain/combat/events.ts";
import { createActors } from "../../rooms/actors.ts";
import { createCombatRoom } from "../../rooms/combat-room.ts";
import type { Principal } from "../../rooms/principal.ts";
import { createWatchedCombats } from "../../rooms/spectate-combats.ts";
import { createFollowers } from "../../rooms/spectate-followers.ts";
import { createSpectateRoom } from "../../rooms/spectate-room.ts";
import { readConfig } from "../../server/config.ts";
import { listenGamePort } from "../../server/game-port.ts";
import { freePort } from "../../server/ports.ts";
import { createPool } from "../../store/database.ts";
import { createFeed } from "../../store/feed.ts";
import { createLiveEvents } from "../../store/live-events.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRedisWakeUps } from "../../store/redis-wake-ups.ts";
import { createRegistry } from "../../store/registry.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { duel } from "../rooms/duel.ts";
import { createPlainRoom } from "../rooms/plain-room.ts";

/**
 * One node, in a process of its own: `node watch-server.ts <plain|combat|spectate> <combat id> <players> <database url> [redis url]`.
 * plain: a Colyseus room, and nothing else; combat: the combat's node, which lets watch as well; spectate: a node that only lets watch.
 * Prints a line of JSON when it is ready, another one with what it has used for each line that it reads, and ends with its input.
 */
export interface NodeReady {
  readonly port: number;
}
export interface NodeUse {
  /** User and system, so far. */
  readonly cpuMs: number;
  readonly rssMiB: number;
}

const [role, combatId = "", playerList = "", url = "", redisUrl] = process.argv.slice(2);
const players = playerList.split(",") as [string, string];
const port = await freePort("127.0.0.1");
const config = readConfig({
  TRANSPORT: "uws",
  HOST: "127.0.0.1",
  CONNECTIONS: "100000",
  CONNECTIONS_PER_ADDRESS: "100000",
});
const log = pino({ level: "fatal" });

async function ownRooms(): Promise<Record<string, { room: new () => Room; key: string }>> {
  const onFault = (error: unknown): void => console.error(error);
  const telemetry = { refused: () => undefined, fault: (where: string, error: unknown) => console.error(where, error) };
  const wakeUps = createLocalWakeUps();
  const redis = redisUrl === undefined ? undefined : createRedisWakeUps({ url: redisUrl, prefix: combatId, onFault });
  const pools = { writePool: createPool({ url, poolSize: 3 }), readPool: createPool({ url }) };
  const store = createPostgresStore(pools, createRegistry(combatEvents), {
    onAppended() {
      wakeUps.notify();
      redis?.notify();
    },
  });
  const live = createLiveEvents(store, createFeed(store, { process: wakeUps, redis, onFault }), { onFault });
  const services = {
    // The token is the user's id: what tokens cost is paid once a connection.
    authenticate: async (token: string | undefined): Promise<Principal | undefined> =>
      token === undefined ? undefined : { userId: token, role: "joueur", tenantId: "bench" },
    telemetry,
    limits: { commandsPerSecond: 1e9, commandBurst: 1e9, framesPerSecond: 1e9 },
  };
  const spectate = createSpectateRoom(createFollowers({ store, live, telemetry }), {
    ...services,
    combats: createWatchedCombats(store),
    nodeId: "here",
    mayWatch: () => true,
    isExempt: () => false,
    delayMs: 0,
  });
  if (role === "spectate") return { spectate: { room: spectate, key: "watch" } };
  const actors = createActors(combat, store, telemetry, { nodeId: "bench", tenantId: "bench" });
  const command = { type: "PreparerCombat", combatId, definition: duel(players) } as const;
  const answer = await actors.create(combatId, { commandId: randomUUID(), command });
  if (!answer.ok) throw new Error(answer.message);
  return {
    combat: { room: createCombatRoom(actors, services), key: "combatId" },
    spectate: { room: spectate, key: "watch" },
  };
}

const rooms =
  role === "plain"
    ? { combat: { room: createPlainRoom(new Map([[combatId, duel(players)]])), key: "combatId" } }
    : await ownRooms();
await listenGamePort(config, port, rooms, log);
process.stdin
  .on("data", () => {
    const { user, system } = process.cpuUsage();
    const use: NodeUse = { cpuMs: (user + system) / 1_000, rssMiB: process.memoryUsage().rss / 2 ** 20 };
    console.log(JSON.stringify(use));
  })
  .on("end", () => process.exit(0));
console.log(JSON.stringify({ port } satisfies NodeReady));
