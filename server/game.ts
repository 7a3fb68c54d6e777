import type pg from "pg";
import { type CompetenceDefinitionCommand, competence } from "../domain/catalogue/competence.ts";
import { type ItemCommand, item } from "../domain/catalogue/item.ts";
import type { Unfilled } from "../domain/catalogue/lookup.ts";
import { type PnjDefinitionCommand, pnj } from "../domain/catalogue/pnj.ts";
import { type QueteDefinitionCommand, quete } from "../domain/catalogue/quete.ts";
import { combat } from "../domain/combat/combat.ts";
import type { CombatCommand } from "../domain/combat/commands.ts";
import type { MarketCommand } from "../domain/market/commands.ts";
import { market } from "../domain/market/market.ts";
import type { PlayerCommand } from "../domain/player/commands.ts";
import { player } from "../domain/player/player.ts";
import { sagas } from "../domain/sagas/sagas.ts";
import type { WorldCommand } from "../domain/world/commands.ts";
import { WORLD_ID } from "../domain/world/values.ts";
import { world } from "../domain/world/world.ts";
import { type Actors, createActors, type Observer } from "../rooms/actors.ts";
import type { RoomServices } from "../rooms/aggregate-room.ts";
import { type CatalogueCache, openCatalogue } from "../rooms/catalogue-cache.ts";
import { fillMarketCommand, fillPlayerCommand } from "../rooms/catalogue-fill.ts";
import type { CombatMirror } from "../rooms/combat-mirror.ts";
import { createCombatRoom } from "../rooms/combat-room.ts";
import { type Commands, createCommands, kindOf, type Peers } from "../rooms/commands.ts";
import { readAggregate } from "../rooms/load.ts";
import type { Locks } from "../rooms/locks.ts";
import { createMarketOrders, type MarketOrders } from "../rooms/market-orders.ts";
import { createMarketRoom } from "../rooms/market-room.ts";
import { createMatchmakingRoom, type MatchmakingRoomServices } from "../rooms/matchmaking-room.ts";
import { keepOwnership } from "../rooms/ownership.ts";
import { createPlayerDesk, type PlayerDesk } from "../rooms/player-desk.ts";
import { createPlayerRoom, type PlayerRoomServices } from "../rooms/player-room.ts";
import { createSagaSink } from "../rooms/saga-sink.ts";
import type { Followers } from "../rooms/spectate-followers.ts";
import { createSpectateRoom, type SpectateRoomServices } from "../rooms/spectate-room.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import { createWorldRoom, type WorldRoomServices } from "../rooms/world-room.ts";
import { type Consumer, createConsumer } from "../store/consumer.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Feed } from "../store/feed.ts";
import type { Nodes } from "../store/nodes.ts";
import { claimUsername } from "../store/usernames.ts";
import { bookId } from "../store/uuid.ts";
import type { PortRoom } from "./game-port.ts";
import type { Releasers } from "./releasers.ts";
import { mayWatch, mayWatchAtOnce } from "./visibility.ts";

/** Every aggregate that can be commanded, by the type of its main stream. */
export interface GameCommands {
  Joueur: Unfilled<PlayerCommand>;
  Combat: CombatCommand;
  Economy: MarketCommand;
  WorldState: WorldCommand;
  Item: ItemCommand;
  Competence: CompetenceDefinitionCommand;
  Quete: QueteDefinitionCommand;
  PNJ: PnjDefinitionCommand;
}

