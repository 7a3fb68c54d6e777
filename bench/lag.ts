import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "graphql-ws";
import pg from "pg";
import WebSocket from "ws";
import { allEvents } from "../domain/all-events.ts";
import { projectors } from "../projections/all.ts";
import { createBoardReads } from "../projections/boards-reads.ts";
import { createCachedReads } from "../projections/cached-reads.ts";
import { openLiveDoor } from "../server/graphql/live.ts";
import { createSchema } from "../server/graphql/schema.ts";
import { createPool } from "../store/database.ts";
import { createFeed } from "../store/feed.ts";
import { createLiveEvents } from "../store/live-events.ts";
import { migrate } from "../store/migrate.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRegistry } from "../store/registry.ts";
import { createLocalWakeUps } from "../store/wake-ups.ts";
import { whileLive } from "./projections/live.ts";
import { COPIES, fillLog, retold } from "./projections/log.ts";
import { atMost, type Bench } from "./report.ts";

const PER_SECOND = 1_000;
const SECONDS = 40;
const WARM_UP_SECONDS = 10;
/** Combats that are followed. */
const FOLLOWED = 40;
const SUBSCRIPTION = "subscription ($id: ID!) { combatUpdated(combatId: $id) { sequence } }";

/** Combats that begin after so many events of the load, spread over the rest of it. */
function combatsAfter(first: number, last: number): readonly string[] {
  const found: string[] = [];
  let events = 0;
  for (let copy = COPIES; events < last * 0.9; copy += 1) {
    for (const stream of retold(copy)) {
      events += stream.events.length;
      const begins = stream.events[0]?.aggregateType === "Combat" && stream.events[0].version === 1;
      if (begins && events > first) found.push(stream.aggregateId);
    }
  }
  const every = Math.max(1, Math.floor(found.length / FOLLOWED));
  return found.filter((_, i) => i % every === 0);
}

/** How long after its commit an event is in the read models, and how long until those who follow it are told, at a steady load. */
export const lag: Bench = {
  name: "lag",
  async run({ databaseUrl, progress }) {
    await migrate({ url: databaseUrl });
    const owner = new pg.Client({ connectionString: databaseUrl });
    await owner.connect();
    await fillLog(owner, 20_000);
    await owner.end();
    const pools = { writePool: createPool({ url: databaseUrl }), readPool: createPool({ url: databaseUrl }) };
    const pool = createPool({ url: databaseUrl, poolSize: projectors.length * 2 + 2 });
    const wakeUps = createLocalWakeUps();
    const store = createPostgresStore(pools, createRegistry(...allEvents), { onAppended: () => wakeUps.notify() });
    const feed = createFeed(store, { process: wakeUps });
    const live = createLiveEvents(store, feed);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const faults: unknown[] = [];
    const telemetry = { refused: () => undefined, fault: (_: string, error: unknown) => faults.push(error) };
    const readModels = pools.readPool;
    const door = openLiveDoor(server, {
      schema: createSchema(),
      live,
      readModels,
      freshness: { reached: async () => true, position: () => 0, moved: () => undefined },
      cached: createCachedReads(readModels, undefined),
      boards: createBoardReads(readModels, undefined),
      spectateDelayMs: 0,
      authenticate: async () => ({ role: "admin", userId: crypto.randomUUID(), tenantId: "bench" }),
      production: true,
      admits: () => ({ waitMs: 0, isAbuse: false }),
      telemetry,
    });
    const told = new Map<number, number>();
    const clients: Client[] = [];
    try {
      const { port } = server.address() as { port: number };
      const ids = combatsAfter(WARM_UP_SECONDS * PER_SECOND, SECONDS * PER_SECOND);
      for (const id of ids.slice(0, FOLLOWED)) {
        const url = `ws://127.0.0.1:${port}/graphql`;
        const client = createClient({ url, webSocketImpl: WebSocket, lazy: false, connectionParams: { token: "x" } });
        clients.push(client);
        client.subscribe<{ combatUpdated: { sequence: number } }>(
          { query: SUBSCRIPTION, variables: { id } },
          {
            next: ({ data }) => void (data && told.set(data.combatUpdated.sequence, performance.now())),
            error: (error) => faults.push(error),
            complete: () => undefined,
          },
        );
      }
      while (live.followers < Math.min(FOLLOWED, ids.length) && faults.length === 0) await sleep(20);
      progress(`${PER_SECOND} events a second for ${SECONDS} s, ${FOLLOWED} clients follow a combat each`);
      const measured = await whileLive(projectors, {
        pool,
        store,
        feed,
        perSecond: PER_SECOND,
        seconds: SECONDS,
        warmUpSeconds: WARM_UP_SECONDS,
        copy: COPIES,
        told: new Map([["a subscriber", told]]),
        onFault: (error) => faults.push(error),
      });
      if (faults.length > 0) throw faults[0];
      // The load has no events of the world, of which there is one: its stream is not told again and again.
      const delays = measured.filter(({ events }) => events > 0);
      return {
        aims: delays.map(({ name, p95 }) =>
          name === "a subscriber"
            ? atMost(`${name} is told, ms (P95)`, p95, 50)
            : atMost(`${name}, ms (P95)`, p95, 100),
        ),
        figures: { perSecond: PER_SECOND, seconds: SECONDS - WARM_UP_SECONDS, delays },
        tables: [
          {
            title: `From the answer of the append, at ${PER_SECOND} events a second`,
            columns: ["to", "events", "p50 ms", "p95 ms", "p99 ms"],
            rows: delays.map(({ name, events, p50, p95, p99 }) => [name, events, p50, p95, p99]),
          },
        ],
        notes: [
          "read models: to the commit of their rows. A subscriber: to the message in the client, over graphql-transport-ws and a real socket.",
          "writers, read models, subscriptions and clients are one process, so all of them wait for one thread.",
        ],
      };
    } finally {
      for (const client of clients) await client.dispose();
      await door.close();
      server.close();
      await live.close();
      await feed.close();
      await store.close();
      await pool.end();
    }
  },
};
