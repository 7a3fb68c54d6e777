import type { Authenticate } from "../rooms/principal.ts";
import { openDiscovery } from "./discovery.ts";
import { createRooms, type Game } from "./game.ts";
import { type GamePort, listenGamePort } from "./game-port.ts";
import type { Matchmaking } from "./matchmaking.ts";
import type { NodeBase } from "./node-base.ts";
import { freePort } from "./ports.ts";
import type { Releasers } from "./releasers.ts";

/** The doors for players, on a node that runs the game. */
export async function openGamePart(
  base: NodeBase,
  game: Game,
  matchmaking: Matchmaking,
  authenticate: Authenticate,
  releasers: Releasers,
): Promise<GamePort & { readonly number: number }> {
  const { config, nodeId, telemetry, shared, log, peers, store } = base;
  const limits = {
    commandsPerSecond: config.commandsPerSecond,
    commandBurst: config.commandsPerSecond * 2,
    framesPerSecond: config.framesPerSecond,
    strikes: config.malformedFrames,
  };
  const rooms = createRooms(game, {
    authenticate,
    telemetry,
    limits,
    matchmaking,
    ...(shared !== undefined && { heard: shared.channels.chat, sessions: shared.sessions }),
  });
  const number = config.gamePort === 0 ? await freePort(config.host) : config.gamePort;
  const discovery =
    config.redisUrl === undefined
      ? undefined
      : openDiscovery({
          ...{ url: config.redisUrl, prefix: config.redisPrefix, nodeId },
          onFault: (error) => telemetry.fault("listings", error),
        });
  if (discovery !== undefined) releasers.add("discovery", () => discovery.close());
  const port = await listenGamePort(config, number, rooms, log, {
    telemetry,
    discovery,
    async joinElsewhere(id, seat) {
      const owner = (await store.head(id))?.owner;
      return owner === undefined || owner === null ? undefined : peers.join(owner, seat);
    },
  });
  releasers.add("game port", () => port.close());
  return { ...port, number };
}
