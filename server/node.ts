import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { allEvents } from "../domain/all-events.ts";
import { sagas } from "../domain/sagas/sagas.ts";
import { projectors } from "../projections/all.ts";
import { createBoards } from "../projections/boards.ts";
import { createBoardReads } from "../projections/boards-reads.ts";
import { createCachedReads } from "../projections/cached-reads.ts";
import { createDayFigures } from "../projections/day-figures.ts";
import { createFreshness } from "../projections/freshness.ts";
import { createRebuilds } from "../projections/rebuilds.ts";
import { createProjections } from "../projections/run.ts";
import { newestActs } from "../rooms/combat-acts.ts";
import { createAudit } from "../store/audit.ts";
import { createPool, limitWaiting } from "../store/database.ts";
import { createFeed } from "../store/feed.ts";
import { createLiveEvents } from "../store/live-events.ts";
import { migrate } from "../store/migrate.ts";
import { createNodes } from "../store/nodes.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRedisWakeUps } from "../store/redis-wake-ups.ts";
import { createRegistry } from "../store/registry.ts";
import { createLocalWakeUps } from "../store/wake-ups.ts";
import { createApi } from "./api.ts";
import { createAuthenticator, createNodeTokens } from "./auth.ts";
import type { Config } from "./config.ts";
import { addConsumerGauges } from "./consumer-metrics.ts";
import { createRooms, startGame } from "./game.ts";
import { listenGamePort } from "./game-port.ts";
import { addGauges } from "./gauges.ts";
import { createSchema } from "./graphql/schema.ts";
import { createMeasure } from "./measure.ts";
import { countAppends } from "./measured-appends.ts";
import { createMetrics } from "./metrics.ts";
import { createHttpPeers } from "./peers.ts";
import { assertPortFree, freePort } from "./ports.ts";
import { Releasers } from "./releasers.ts";
import { createSchedule } from "./schedule.ts";
import { openShared } from "./shared.ts";
import { createTelemetry } from "./telemetry.ts";
import { createTimeTravel } from "./time-travel.ts";
import { upkeepTasks } from "./upkeep-tasks.ts";

const HEARTBEAT_MS = 1_000;
/** ms after which a read of a read model is refused: who asks for too much is told, and the rest are served. */
const READ_TIMEOUT_MS = 2_000;
/** ms that a read waits for a connection, and how many wait for one: more would only be told so later. */
const READ_WAIT_MS = 1_000;
const READS_WAITING = 200;
/** ms that one statement of upkeep may take, and connections for it: of each task that runs at once, and to say that it does. */
const UPKEEP_TIMEOUT_MS = 30_000;
const UPKEEP_POOL = 3;

export interface RunningNode {
  readonly nodeId: string;
  readonly gamePort: number;
  readonly apiPort: number;
  readonly transport: "uws" | "ws";
  /** To be told of what nothing else has contained. */
  uncaught(kind: "exception" | "rejection"): void;
  /** Drains: finishes what was taken, tells clients to come again, releases everything. */
  close(): Promise<void>;
  /** What `close` waits for now. */
  releasing(): string | undefined;
}