export interface Game {
  readonly commands: Commands<GameCommands>;
  readonly combats: Actors<Parameters<typeof combat.evolve>[0], CombatCommand>;
  readonly players: Actors<Parameters<typeof player.evolve>[0], PlayerCommand>;
  readonly markets: Actors<Parameters<typeof market.evolve>[0], MarketCommand>;
  readonly worlds: Actors<Parameters<typeof world.evolve>[0], WorldCommand>;
  readonly catalogue: CatalogueCache;
  readonly orders: MarketOrders;
  readonly desk: PlayerDesk;
  readonly consumers: ReadonlyMap<string, Consumer>;
  /** States as they are in the log, or in memory where they run here; undefined where there is nothing yet. */
  readPlayer(id: string): Promise<Parameters<typeof player.evolve>[0] | undefined>;
  readWorld(): Promise<Parameters<typeof world.evolve>[0] | undefined>;
  readBook(id: string): Promise<Parameters<typeof market.evolve>[0] | undefined>;
  /** Finishes what is on its way, and takes nothing more. May be called again. */
  close(): Promise<void>;
}

export interface GameServices {
  readonly nodeId: string;
  readonly tenantId: string;
  readonly store: EventStore;
  readonly feed: Feed;
  /** Connections of the consumers' transactions. */
  readonly pool: pg.Pool;
  readonly peers: Peers;
  readonly nodes: Pick<Nodes, "claim" | "unclaim" | "unowned" | "lost">;
  readonly telemetry: Telemetry;
  /** Whether aggregates run here; default true. Otherwise commands go to the nodes where they do. */
  readonly hosts?: boolean;
  /** Whether this node may be the one that keeps a saga going; default true. */
  readonly runsSagas?: boolean;
  /** Told of what combats and players come to on this node. */
  readonly mirrors?: GameMirrors | undefined;
  readonly locks?: Locks | undefined;
  /** Of sagas, by their names. */
  readonly onBatch?: (name: string, events: number, seconds: number) => void;
  readonly onTakeOver?: (name: string) => void;
}

export interface GameMirrors {
  readonly combats: CombatMirror;
  readonly players: Observer<Parameters<typeof player.evolve>[0]>;
}

/** A saga's batch waits for the commands that it sends; its transaction is idle for that long, ms. */
const SAGA_IDLE_MS = 60_000;

/** Everything of the game that runs on a node, without its doors. */
export async function startGame(services: GameServices, releasers: Releasers): Promise<Game> {
  const { nodeId, tenantId, store, feed, pool, peers, nodes, telemetry, mirrors, locks } = services;
  const { hosts = true, runsSagas = true } = services;
  const options = { nodeId, tenantId };
  const catalogue = await openCatalogue(store, feed, telemetry);
  releasers.add("catalogue", () => catalogue.close());

  const combats = createActors(combat, store, telemetry, { ...options, observer: mirrors?.combats });
  const players = createActors(player, store, telemetry, { ...options, observer: mirrors?.players });
  // Large states that change often: a snapshot every 50 events would cost more than all the rest.
  const markets = createActors(market, store, telemetry, { ...options, snapshotEvery: 5_000 });
  const worlds = createActors(world, store, telemetry, { ...options, snapshotEvery: 1_000 });

  const commands = createCommands<GameCommands>(
    {
      Joueur: kindOf({
        aggregate: player,
        actors: players,
        rests: true,
        fill: (command) => fillPlayerCommand(command, catalogue.current),
      }),
      Combat: kindOf({ aggregate: combat, actors: combats }),
      Economy: kindOf({
        aggregate: market,
        actors: markets,
        aggregateId: bookId,
        fill: (command) => fillMarketCommand(command, catalogue.current),
      }),
      WorldState: kindOf({ aggregate: world, actors: worlds }),
      Item: kindOf({ aggregate: item }),
      Competence: kindOf({ aggregate: competence }),
      Quete: kindOf({ aggregate: quete }),
      PNJ: kindOf({ aggregate: pnj }),
    },
    { store, telemetry, tenantId, nodeId, peers, locks, hosts },
  );

  const consumers = new Map(
    sagas.map((saga) => [
      saga.name,
      createConsumer({
        name: saga.name,
        nodeId,
        pool,
        store,
        feed,
        sink: createSagaSink(saga, commands),
        filter: { eventTypes: saga.eventTypes },
        idleTransactionMs: SAGA_IDLE_MS,
        runs: runsSagas,
        onFault: (error) => telemetry.fault(`saga ${saga.name}`, error),
        onBatch: (events, seconds) => services.onBatch?.(saga.name, events, seconds),
        onTakeOver: () => services.onTakeOver?.(saga.name),
      }),
    ]),
  );

  const owned = { Combat: combats, Joueur: players, Economy: markets, WorldState: worlds };
  const keeper = hosts ? keepOwnership(owned, nodes, telemetry) : undefined;

  let closed: Promise<void> | undefined;

  /** Sagas stop before the actors that they command. */
  async function finish(): Promise<void> {
    await keeper?.close();
    await Promise.all([...consumers.values()].map((one) => one.close()));
    await Promise.all([combats.close(), players.close(), markets.close(), worlds.close()]);
  }

  async function readPlayer(id: string): Promise<Parameters<typeof player.evolve>[0] | undefined> {
    const here = players.running(id)?.state ?? (await readAggregate(id, player, store, telemetry))?.state;
    return here?.joueur.joueurId === id ? here : undefined;
  }

  return {
    close() {
      closed ??= finish();
      return closed;
    },
    commands,
    combats,
    players,
    markets,
    worlds,
    catalogue,
    orders: createMarketOrders(commands),
    desk: createPlayerDesk({
      commands,
      read: readPlayer,
      claimUsername: (username, joueurId) => claimUsername(pool, username, joueurId),
      telemetry,
    }),
    consumers,
    readPlayer,
    async readWorld() {
      return worlds.running(WORLD_ID)?.state ?? (await readAggregate(WORLD_ID, world, store, telemetry))?.state;
    },
    async readBook(itemId) {
      const id = bookId(itemId);
      return markets.running(id)?.state ?? (await readAggregate(id, market, store, telemetry))?.state;
    },
  };
}

