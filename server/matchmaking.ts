import type pg from "pg";
import type { ModesRules } from "../domain/matchmaking/modes.ts";
import { startCombat } from "../rooms/combat-start.ts";
import { createMatchmaker } from "../rooms/matchmaker.ts";
import { beginMatch } from "../rooms/matchmaking-begin.ts";
import { createMatchmakingDesk, type MatchmakingDesk } from "../rooms/matchmaking-desk.ts";
import { seatsOf, serviceMatch } from "../rooms/matchmaking-service-match.ts";
import { createTicketWatch, type TicketWatch } from "../rooms/matchmaking-watch.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import type { EventStore } from "../store/event-store.ts";
import { type ReadyMatch, readMatch } from "../store/matches.ts";
import { countTickets, ticketsOfMatch } from "../store/tickets.ts";
import { combatServices } from "./combat-services.ts";
import type { Game } from "./game.ts";
import type { Metrics } from "./metrics.ts";
import type { MatchmakingRouteServices } from "./routes/matchmaking.ts";

export interface Matchmaking extends MatchmakingRouteServices {
  readonly desk: MatchmakingDesk;
  readonly watch: TicketWatch;
  /** Open tickets, for figures. */
  open: () => ReturnType<typeof countTickets>;
  close(): Promise<void>;
}

export interface MatchmakingOptions {
  readonly nodeId: string;
  readonly pool: pg.Pool;
  readonly rules: ModesRules;
  readonly game: Pick<Game, "commands" | "catalogue" | "readWorld" | "readPlayer">;
  readonly store: EventStore;
  readonly metrics: Metrics;
  readonly telemetry: Telemetry;
  /** Whether this node matches, when it is its turn; default true. */
  readonly matches?: boolean;
  /** ms between looks at queues and tickets while nothing wakes them; default 250. */
  readonly everyMs?: number;
}

/** Queues, matches, and their way into combats. */
export function createMatchmaking(options: MatchmakingOptions): Matchmaking {
  const { nodeId, pool, rules, game, store, metrics, telemetry, matches = true, everyMs = 250 } = options;
  const { readPlayer } = game;
  const services = combatServices(game, store);
  const begin = (match: ReadyMatch) =>
    beginMatch(match, { pool, rules, readPlayer, start: (body, start) => startCombat(body, start, services) });
  const watch = createTicketWatch(pool, (error) => telemetry.fault("tickets", error), everyMs);
  const matchmaker = matches
    ? createMatchmaker({
        nodeId,
        pool,
        rules,
        begin,
        everyMs,
        onChange: watch.changed,
        onFault: (where, error) => telemetry.fault(where, error),
        measure: {
          passed: (seconds) => metrics.matchmakingPassSeconds.observe(seconds),
          tookOver: () => metrics.matchmakingTakeOvers.inc(),
          begun: (mode, outcome) => metrics.matches.inc({ mode, outcome }),
          waited: (mode, seconds) => metrics.matchmakingWaitSeconds.observe({ mode }, seconds),
          spread: (mode, points) => metrics.matchmakingSpread.observe({ mode }, points),
        },
      })
    : undefined;

  return {
    desk: createMatchmakingDesk({
      pool,
      rules,
      catalogue: () => game.catalogue.current,
      readPlayer,
      onChange() {
        matchmaker?.wake();
        watch.changed();
      },
    }),
    watch,
    open: () => countTickets(pool),
    serviceMatch: (body, call) => serviceMatch(body, call, { pool, begin }),
    async readMatch(matchId) {
      const match = await readMatch(pool, matchId);
      if (match === undefined) return undefined;
      const begun = match.etat === "LANCE";
      const seats = begun ? seatsOf(await ticketsOfMatch(pool, matchId), match.combatId) : [];
      const { etat, raison } = match;
      return { matchId, etat, raison, combatId: begun ? match.combatId : null, seats: [...seats] };
    },
    async close() {
      await matchmaker?.close();
      await watch.close();
    },
  };
}
