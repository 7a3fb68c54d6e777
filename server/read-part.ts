import { projectors } from "../projections/all.ts";
import { createBoards } from "../projections/boards.ts";
import { createCaches } from "../projections/cache.ts";
import { createCachedReads } from "../projections/cached-reads.ts";
import { createDayFigures } from "../projections/day-figures.ts";
import { createFreshness } from "../projections/freshness.ts";
import { createRebuilds } from "../projections/rebuilds.ts";
import { createProjections } from "../projections/run.ts";
import { createAudit } from "../store/audit.ts";
import { createPool, limitWaiting } from "../store/database.ts";
import { createLiveEvents } from "../store/live-events.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createSealedStore } from "../store/sealed-store.ts";
import { createErasures } from "./erasures.ts";
import type { Game } from "./game.ts";
import type { NodeBase } from "./node-base.ts";
import type { Releasers } from "./releasers.ts";
import { createSchedule } from "./schedule.ts";
import { upkeepTasks } from "./upkeep-tasks.ts";

/** ms after which a read of a read model is refused: who asks for too much is told, and the rest are served. */
const READ_TIMEOUT_MS = 2_000;
/** ms that a read waits for a connection, and how many wait for one: more would only be told so later. */
const READ_WAIT_MS = 1_000;
const READS_WAITING = 200;
/** ms that one statement of upkeep may take, and connections for it: of each task that runs at once, and to say that it does. */
const UPKEEP_TIMEOUT_MS = 30_000;
const UPKEEP_POOL = 3;

export type ReadPart = ReturnType<typeof openReadPart>;

/** Read models and upkeep: a projector keeps them going, any other node can ask and tell. */
export function openReadPart(base: NodeBase, game: Game, releasers: Releasers) {
  const { config, nodeId, database, registry, store, feed, consumerPool, shared, metrics, telemetry, consumed } = base;
  const { within, seal, openEvents } = base;
  const runs = config.roles.has("projector");
  const reads = createPool({
    ...database,
    poolSize: config.databasePool,
    statementTimeoutMs: READ_TIMEOUT_MS,
    connectTimeoutMs: READ_WAIT_MS,
  });
  releasers.add("connections for reads", () => reads.end());
  const readModels = limitWaiting(reads, READS_WAITING, () => metrics.reads.inc());
  const audit = createAudit(readModels, within, openEvents);
  // What operators ask of the log is taken from the connections for reads: it has their time-outs, and is in nobody's way.
  const readStore = createSealedStore(
    createPostgresStore({ writePool: reads, readPool: reads }, within),
    registry,
    seal,
  );
  const boards =
    shared === undefined
      ? undefined
      : createBoards({
          reader: consumerPool,
          redis: shared.redis,
          onFault: (error) => telemetry.fault("leaderboards", error),
        });
  if (boards !== undefined) releasers.add("leaderboards", () => boards.close());
  const figures =
    shared === undefined
      ? undefined
      : createDayFigures({
          reader: consumerPool,
          redis: shared.redis,
          onFault: (error) => telemetry.fault("the day's figures", error),
        });
  if (figures !== undefined) releasers.add("the day's figures", () => figures.close());
  const caches =
    shared === undefined
      ? undefined
      : createCaches({
          ...{ redis: shared.redis, pool: consumerPool, store, projectors },
          told: (kind, outcome) => metrics.cache.inc({ kind, outcome }),
          onFault: (error) => telemetry.fault("cache", error),
        });
  if (caches !== undefined) releasers.add("cache", () => caches.close());
  const cached = createCachedReads(readModels, caches);
  const rebuilds = createRebuilds(projectors, { nodeId, database, store, telemetry });
  releasers.add("rebuilds", () => rebuilds.close());
  const projections = createProjections(projectors, {
    nodeId,
    pool: consumerPool,
    store,
    feed,
    telemetry,
    runs,
    onTaken(name, events, from, to) {
      caches?.taken(name, events, from, to);
      if (events.length === 0) return;
      boards?.taken(name);
      figures?.taken(name);
    },
    onTakeOver: consumed.onTakeOver,
    onBatch(...batch) {
      consumed.onBatch(...batch);
      freshness.moved();
    },
  });
  releasers.add("read models", () => projections.close());
  const consumers = new Map([...game.consumers, ...projections.consumers]);
  const freshness = createFreshness({
    consumers,
    pool: consumerPool,
    waitMs: config.freshWithinMs,
    onFault: (error) => telemetry.fault("freshness", error),
  });
  const upkeepPool = createPool({ ...database, poolSize: UPKEEP_POOL, statementTimeoutMs: UPKEEP_TIMEOUT_MS });
  releasers.add("connections for upkeep", () => upkeepPool.end());
  const erasures = createErasures({
    ...{ pool: upkeepPool, keys: base.subjectKeys, store, game, combats: shared?.combats },
    readModels: projectors.map(({ name }) => name),
  });
  const schedule = createSchedule(upkeepTasks({ pool: upkeepPool, commands: game.commands, erasures, config }), {
    nodeId,
    pool: upkeepPool,
    runs,
    onFault: (name, error) => telemetry.fault(`upkeep ${name}`, error),
    onRun(task, outcome, seconds) {
      metrics.upkeepSeconds.observe({ task, outcome }, seconds);
      if (outcome === "DONE") metrics.upkeepSucceeded.setToCurrentTime({ task });
    },
  });
  releasers.add("upkeep that has begun", () => schedule.close());
  const live = createLiveEvents(readStore, feed, { onFault: (error) => telemetry.fault("live events", error) });
  return {
    ...{ reads, readModels, audit, readStore, boards, cached, rebuilds, consumers, freshness },
    ...{ upkeepPool, schedule, live, erasures },
  };
}
