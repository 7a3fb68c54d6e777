import { randomUUID } from "node:crypto";
import type { Room } from "@colyseus/core";
import { combat } from "../../domain/combat/combat.ts";
import { combatEvents } from "../../domain/combat/events.ts";
import { createActors } from "../../rooms/actors.ts";
import { createCombatRoom } from "../../rooms/combat-room.ts";
import { createPool } from "../../store/database.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { duel } from "./duel.ts";
import { createPlainRoom } from "./plain-room.ts";

/** plain: Colyseus alone; memory: our room on a store that answers at once; durable: our room as it is. */
export type Kind = "plain" | "memory" | "durable";

export interface Duel {
  readonly combatId: string;
  readonly players: readonly [string, string];
}

export function createDuels(count: number): Duel[] {
  return Array.from({ length: count }, () => ({ combatId: randomUUID(), players: [randomUUID(), randomUUID()] }));
}

/** The room class of one contender, with all its duels begun. */
export async function createContender(
  kind: Kind,
  duels: readonly Duel[],
  databaseUrl: string,
): Promise<new () => Room> {
  if (kind === "plain")
    return createPlainRoom(new Map(duels.map(({ combatId, players }) => [combatId, duel(players)])));
  const telemetry = { refused: () => undefined, fault: (where: string, error: unknown) => console.error(where, error) };
  const actors = createActors(combat, createStore(kind, databaseUrl), telemetry, {
    nodeId: "bench",
    tenantId: "bench",
  });
  await Promise.all(
    duels.map(async ({ combatId, players }) => {
      const command = { type: "PreparerCombat", combatId, definition: duel(players) } as const;
      const answer = await actors.create(combatId, { commandId: randomUUID(), command });
      if (!answer.ok) throw new Error(answer.message);
      await actors.get(combatId)?.ready();
    }),
  );
  return createCombatRoom(actors, {
    // The token is the player's id: what tokens cost is paid once a connection, not once an action.
    authenticate: async (token) =>
      token === undefined ? undefined : { userId: token, role: "joueur", tenantId: "bench" },
    telemetry,
    limits: { commandsPerSecond: 1e9, commandBurst: 1e9, framesPerSecond: 1e9 },
  });
}

function createStore(kind: "memory" | "durable", url: string): EventStore {
  const registry = createRegistry(combatEvents);
  if (kind === "memory") return createMemoryStore(registry);
  return createPostgresStore({ writePool: createPool({ url, poolSize: 3 }), readPool: createPool({ url }) }, registry);
}
