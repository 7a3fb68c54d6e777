import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { allEvents } from "../domain/all-events.ts";
import { projectors } from "../projections/all.ts";
import type { Projector } from "../projections/projector.ts";
import { createProjections } from "../projections/run.ts";
import { createPool } from "../store/database.ts";
import { createFeed, type Feed } from "../store/feed.ts";
import { migrate } from "../store/migrate.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRegistry } from "../store/registry.ts";
import { createLocalWakeUps } from "../store/wake-ups.ts";
import { type Delays, whileLive } from "./projections/live.ts";
import { COPIES, fillLog } from "./projections/log.ts";
import { atLeast, atMost, type Bench, type Table } from "./report.ts";

/** Events of the log; fewer where somebody only tries the bench out. */
const EVENTS = Number(process.env.BENCH_EVENTS ?? 1_000_000);
/** s for which each projector is run row by row. */
const SAMPLE_SECONDS = 2;
const LIVE_PER_SECOND = 500;

interface Speed {
  readonly events: number;
  /** Of the events that it takes. */
  readonly eventsPerSecond: number;
  /** Of all events of the log, those that it does not take included. */
  readonly logPerSecond: number;
}

/** How fast read models catch up with a log that is there already. */
export const projections: Bench = {
  name: "projections",
  async run({ databaseUrl, progress }) {
    await migrate({ url: databaseUrl });
    const owner = new pg.Client({ connectionString: databaseUrl });
    await owner.connect();
    const size = await fillLog(owner, EVENTS, {
      progress(done) {
        if (done % 50_000 === 0) progress(`${done} events written`);
      },
    });
    const pools = { writePool: createPool({ url: databaseUrl }), readPool: createPool({ url: databaseUrl }) };
    const pool = createPool({ url: databaseUrl, poolSize: projectors.length * 2 + 2 });
    const wakeUps = createLocalWakeUps();
    const store = createPostgresStore(pools, createRegistry(...allEvents), { onAppended: () => wakeUps.notify() });
    const feed = createFeed(store, { process: wakeUps });
    const faults: unknown[] = [];
    try {
      while (feed.settled() < size) await sleep(10);
      const context: Context = { owner, pool, store, feed, size, faults };
      const single = new Map<string, Speed & { readonly rowAtATime: number }>();
      for (const projector of projectors) {
        await empty(context);
        progress(`${projector.name}, row by row`);
        const rowAtATime = await rowByRow(context, projector);
        await empty(context);
        progress(`${projector.name}, in batches`);
        single.set(projector.name, { ...(await catchUp(context, [projector])), rowAtATime });
      }
      await empty(context);
      progress("all together");
      const together = await catchUp(context, projectors);
      progress("live");
      const delays = await whileLive(projectors, {
        pool,
        store,
        feed,
        perSecond: LIVE_PER_SECOND,
        seconds: 10,
        copy: COPIES,
        onFault: (error) => faults.push(error),
      });
      if (faults.length > 0) throw faults[0];
      return {
        aims: [
          ...[...single].map(([name, { logPerSecond }]) =>
            atLeast(`${name}, events of the log a second`, logPerSecond, 20_000),
          ),
          ...[...single].map(([name, { eventsPerSecond, rowAtATime }]) =>
            atLeast(`${name}, in batches / row by row`, eventsPerSecond / rowAtATime, 10),
          ),
          ...delays.map(({ name, p95 }) => atMost(`${name}, ms behind while live (P95)`, p95, 100)),
        ],
        figures: { log: size, together, delays, ...Object.fromEntries(single) },
        tables: [table(single, together), liveTable(delays)],
        notes: [
          `a log of ${size} events, made by the real deciders and copied; ${await deadLetters(owner)} dead letters.`,
          "one connection and one process: reading, parsing, folding and writing are part of it.",
          `live: ${LIVE_PER_SECOND} events a second, all read models on one node; from an append's answer to the commit of its rows.`,
          `row by row: one transaction for each event, with its position; its first ${SAMPLE_SECONDS} s.`,
        ],
      };
    } finally {
      await feed.close();
      await store.close();
      await pool.end();
      await owner.end();
    }
  },
};

interface Context {
  readonly owner: pg.Client;
  readonly pool: pg.Pool;
  readonly store: ReturnType<typeof createPostgresStore>;
  readonly feed: Feed;
  readonly size: number;
  readonly faults: unknown[];
}

async function empty({ owner }: Context): Promise<void> {
  for (const { tables } of projectors) await owner.query(`TRUNCATE ${tables.join(", ")}`);
  await owner.query("DELETE FROM dead_letters; DELETE FROM consumer_checkpoints");
}

async function catchUp({ pool, store, feed, size, faults }: Context, some: readonly Projector[]): Promise<Speed> {
  let events = 0;
  const start = performance.now();
  const running = createProjections(some, {
    nodeId: "bench",
    pool,
    store,
    feed,
    telemetry: { fault: (_, error) => faults.push(error) },
    onBatch: (_, taken) => {
      events += taken;
    },
  });
  const behind = async (): Promise<boolean> =>
    (await Promise.all([...running.consumers.values()].map((one) => one.status()))).some(
      ({ position }) => position < size,
    );
  while (await behind()) await sleep(20);
  const seconds = (performance.now() - start) / 1_000;
  await running.close();
  return { events, eventsPerSecond: events / seconds, logPerSecond: size / seconds };
}

/** What a handler does that takes an event at a time. */
async function rowByRow({ pool, feed }: Context, projector: Projector): Promise<number> {
  const client = await pool.connect();
  await client.query("INSERT INTO consumer_checkpoints (name) VALUES ('row by row')");
  let events = 0;
  const start = performance.now();
  try {
    for (let position = 0; performance.now() - start < SAMPLE_SECONDS * 1_000; ) {
      const page = await feed.read(position, 1_000, { eventTypes: projector.eventTypes });
      if (page.position === position) break;
      for (const event of page.events) {
        await client.query("BEGIN");
        await projector.apply([event], client);
        await client.query("UPDATE consumer_checkpoints SET position = $1 WHERE name = 'row by row'", [event.sequence]);
        await client.query("COMMIT");
        events += 1;
        if (performance.now() - start > SAMPLE_SECONDS * 1_000) break;
      }
      position = page.position;
    }
    return events / ((performance.now() - start) / 1_000);
  } finally {
    client.release();
  }
}

async function deadLetters(owner: pg.Client): Promise<number> {
  return Number((await owner.query<{ n: string }>("SELECT count(*) AS n FROM dead_letters")).rows[0]?.n);
}

function table(single: ReadonlyMap<string, Speed & { readonly rowAtATime: number }>, together: Speed): Table {
  return {
    title: "Catching up",
    columns: ["projector", "events", "a second", "of the log a second", "row by row a second", "ratio"],
    rows: [
      ...[...single].map(([name, { events, eventsPerSecond, logPerSecond, rowAtATime }]) => [
        name,
        events,
        eventsPerSecond,
        logPerSecond,
        rowAtATime,
        eventsPerSecond / rowAtATime,
      ]),
      ["all together", together.events, together.eventsPerSecond, together.logPerSecond, "", ""],
    ],
  };
}

function liveTable(delays: readonly Delays[]): Table {
  return {
    title: "While live",
    columns: ["projector", "events", "p50 ms", "p95 ms", "p99 ms"],
    rows: delays.map(({ name, events, p50, p95, p99 }) => [name, events, p50, p95, p99]),
  };
}