/** The whole server, put together: this page knows every part and nothing else does. */
export async function startNode(config: Config, databaseUrl: string, log: Logger): Promise<RunningNode> {
  const releasers = new Releasers(log);
  try {
    const nodeId = randomUUID();
    await assertPortFree(config.gamePort, config.host, "GAME_PORT");
    await assertPortFree(config.apiPort, config.host, "API_PORT");

    const metrics = createMetrics();
    const measure = createMeasure(metrics);
    const telemetry = createTelemetry(metrics, log, measure);
    const database = { url: databaseUrl, schema: config.databaseSchema, applicationName: `aether-engine ${nodeId}` };
    await migrate(database);

    const writePool = createPool({ ...database, poolSize: config.appendLanes + 1 });
    const readPool = createPool({ ...database, poolSize: config.databasePool });
    const wakeUps = createLocalWakeUps();
    const redis =
      config.redisUrl === undefined
        ? undefined
        : createRedisWakeUps({
            url: config.redisUrl,
            prefix: config.redisPrefix,
            onFault: (error) => telemetry.fault("redis", error),
          });
    if (redis !== undefined) releasers.add("redis", () => redis.close());
    const shared =
      config.redisUrl === undefined
        ? undefined
        : openShared({
            url: config.redisUrl,
            prefix: config.redisPrefix,
            hashTags: config.redisHashTags,
            nodeId,
            secret: config.authSecret,
            actsBefore: (id, version) => newestActs(store, id, version),
            metrics,
            telemetry,
          });
    if (shared !== undefined) releasers.add("what is shared over redis", () => shared.close());
    const registry = createRegistry(...allEvents);
    const store = createPostgresStore({ writePool, readPool }, registry, {
      lanes: config.appendLanes,
      onBatch(_units, events, seconds) {
        metrics.appendBatches.observe(events);
        metrics.appendSeconds.observe(seconds);
      },
      onResult: countAppends(metrics),
      onSnapshot: (aggregate_type, bytes) => metrics.snapshotBytes.observe({ aggregate_type }, bytes),
      onAppended() {
        wakeUps.notify();
        redis?.notify();
      },
      ...(shared !== undefined && { onEvents: shared.channels.tell }),
    });
    releasers.add("store", () => store.close());
    const consumerPool = createPool({ ...database, poolSize: sagas.length + projectors.length + 4 });
    releasers.add("consumers' connections", () => consumerPool.end());

    const feed = createFeed(store, {
      process: wakeUps,
      redis,
      onWake: (by) => metrics.feedWakes.inc({ by }),
      onMark: (seconds) => metrics.feedMarkSeconds.observe(seconds),
      onFault: (error) => telemetry.fault("feed", error),
    });
    releasers.add("feed", () => feed.close());

    const nodes = createNodes(readPool);
    const nodeTokens = createNodeTokens(config.authSecret, config.tenantId);
    const peers = createHttpPeers(nodes, nodeId, nodeTokens.sign, telemetry);
    const onBatch = (consumer: string, events: number, seconds: number): void => {
      metrics.consumerBatchEvents.observe({ consumer }, events);
      metrics.consumerBatchSeconds.observe({ consumer }, seconds);
    };
    const onTakeOver = (consumer: string): void => metrics.consumerTakeOvers.inc({ consumer });
    const consumed = { onBatch, onTakeOver };
    const game = await startGame(
      {
        nodeId,
        tenantId: config.tenantId,
        store,
        feed,
        pool: consumerPool,
        peers,
        nodes,
        telemetry,
        mirrors: shared,
        locks: shared?.locks,
        ...consumed,
      },
      releasers,
    );
    // Here for a start that fails from now on; of one that succeeds, the last line is the one that counts.
    releasers.add("game", () => game.close());
    const reads = createPool({
      ...database,
      poolSize: config.databasePool,
      statementTimeoutMs: READ_TIMEOUT_MS,
      connectTimeoutMs: READ_WAIT_MS,
    });
    releasers.add("connections for reads", () => reads.end());
    const readModels = limitWaiting(reads, READS_WAITING, () => metrics.reads.inc());
    const audit = createAudit(readModels, registry);
    // What operators ask of the log is taken from the connections for reads: it has their time-outs, and is in nobody's way.
    const readStore = createPostgresStore({ writePool: reads, readPool: reads }, registry);
    const boards =
      shared === undefined
        ? undefined
        : createBoards(consumerPool, shared.redis, (error) => telemetry.fault("leaderboards", error));
    if (boards !== undefined) releasers.add("leaderboards", () => boards.close());
    const figures =
      shared === undefined
        ? undefined
        : createDayFigures(consumerPool, shared.redis, (error) => telemetry.fault("the day's figures", error));
    if (figures !== undefined) releasers.add("the day's figures", () => figures.close());
    const cached = createCachedReads(readModels, shared?.caches);
    const rebuilds = createRebuilds(projectors, { nodeId, database, store, telemetry });
    releasers.add("rebuilds", () => rebuilds.close());
    const projections = createProjections(projectors, {
      nodeId,
      pool: consumerPool,
      store,
      feed,
      telemetry,
      onTaken(name, events) {
        cached.taken(name, events);
        boards?.taken(name, events);
        figures?.taken(name, events);
      },
      onTakeOver,
      onBatch(...batch) {
        onBatch(...batch);
        freshness.moved();
      },
    });
    releasers.add("read models", () => projections.close());
    const consumers = new Map([...game.consumers, ...projections.consumers]);
    const onScrapeFault = (error: unknown): void => telemetry.fault("metrics", error);
    addConsumerGauges(metrics.registry, { consumers, pool: consumerPool, onFault: onScrapeFault });
    const freshness = createFreshness({
      consumers,
      pool: consumerPool,
      waitMs: config.freshWithinMs,
      onFault: (error) => telemetry.fault("freshness", error),
    });
    const upkeepPool = createPool({ ...database, poolSize: UPKEEP_POOL, statementTimeoutMs: UPKEEP_TIMEOUT_MS });
    releasers.add("connections for upkeep", () => upkeepPool.end());
    const schedule = createSchedule(upkeepTasks({ pool: upkeepPool, commands: game.commands, config }), {
      nodeId,
      pool: upkeepPool,
      onFault: (name, error) => telemetry.fault(`upkeep ${name}`, error),
      onRun(task, outcome, seconds) {
        metrics.upkeepSeconds.observe({ task, outcome }, seconds);
        if (outcome === "DONE") metrics.upkeepSucceeded.setToCurrentTime({ task });
      },
    });
    releasers.add("upkeep that has begun", () => schedule.close());
    const authenticate = createAuthenticator(config.authSecret, config.tenantId);
    const limits = {
      commandsPerSecond: config.commandsPerSecond,
      commandBurst: config.commandsPerSecond * 2,
      framesPerSecond: config.framesPerSecond,
      strikes: config.malformedFrames,
    };
    const gamePort = config.gamePort === 0 ? await freePort(config.host) : config.gamePort;
    const port = await listenGamePort(
      config,
      gamePort,
      createRooms(game, {
        authenticate,
        telemetry,
        limits,
        ...(shared !== undefined && { heard: shared.channels.chat, sessions: shared.sessions }),
      }),
      log,
    );

    releasers.add("game port", () => port.close());
    const live = createLiveEvents(readStore, feed, { onFault: (error) => telemetry.fault("live events", error) });
    releasers.add("live events", () => live.close());
    addGauges(metrics.registry, {
      actors: { Combat: game.combats, Joueur: game.players, Economy: game.markets, WorldState: game.worlds },
      combats: game.combats,
      rooms: measure.rooms,
      pools: { append: writePool, store: readPool, consumers: consumerPool, reads, upkeep: upkeepPool },
      feed,
      store,
      live,
      onFault: onScrapeFault,
    });
    const graphql = {
      schema: createSchema(),
      live,
      telemetry,
      production: config.production,
      cached,
      boards: createBoardReads(readModels, boards),
    };
    const api = createApi({
      authenticate,
      authenticateNode: nodeTokens.verify,
      stuckAfterMs: config.stuckAfterMs,
      callLimits: { perSecond: limits.commandsPerSecond, burst: limits.commandBurst },
      game,
      consumers,
      readModels,
      freshness,
      graphql,
      schedule,
      audit: { audit, store: readStore, timeTravel: createTimeTravel(audit, readStore, telemetry) },
      rebuilds,
      store,
      metrics,
      log,
    });
    await api.listen({ port: config.apiPort, host: config.host });
    releasers.add("API port", () => api.close());
    const address = api.server.address();
    const apiPort = address === null || typeof address === "string" ? config.apiPort : address.port;
    const url = config.nodeUrl ?? `http://127.0.0.1:${apiPort}`;
    await nodes.beat(nodeId, url);
    const beating = setInterval(() => {
      nodes.beat(nodeId, url).catch((error: unknown) => telemetry.fault("heartbeat", error));
    }, HEARTBEAT_MS);
    releasers.add("heartbeat", async () => {
      clearInterval(beating);
      await nodes.leave(nodeId);
    });

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
    return {
      nodeId,
      gamePort,
      apiPort,
      transport: port.transport,
      uncaught: (kind) => metrics.uncaught.inc({ kind }),
      close: () => releasers.release(),
      releasing: () => releasers.releasing,
    };
  } catch (error) {
    await releasers.release();
    throw error;
  }
}
