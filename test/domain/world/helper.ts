import type { WorldCommand } from "../../../domain/world/commands.ts";
import { evenementDefinition, mondeDefinition } from "../../../domain/world/definition.ts";
import type { PayloadOf, WorldEvent, WorldEventType } from "../../../domain/world/events.ts";
import type { WorldState } from "../../../domain/world/state.ts";
import { world } from "../../../domain/world/world.ts";

function uuid(kind: string, n: number): string {
  return `${kind.padEnd(8, "0")}-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** Zone, resource, boss, world event, player and combat number n. */
export const zid = (n: number): string => uuid("20e", n);
export const rid = (n: number): string => uuid("4e5", n);
export const bid = (n: number): string => uuid("b055", n);
export const vid = (n: number): string => uuid("e7e", n);
export const jid = (n: number): string => uuid("10e", n);
export const cid = (n: number): string => uuid("c0b", n);
const itemId = uuid("17e", 1);

export const HOUR = 60_000;

/** Two zones; the first has a resource of 100 that grows every 10 s and one of 5, and boss 1. */
export const createWorld: WorldCommand = {
  type: "CreerMonde",
  definition: mondeDefinition.parse({
    zones: [
      {
        zoneId: zid(1),
        nom: "Bois",
        niveauMin: 1,
        niveauMax: 5,
        boss: [bid(1)],
        ressources: [
          { ressourceId: rid(1), nom: "Sauge", itemId, capacite: 100, regenerationMs: 10_000 },
          { ressourceId: rid(2), nom: "Ambre", itemId, capacite: 5, regenerationMs: 90_000 },
        ],
      },
      { zoneId: zid(2), nom: "Mines", niveauMin: 5, niveauMax: 9 },
    ],
  }),
};

export const discover = (player: number, zone = 1): WorldCommand => ({
  type: "DecouvrirZone",
  zoneId: zid(zone),
  joueurId: jid(player),
  pseudo: `P${player}`,
});
export const gather = (player: number, quantite: number, resource = 1): WorldCommand => ({
  type: "RecolterRessource",
  ressourceId: rid(resource),
  joueurId: jid(player),
  quantite,
});
export const trigger = (n: number, over: Record<string, unknown> = {}): WorldCommand => ({
  type: "DeclencherEvenement",
  evenementId: vid(n),
  definition: evenementDefinition.parse({ type: "RECOLTE", nom: "Moisson", objectif: 10, dureeMs: 100_000, ...over }),
});
export const contribute = (n: number, player: number, montant: number): WorldCommand => ({
  type: "ContribuerEvenement",
  evenementId: vid(n),
  joueurId: jid(player),
  montant,
  reference: "test",
});
export const defeat = (combat: number, players: readonly number[], boss = 1, zone = 1): WorldCommand => ({
  type: "DeclarerBossVaincu",
  bossId: bid(boss),
  nom: "Ours",
  combatId: cid(combat),
  zoneId: zid(zone),
  vainqueurs: players.map((n) => ({ joueurId: jid(n), pseudo: `P${n}` })),
});

export interface Result {
  readonly state: WorldState;
  readonly events: readonly WorldEvent[];
  readonly types: readonly WorldEventType[];
  readonly code: string | undefined;
  readonly message: string;
}

/** Given a state, when a command comes: what follows. */
export function when(given: WorldState, command: WorldCommand, now = 0): Result {
  const decision = world.decide(given, command, { now });
  if (!decision.ok) {
    const { code, message } = decision.rejection;
    return { state: given, events: [], types: [], code, message };
  }
  const { events } = decision;
  const state = events.reduce(world.evolve, given);
  return { state, events, types: events.map((event) => event.eventType), code: undefined, message: "" };
}

/** The state after all of `commands`, each of which has to be accepted. */
export function given(...commands: WorldCommand[]): WorldState {
  return [createWorld, ...commands].reduce((state, command) => {
    const result = when(state, command);
    if (result.code !== undefined) throw new Error(`${command.type} was refused: ${result.code}`);
    return result.state;
  }, world.initial);
}

export function payload<Type extends WorldEventType>(events: readonly WorldEvent[], type: Type): PayloadOf<Type> {
  const found = events.find((event) => event.eventType === type);
  if (found === undefined) throw new Error(`no ${type} among ${events.map((event) => event.eventType).join(", ")}`);
  return found.payload as PayloadOf<Type>;
}

export const at = (ms: number): string => new Date(ms).toISOString();
