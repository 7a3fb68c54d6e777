import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { createBoardReads } from "../projections/boards-reads.ts";
import { createAbuseBans } from "./abuse.ts";
import { openAccess } from "./access.ts";
import { createApi } from "./api.ts";
import type { Config } from "./config.ts";
import { addConsumerGauges } from "./consumer-metrics.ts";
import { createDrain } from "./drain.ts";
import { createEntrance } from "./entrance.ts";
import { startGame } from "./game.ts";
import { openGamePart } from "./game-part.ts";
import { createGate } from "./gate.ts";
import { addGauges } from "./gauges.ts";
import { createSchema } from "./graphql/schema.ts";
import { createLimits } from "./limits.ts";
import { openMatchmakingPart } from "./matchmaking-part.ts";
import { joinMembers, type Membership } from "./membership.ts";
import { createNodeOrders } from "./moves.ts";
import { openBase } from "./node-base.ts";
import { assertPortFree } from "./ports.ts";
import { openReadPart } from "./read-part.ts";
import { Releasers } from "./releasers.ts";
import { createTimeTravel } from "./time-travel.ts";

/** WebSockets for subscriptions at a time, at the most. */
const SUBSCRIBERS = 5_000;

export interface RunningNode {
  readonly nodeId: string;
  /** Undefined: it does not run the game. */
  readonly game: { readonly port: number; readonly transport: "uws" | "ws" } | undefined;
  readonly apiPort: number;
  /** To be told of what nothing else has contained. */
  uncaught(kind: "exception" | "rejection"): void;
  /** Drains: finishes what was taken, tells clients to come again, releases everything. */
  close(): Promise<void>;
  /** What `close` waits for now. */
  releasing(): string | undefined;
}

