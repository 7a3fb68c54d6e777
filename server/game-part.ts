import type { Entrance } from "../rooms/entrance.ts";
import type { Authenticate } from "../rooms/principal.ts";
import { createWatchedCombats } from "../rooms/spectate-combats.ts";
import { createFollowers, type Followers } from "../rooms/spectate-followers.ts";
import { openDiscovery } from "./discovery.ts";
import type { Drain } from "./drain.ts";
import { createRooms, type Game } from "./game.ts";
import { type GamePort, listenGamePort } from "./game-port.ts";
import type { Limits } from "./limits.ts";
import type { Matchmaking } from "./matchmaking.ts";
import type { NodeBase } from "./node-base.ts";
import { freePort } from "./ports.ts";
import type { ReadPart } from "./read-part.ts";
import type { Releasers } from "./releasers.ts";

/** ms between looks for listings of nodes that are gone; they mislead nobody, but they pile up. */
const FORGET_EVERY_MS = 60_000;

export interface GameDoors {
  readonly authenticate: Authenticate;
  readonly entrance: Entrance;
  readonly drain: Pick<Drain, "isDraining">;
  readonly players: Limits;
}

/** The doors for players, on a node that runs the game. */
export async function openGamePart(
  base: NodeBase,
  game: Game,
  { readStore, live }: Pick<ReadPart, "readStore" | "live">,
  matchmaking: Matchmaking,
  { drain, ...doors }: GameDoors,
  releasers: Releasers,
): Promise<GamePort & { readonly number: number; readonly followers: Followers }> {
  const { config, nodeId, telemetry, metrics, shared, log, peers, store, nodes } = base;
  const limits = {
    commandsPerSecond: config.commandsPerSecond,
    commandBurst: config.commandsPerSecond * 2,
    framesPerSecond: config.framesPerSecond,
    strikes: config.malformedFrames,
  };
  const followers = createFollowers({
    ...{ store: readStore, live, telemetry },
    onShown: (seconds) => metrics.spectateSeconds.observe(seconds),
    onControl: (type) => metrics.replayCommands.inc({ type }),
  });
  releasers.add("followers", () => followers.close());
  const rooms = createRooms(game, {
    ...doors,
    telemetry,
    limits,
    spectate: { nodeId, followers, combats: createWatchedCombats(readStore), delayMs: config.spectateDelayMs },
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
  if (discovery !== undefined) {
    const forgetting = setInterval(() => {
      nodes
        .hosts()
        .then((live) => discovery.forget(live.map((one) => one.nodeId)))
        .catch((error: unknown) => telemetry.fault("listings", error));
    }, FORGET_EVERY_MS);
    releasers.add("discovery", () => {
      clearInterval(forgetting);
      discovery.close();
    });
  }
  const port = await listenGamePort(config, number, rooms, log, {
    telemetry,
    discovery,
    addressWaitMs: doors.players.addressWaitMs,
    async joinElsewhere(id, seat) {
      const owner = (await store.head(id))?.owner ?? nodeId;
      const seatThere = owner === nodeId ? undefined : await peers.join(owner, seat);
      if (seatThere !== undefined || !drain.isDraining) return seatThere;
      // Nobody runs it, and this node is not to: then the least busy one.
      const other = (await nodes.hosts()).find((one) => one.nodeId !== nodeId);
      return other && peers.join(other.nodeId, seat);
    },
  });
  releasers.add("game port", () => port.close());
  return { ...port, number, followers };
}
