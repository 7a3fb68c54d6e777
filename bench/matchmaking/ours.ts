import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { allEvents } from "../../domain/all-events.ts";
import { modeRules } from "../../domain/matchmaking/modes.ts";
import { startGame } from "../../server/game.ts";
import { createMatchmaking } from "../../server/matchmaking.ts";
import { createMeasure } from "../../server/measure.ts";
import { createMetrics } from "../../server/metrics.ts";
import { Releasers } from "../../server/releasers.ts";
import { createTelemetry } from "../../server/telemetry.ts";
import { createPool } from "../../store/database.ts";
import { createFeed } from "../../store/feed.ts";
import { migrate } from "../../store/migrate.ts";
import { isPassing } from "../../store/pg-errors.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { type Arrival, stream } from "./arrivals.ts";
import type { Played } from "./outcome.ts";
import { createPlayers } from "./players.ts";

const REST_MS = 30_000;
/** Tickets that are asked for at the same time: who comes meanwhile waits, and its waiting counts. */
const AT_ONCE = 16;
/** ms after which a ticket is asked for again whose call failed, as whoever is told 503 does. */
const AGAIN_MS = 100;
const NO_PEERS = { find: async () => undefined, host: async () => undefined };

/** A node of this server without its doors: tickets by the desk that REST and rooms use, the matchmaker, combats in the log. */
export async function ours(
  arrivals: readonly Arrival[],
  databaseUrl: string,
  progress: (text: string) => void,
): Promise<Played & { readonly again: ReadonlyMap<string, number> }> {
  const database = { url: databaseUrl };
  await migrate(database);
  const log = pino({ level: "silent" });
  const metrics = createMetrics();
  const telemetry = createTelemetry(metrics, log, createMeasure(metrics));
  const wakeUps = createLocalWakeUps();
  const store = createPostgresStore(
    { writePool: createPool({ ...database, poolSize: 3 }), readPool: createPool({ ...database, poolSize: 8 }) },
    createRegistry(...allEvents),
    { onAppended: () => wakeUps.notify() },
  );
  const pool = createPool({ ...database, poolSize: 4 });
  const releasers = new Releasers(log);
  releasers.add("connections", () => pool.end());
  releasers.add("store", () => store.close());
  const feed = createFeed(store, { process: wakeUps });
  releasers.add("feed", () => feed.close());
  const nodeId = randomUUID();
  const services = { nodeId, tenantId: "default", store, feed, pool, telemetry, peers: NO_PEERS as never };
  const game = await startGame(
    { ...services, nodes: { forsaken: async () => [] } as never, runsSagas: false, hosts: true } as never,
    releasers,
  );
  releasers.add("game", () => game.close());

  progress("making the players");
  await createPlayers(
    store,
    arrivals.map(({ joueurId }) => joueurId),
  );

  progress("their matches");
  const matchmakingPool = createPool({ ...database, poolSize: 4 });
  const matchmaking = createMatchmaking({
    ...{ nodeId, pool: matchmakingPool, game, store, metrics, telemetry },
    rules: modeRules({ "1V1": { acceptationMs: 0, preparationMs: 600_000 } }),
  });
  const came = new Map<string, number>();
  const clock = { at: performance.now(), time: await databaseTime(pool) };
  const again = new Map<string, number>();
  const queue = createLine(AT_ONCE, async ({ joueurId, cote }: Arrival) => {
    const wish = { mode: "1V1" as const, region: "global", latences: {}, joueurs: [{ joueurId, cote }] };
    const commandId = randomUUID();
    for (;;) {
      try {
        const made = await matchmaking.desk.askFor(wish, nodeId, commandId);
        if (!made.ok) throw new Error(`${joueurId} was refused: ${made.code}`);
        return;
      } catch (error) {
        if (!isPassing(error)) throw error;
        again.set(String(error), (again.get(String(error)) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  });
  await stream(arrivals, (one) => {
    came.set(one.joueurId, performance.now());
    queue.push(one);
  });
  await queue.done();
  const end = performance.now() + REST_MS;
  const left = async () => (await matchmaking.open()).reduce((sum, { count }) => sum + count, 0);
  while ((await left()) > 1 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 200));
  await matchmaking.close();
  const { rows } = await pool.query<{ players: string[]; ms: number }>(
    `SELECT array_agg(j.joueur_id::text) AS players, (extract(epoch FROM m.lance_a) * 1000)::float8 AS ms
     FROM matchs m JOIN tickets_matchmaking t USING (match_id) JOIN joueurs_ticket j USING (ticket_id)
     WHERE m.etat = 'LANCE' GROUP BY m.match_id`,
  );
  const matches = rows.map(({ players, ms }) => ({ players, at: clock.at + (ms - clock.time) }));
  await matchmakingPool.end();
  await releasers.release();
  return { came, matches, again };
}

/** Both clocks are this machine's. */
async function databaseTime(pool: ReturnType<typeof createPool>): Promise<number> {
  const { rows } = await pool.query<{ ms: number }>(
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms",
  );
  return rows[0]?.ms ?? Date.now();
}

/** Does the work for what is pushed, in its order, so many at once. */
function createLine<T>(atOnce: number, work: (one: T) => Promise<void>) {
  const waiting: T[] = [];
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const next = (): void => {
    while (running.size < atOnce) {
      const one = waiting.shift();
      if (one === undefined) return;
      const under = work(one)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          running.delete(under);
          next();
        });
      running.add(under);
    }
  };
  return {
    push(one: T) {
      waiting.push(one);
      next();
    },
    async done() {
      while (running.size > 0) await Promise.all(running);
      if (failures.length > 0) throw failures[0];
    },
  };
}