export interface SpectateServices extends Pick<SpectateRoomServices, "nodeId" | "combats" | "delayMs"> {
  readonly followers: Followers;
}

/** The names of the rooms: whoever adds one says who comes through its door (test/e2e/roles.test.ts). */
export const ROOM_NAMES = ["combat", "spectate", "player", "matchmaking", "market", "world"] as const;

/** The rooms of the game, by name. */
export function createRooms(
  game: Game,
  services: RoomServices &
    Pick<WorldRoomServices, "heard"> &
    Pick<PlayerRoomServices, "sessions"> & {
      readonly spectate: SpectateServices;
      readonly matchmaking: Pick<MatchmakingRoomServices, "desk" | "watch">;
    },
) {
  const { commands, catalogue, orders } = game;
  return {
    combat: { room: createCombatRoom(game.combats, services), key: "combatId" },
    spectate: {
      room: createSpectateRoom(services.spectate.followers, {
        ...services,
        ...services.spectate,
        mayWatch,
        isExempt: mayWatchAtOnce,
      }),
      key: "watch",
    },
    player: {
      room: createPlayerRoom(game.players, {
        ...services,
        fill: (command) => fillPlayerCommand(command, catalogue.current),
        desk: game.desk,
      }),
      key: "joueurId",
    },
    matchmaking: { room: createMatchmakingRoom({ ...services, ...services.matchmaking }), key: "joueurId" },
    market: { room: createMarketRoom(game.markets, { ...services, catalogue, orders }), key: "itemId" },
    world: {
      room: createWorldRoom(game.worlds, {
        ...services,
        pseudoOf: async (joueurId) => (await game.readPlayer(joueurId))?.joueur.pseudo,
        send: (command, { commandId }, userId) => commands.send("WorldState", WORLD_ID, { commandId, command, userId }),
      }),
      key: "mondeId",
    },
  } satisfies Readonly<Record<(typeof ROOM_NAMES)[number], PortRoom>>;
}
