import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { combat } from "../../domain/combat/combat.ts";
import type { CombatDefinition } from "../../domain/combat/definition.ts";
import { combatDefinition } from "../../domain/combat/definition.ts";
import { combatEvents } from "../../domain/combat/events.ts";
import { createActors } from "../../rooms/actors.ts";
import { createCombatRoom } from "../../rooms/combat-room.ts";
import { readConfig } from "../../server/config.ts";
import { listenGamePort } from "../../server/game-port.ts";
import { freePort } from "../../server/ports.ts";
import { createPool } from "../../store/database.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { createPlainRoom } from "./plain-room.ts";

/**
 * One contender, in a process of its own: `node room-server.ts <durable|memory|plain> <uws|ws> <combats> [database url]`.
 * Prints one line of JSON when it is ready, and ends with its standard input.
 */
export interface Ready {
  readonly port: number;
  readonly combats: readonly { readonly combatId: string; readonly players: readonly [string, string] }[];
}

const [kind = "plain", transport = "uws", combats = "1", databaseUrl = ""] = process.argv.slice(2);
// Told where the fight stands, one needs no rules to attack for ever: two that hit weakly and have hit points for a year.
function duel(players: readonly [string, string]): CombatDefinition {
  return combatDefinition.parse({
    typeCombat: "PVP",
    zone: { zoneId: randomUUID() },
    graine: randomUUID(),
    dureeTourMs: 3_600_000,
    conditionsVictoire: { limiteTours: 10_000 },
    participants: players.map((entiteId, i) => ({
      participantId: entiteId,
      entiteId,
      typeEntite: "JOUEUR",
      equipe: `${i}`,
      nom: `Duelliste ${i}`,
      initiative: 10 - i,
      position: i,
      hpMax: 1_000_000,
      statsCombat: { attaque: 5, precision: 95 },
    })),
  });
}

const config = readConfig({ TRANSPORT: transport, HOST: "127.0.0.1" });
const log = pino({ level: "fatal" });
const telemetry = { refused: () => undefined, fault: (where: string, error: unknown) => console.error(where, error) };
const list = Array.from({ length: Number(combats) }, () => ({
  combatId: randomUUID(),
  players: [randomUUID(), randomUUID()] as const,
}));
const definitions = new Map(list.map(({ combatId, players }) => [combatId, duel(players)]));

async function createRoom() {
  if (kind === "plain") return createPlainRoom(definitions);
  const registry = createRegistry(combatEvents);
  const store: EventStore =
    kind === "memory"
      ? createMemoryStore(registry)
      : createPostgresStore(
          { writePool: createPool({ url: databaseUrl, poolSize: 3 }), readPool: createPool({ url: databaseUrl }) },
          registry,
          { lanes: Number(process.env.LANES ?? 2) },
        );
  const actors = createActors(combat, store, telemetry, { nodeId: "bench", tenantId: "bench" });
  await Promise.all(
    list.map(async ({ combatId }) => {
      const definition = definitions.get(combatId);
      if (definition === undefined) return;
      const answer = await actors.create(combatId, {
        commandId: randomUUID(),
        command: { type: "PreparerCombat", combatId, definition },
      });
      if (!answer.ok) throw new Error(answer.message);
    }),
  );
  // The token is the player's id: what tokens cost is paid once a connection, not once an action.
  return createCombatRoom(actors, {
    authenticate: async (token) =>
      token === undefined ? undefined : { userId: token, role: "joueur", tenantId: "bench" },
    telemetry,
    limits: { commandsPerSecond: 1e9, commandBurst: 1e9, framesPerSecond: 1e9 },
  });
}

const port = await freePort("127.0.0.1");
await listenGamePort(config, port, { combat: { room: await createRoom(), key: "combatId" } }, log);
process.stdin.on("end", () => process.exit(0)).resume();
console.log(JSON.stringify({ port, combats: list } satisfies Ready));
