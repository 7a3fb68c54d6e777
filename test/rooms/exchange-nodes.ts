import { v7 as uuidv7 } from "uuid";
import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { PlayerCommand } from "../../domain/player/commands.ts";
import { player } from "../../domain/player/player.ts";
import type { PlayerEvent, PlayerState } from "../../domain/player/state.ts";
import { createActors } from "../../rooms/actors.ts";
import { createCommands, kindOf, type Peer } from "../../rooms/commands.ts";
import { createExchanges } from "../../rooms/exchanges.ts";
import { readAggregate } from "../../rooms/load.ts";
import { streamsOf } from "../../rooms/streams.ts";
import type { EventStore } from "../../store/event-store.ts";

export type Node = ReturnType<typeof startNode>;

/** What a node runs of players, with nothing of the network: its peers are those in `nodes`. */
export function startNode(nodeId: string, store: EventStore, nodes: Map<string, { readonly peer: Peer }>) {
  const faults: string[] = [];
  const telemetry = {
    refused: () => undefined,
    fault: (where: string, error: unknown) => void faults.push(`${where}: ${String(error)}`),
  };
  const actors = createActors(player, store, telemetry, { nodeId, tenantId: "t", snapshotEvery: 20 });
  const commands = createCommands<{ Joueur: PlayerCommand }>(
    { Joueur: kindOf({ aggregate: player, actors }) },
    {
      store,
      telemetry,
      tenantId: "t",
      nodeId,
      peers: { find: async (id) => nodes.get(id)?.peer, host: async () => undefined },
    },
  );
  const read = async (id: string) => (await readAggregate(id, player, store, telemetry))?.state;
  const exchanges = createExchanges(commands, read);
  const peer: Peer = {
    send: (type, id, envelope) => commands.sendHere(type, id, envelope),
    refresh: async (type, id) => commands.refreshHere(type, id),
  };
  const node = {
    nodeId,
    actors,
    faults,
    peer,
    read,
    send: (joueurId: string, command: PlayerCommand, commandId = uuidv7()) =>
      commands.send("Joueur", joueurId, { commandId, command }),
    /** As a client's: asked again for as long as it is not final. */
    async step(joueurId: string, message: unknown, commandId = uuidv7()): Promise<Answer> {
      for (;;) {
        const answer = await exchanges.handle(message, joueurId, { commandId });
        if (answer === undefined) throw new Error("not about an exchange");
        if (answer.ok || !answer.retryable) return answer;
      }
    },
  };
  nodes.set(nodeId, node);
  return node;
}

/** Every event of a player's streams, one stream after the other. */
export async function logOf(store: EventStore, joueurId: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (const { aggregateId } of streamsOf(player, joueurId))
    for await (const event of store.readStream(aggregateId)) events.push(event);
  return events;
}

/** The player as its events alone make it. */
export function replayed(events: readonly StoredEvent[]): PlayerState {
  return events.reduce<PlayerState>(
    (state, event) => player.evolve(state, event as unknown as PlayerEvent),
    player.initial,
  );
}