/** The whole server, put together, as far as its roles go: this page knows every part and nothing else does. */
export async function startNode(config: Config, databaseUrl: string, log: Logger): Promise<RunningNode> {
  const { roles } = config;
  const releasers = new Releasers(log);
  try {
    if (roles.has("game")) await assertPortFree(config.gamePort, config.host, "GAME_PORT");
    await assertPortFree(config.apiPort, config.host, "API_PORT");
    const base = await openBase(config, databaseUrl, log, releasers);
    const { nodeId, metrics, telemetry, store, feed, shared, peers, nodes } = base;
    const game = await startGame(
      {
        ...{ nodeId, tenantId: config.tenantId, store, feed, pool: base.consumerPool, peers, nodes, telemetry },
        hosts: roles.has("game"),
        runsSagas: roles.has("projector"),
        mirrors: shared,
        locks: shared?.locks,
        ...base.consumed,
      },
      releasers,
    );
    // Here for a start that fails from now on; of one that succeeds, the last line is the one that counts.
    releasers.add("game", () => game.close());
    const read = openReadPart(base, game, releasers);
    const { consumers, schedule, live, cached } = read;
    const onFault = (error: unknown): void => telemetry.fault("metrics", error);
    addConsumerGauges(metrics.registry, { consumers, pool: base.consumerPool, onFault });
    const limits = createLimits({
      ...{ rates: config.limits, secret: config.authSecret, shared: shared?.buckets, metrics },
      ban: (ban) => banForAbuse(ban),
      fault: (error) => telemetry.fault("limits", error),
    });
    const access = await openAccess(base, read.readModels, limits.attempts, releasers);
    const { authenticate } = access;
    const entrance = createEntrance({
      ...{ authenticate, telemetry, pool: base.readPool, bans: base.bans },
      ...{ tenantId: config.tenantId, sessionSeconds: config.sessionSeconds },
    });
    releasers.add("sessions", () => entrance.close());
    const banForAbuse = createAbuseBans(access.lines, entrance);
    const kinds = { Combat: game.combats, Joueur: game.players, Economy: game.markets, WorldState: game.worlds };
    let membership: Membership | undefined;
    const drain = createDrain({
      ...{ kinds: Object.values(kinds), deadlineMs: config.drainTimeoutMs, telemetry },
      announce: async () => membership?.tell(),
    });
    const matchmaking = openMatchmakingPart(base, game, releasers);
    const port = roles.has("game")
      ? await openGamePart(base, game, read, matchmaking, { authenticate, entrance, drain, players: limits }, releasers)
      : undefined;
    releasers.add("live events", () => live.close());
    const pools = { append: base.writePool, store: base.readPool, consumers: base.consumerPool };
    addGauges(metrics.registry, {
      actors: kinds,
      combats: game.combats,
      rooms: base.measure.rooms,
      pools: {
        ...{ ...pools, reads: read.reads, upkeep: read.upkeepPool },
        ...{ accounts: access.connections, matchmaking: matchmaking.pool },
      },
      watches: () => port?.followers.shown() ?? [],
      ...{ feed, store, live, matchmaking, onFault },
    });
    const api = createApi({
      ...{ access, entrance, drain, nodes, game, consumers, store, metrics, log, schedule, matchmaking },
      erasures: read.erasures,
      orders: createNodeOrders({ ...{ nodeId, store, nodes, kinds, drain }, orderPeer: peers.order }),
      trustProxy: config.trustProxy,
      isOpen: roles.has("api"),
      authenticateNode: base.nodeTokens.verify,
      joinHere: port?.joinHere,
      stuckAfterMs: config.stuckAfterMs,
      limits,
      gate: createGate({
        ...config,
        maxConnections: {
          ...config.maxConnections,
          connections: Math.min(SUBSCRIBERS, config.maxConnections.connections),
        },
      }),
      handshakeTimeoutMs: config.handshakeTimeoutMs,
      readModels: read.readModels,
      freshness: read.freshness,
      graphql: {
        ...{ schema: createSchema(), live, telemetry, cached, production: config.production },
        spectateDelayMs: config.spectateDelayMs,
        boards: createBoardReads(read.readModels, read.boards),
      },
      audit: {
        audit: read.audit,
        store: read.readStore,
        timeTravel: createTimeTravel(read.audit, read.readStore, telemetry),
      },
      rebuilds: read.rebuilds,
    });
    await api.listen({ port: config.apiPort, host: config.host });
    releasers.add("API port", () => api.close());
    const address = api.server.address();
    const apiPort = address === null || typeof address === "string" ? config.apiPort : address.port;
    const joined = await joinMembers(base, {
      url: config.nodeUrl ?? `http://127.0.0.1:${apiPort}`,
      gameAddress: port === undefined ? undefined : (config.publicAddress ?? `127.0.0.1:${port.number}`),
      actors: () => game.combats.size + game.players.size + game.markets.size,
      draining: () => drain.isDraining,
    });
    membership = joined;
    releasers.add("membership", () => joined.close());

    if (config.demoWorld && game.catalogue.current.items.size === 0) {
      // To read it takes every start 85 ms, and most need none of it.
      const { loadDemoWorld } = await import("./demo-world.ts");
      const count = await loadDemoWorld(({ type, id, command }) =>
        game.commands.send(type, id, { commandId: randomUUID(), command: command as never }),
      );
      await game.catalogue.refresh();
      log.info(`no catalogue yet: the demo world was loaded, ${count} definitions`);
    }
    // Last in, first out: upkeep and sagas stop, then the actors that they command finish, while both ports still answer.
    releasers.add("game", () => game.close());
    releasers.add("upkeep", () => schedule.close());
    releasers.add("drain", () => drain.start());
    releasers.add("matchmaking", () => matchmaking.close());
    return {
      nodeId,
      game: port === undefined ? undefined : { port: port.number, transport: port.transport },
      apiPort,
      uncaught: (kind) => metrics.uncaught.inc({ kind }),
      close: () => releasers.release(),
      releasing: () => releasers.releasing,
    };
  } catch (error) {
    await releasers.release();
    throw error;
  }
}
