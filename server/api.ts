import Fastify, { type FastifyInstance } from "fastify";
import type pg from "pg";
import type { Logger } from "pino";
import { v7 as uuidv7 } from "uuid";
import type { Freshness } from "../projections/freshness.ts";
import type { Rebuilds } from "../projections/rebuilds.ts";
import { keptOf } from "../store/kept.ts";
import type { Access } from "./access.ts";
import { problemsOnly, refuseNonsense, refuseUrl } from "./api-errors.ts";
import { combatServices } from "./combat-services.ts";
import { documentRoutes } from "./documented.ts";
import type { Bans, DoorKeeper } from "./entrance.ts";
import type { Erasures } from "./erasures.ts";
import type { Game } from "./game.ts";
import { timeouts } from "./game-http.ts";
import type { Gate } from "./gate.ts";
import { type EndpointServices, graphqlRoutes } from "./graphql/endpoint.ts";
import { correlationOf, createDoor, type Door } from "./http.ts";
import { measureRequests } from "./http-metrics.ts";
import type { Limits } from "./limits.ts";
import type { Metrics } from "./metrics.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { type AuditServices, auditRoutes } from "./routes/audit.ts";
import { auditLineRoutes } from "./routes/audit-lines.ts";
import { banRoutes } from "./routes/bans.ts";
import { catalogueRoutes } from "./routes/catalogue.ts";
import { catalogueReads } from "./routes/catalogue-reads.ts";
import { combatRoutes } from "./routes/combat.ts";
import { combatReads } from "./routes/combat-reads.ts";
import { deadLetterRoutes } from "./routes/dead-letters.ts";
import { economyReads } from "./routes/economy-reads.ts";
import { erasureRoutes } from "./routes/erasures.ts";
import { leaderboardReads } from "./routes/leaderboard-reads.ts";
import { marketRoutes } from "./routes/market.ts";
import { type MatchmakingRouteServices, matchmakingRoutes } from "./routes/matchmaking.ts";
import { type NodeServices, nodeRoutes } from "./routes/nodes.ts";
import { type OperationsServices, operationsRoutes } from "./routes/operations.ts";
import { playerReads } from "./routes/player-reads.ts";
import { playerRoutes } from "./routes/players.ts";
import { projectionRoutes } from "./routes/projections.ts";
import { upkeepRoutes } from "./routes/upkeep.ts";
import { worldRoutes } from "./routes/world.ts";
import { worldReads } from "./routes/world-reads.ts";
import type { Schedule } from "./schedule.ts";
import { secure } from "./security.ts";

/** Of the API: raised when a call changes so that its callers must know. */
const VERSION = "0.2.0";
const BODY_LIMIT_BYTES = 256 * 1024;

export interface ApiServices
  extends Pick<OperationsServices, "store" | "authenticateNode" | "joinHere" | "consumers" | "stuckAfterMs" | "drain">,
    NodeServices {
  /** Whether this node serves the API; otherwise only probes, metrics and other nodes. */
  readonly isOpen: boolean;
  readonly entrance: DoorKeeper & Bans;
  readonly access: Access;
  /** Addresses of proxies that are believed where a call comes from; undefined: none is. */
  readonly trustProxy: string | undefined;
  readonly game: Game;
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly gate: Gate;
  /** ms for a request to be there, its headers. */
  readonly handshakeTimeoutMs: number;
  /** For the read models: its statements end soon, so that no read takes the database down. */
  readonly readModels: Pick<pg.Pool, "query">;
  readonly freshness: Freshness;
  readonly audit: AuditServices;
  readonly graphql: Omit<EndpointServices, "readModels" | "freshness" | "authenticate" | "gate" | "flooded">;
  readonly rebuilds: Rebuilds;
  readonly matchmaking: MatchmakingRouteServices;
  readonly schedule: Schedule;
  readonly erasures: Erasures;
  readonly log: Logger;
}

/** The API port: commands and operations over HTTP. Errors are problem documents (RFC 9457) with a stable `code`. */
export function createApi(services: ApiServices): FastifyInstance {
  const { access, game, metrics, log, trustProxy = false, limits, gate } = services;
  const { requestTimeout, ...http } = timeouts(services.handshakeTimeoutMs);
  const door = createDoor(access.authenticate, metrics, {
    ...{ fresh: services.freshness, mayEnter: services.entrance.mayCall, acts: access.acts, limits },
  });
  const api = Fastify({
    loggerInstance: log.child({ from: "api" }, { level: "warn" }) as FastifyInstance["log"],
    bodyLimit: BODY_LIMIT_BYTES,
    ...{ trustProxy, requestTimeout, http },
    genReqId: () => uuidv7(),
    frameworkErrors: refuseUrl(door),
    clientErrorHandler: refuseNonsense(metrics),
  });
  // Bodies are JSON.
  api.removeContentTypeParser("text/plain");
  measureRequests(api, metrics);
  const documented = documentRoutes(api, VERSION);
  access.acts.attach(api);

  secure(api, door, gate);
  problemsOnly(api, door, metrics, documented);
  api.addHook("onSend", async (request, reply) => {
    reply.header("x-correlation-id", correlationOf(request));
  });

  if (services.isOpen) openRoutes(api, door, services);
  operationsRoutes(api, door, { ...services, commands: game.commands });
  return api;
}

function openRoutes(api: FastifyInstance, door: Door, services: ApiServices): void {
  const { access, game, store, readModels, rebuilds, consumers } = services;
  const { commands, catalogue } = game;
  accountRoutes(api, door, access.accounts);
  auditLineRoutes(api, door, access.lines);
  combatRoutes(api, door, combatServices(game, store));
  playerRoutes(api, door, { commands, desk: game.desk });
  catalogueRoutes(
    api,
    door,
    () => catalogue.current,
    async (type, id, envelope) => {
      const answer = await commands.send(type, id, envelope as never);
      if (answer.ok) await catalogue.refresh();
      return answer;
    },
  );
  marketRoutes(api, door, { orders: game.orders, readPlayer: game.readPlayer, audit: services.audit.audit });
  worldRoutes(api, door, { commands });
  matchmakingRoutes(api, door, services.matchmaking);
  combatReads(api, door, readModels, services.graphql.spectateDelayMs);
  playerReads(api, door, readModels, services.graphql.cached);
  leaderboardReads(api, door, services.graphql.boards);
  economyReads(api, door, readModels);
  catalogueReads(api, door, readModels);
  worldReads(api, door, readModels, services.graphql.cached);
  auditRoutes(api, door, services.audit);
  graphqlRoutes(api, door, {
    ...services.graphql,
    readModels,
    freshness: services.freshness,
    authenticate: services.entrance.admit,
    gate: services.gate,
    flooded: services.limits.flooded,
  });
  projectionRoutes(api, door, { consumers, rebuilds, pool: readModels });
  deadLetterRoutes(api, door, { consumers, pool: readModels });
  upkeepRoutes(api, door, services.schedule);
  banRoutes(api, door, services.entrance);
  erasureRoutes(api, door, {
    ...{ erasures: services.erasures, store: services.audit.store },
    kept: (joueurId) => keptOf(readModels, joueurId),
  });
  nodeRoutes(api, door, services);
}
