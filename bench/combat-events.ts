import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";
import type { NewEvent } from "../domain/envelope.ts";

/** One actor of the load: a stream, how far it is, and who fights in it. */
export interface Combat {
  readonly id: string;
  version: number;
  readonly combatants: readonly [string, string];
  readonly userId: string;
  readonly sessionId: string;
}

const pool = Buffer.allocUnsafe(16 * 1_024);
let used = pool.length;

/** UUIDv7 with randomness drawn in bulk: asking the kernel for each id costs 1.6 µs, and the load should cost next to nothing. */
function uuid7(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return v7({ random: pool.subarray(used - 16, used) });
}

const ELEMENTS = ["FEU", "EAU", "TERRE", "AIR", "LUMIERE", "TENEBRES"] as const;

export function createCombats(count: number): Combat[] {
  return Array.from({ length: count }, () => ({
    id: uuid7(),
    version: 0,
    combatants: [uuid7(), uuid7()],
    userId: uuid7(),
    sessionId: uuid7(),
  }));
}

/** The next hit in a combat: the commonest event of the game, with the metadata that every event carries. */
export function nextHit(combat: Combat): NewEvent {
  const turn = combat.version;
  const [source, cible] = turn % 2 === 0 ? combat.combatants : [combat.combatants[1], combat.combatants[0]];
  const commandId = uuid7();
  const degatsBruts = 40 + (turn % 37);
  const reduction = 12 + (turn % 11);
  const hpAvant = 1_000 - (turn % 900);
  const degatsFinaux = degatsBruts - reduction;
  return {
    eventId: uuid7(),
    eventType: "DegatsInfliges",
    timestamp: new Date().toISOString(),
    payload: {
      source,
      cible,
      element: ELEMENTS[turn % ELEMENTS.length],
      degatsBruts,
      reduction,
      degatsFinaux,
      critique: turn % 10 === 0,
      hpAvant,
      hpApres: Math.max(0, hpAvant - degatsFinaux),
      etatApres: hpAvant > degatsFinaux ? "VIVANT" : "KO",
    },
    metadata: {
      userId: combat.userId,
      sessionId: combat.sessionId,
      correlationId: uuid7(),
      causationId: commandId,
      commandId,
      tenantId: "default",
      schemaVersion: 1,
    },
  };
}
