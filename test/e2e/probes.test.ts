import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../store/taken.ts";
import { startFight } from "../support/fight.ts";
import { type PrivateServer, startPrivateServer } from "../support/private-server.ts";
import { scrape } from "../support/scrape.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const STUCK_AFTER_MS = 1_000;

let postgres: PrivateServer;
beforeAll(async () => {
  postgres = await startPrivateServer();
});
afterAll(() => postgres.dispose());

const database = {
  get url() {
    return postgres.url;
  },
};
const server = useServerProcess(database, { ...FAST, STUCK_AFTER_MS: String(STUCK_AFTER_MS) });

const SELDOM = { interval: 100 };

async function probe(path: string): Promise<unknown> {
  const response = await fetch(`${server.apiUrl}${path}`);
  return { ...((await response.json()) as object), http: response.status };
}
const ready = () => probe("/readyz");
const READY = { status: "ready", stuck: [], http: 200 };

async function caughtUp(): Promise<void> {
  await eventually(async () => (await scrape(server.apiUrl)).sum("aether_consumer_lag_events"), SELDOM).toBe(0);
}

test("[METRIC-11] a read model that cannot go on is named, and it alone, until it can", async () => {
  await eventually(ready, SELDOM).toEqual(READY);
  const holder = new pg.Client({ connectionString: postgres.url });
  await holder.connect();
  try {
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE participants_combat IN ACCESS EXCLUSIVE MODE");
    await startFight(server.apiUrl);
    await eventually(ready, SELDOM).toMatchObject({
      http: 200,
      status: "degraded",
      stuck: [{ consumer: "combat", reason: "not moving" }],
    });
    const told = await scrape(server.apiUrl);
    expect(told.sum("aether_consumer_lag_events", 'consumer="combat"')).toBeGreaterThan(0);
    expect(told.sum("aether_consumer_lag_seconds", 'consumer="combat"')).toBeGreaterThan(STUCK_AFTER_MS / 1_000);
    // Its statements wait for the lock before they fail.
    await eventually(
      async () => (await scrape(server.apiUrl)).sum("aether_faults_total", 'where="projector combat"'),
      SELDOM,
    ).toBeGreaterThan(0);
    // The node serves on.
    await startFight(server.apiUrl);
  } finally {
    await holder.query("ROLLBACK");
    await holder.end();
  }
  await eventually(ready, SELDOM).toEqual(READY);
  await caughtUp();
});

test("[METRIC-12] a node on which nothing happens stays ready, for many times as long as makes a stuck one", async () => {
  await startFight(server.apiUrl);
  await caughtUp();
  for (let i = 0; i < 6; i += 1) {
    expect(await ready()).toEqual(READY);
    await sleep(STUCK_AFTER_MS);
  }
});

test("[METRIC-7] [METRIC-9] [METRIC-10] without its database the process lives, is not ready and says why, and comes back by itself", async () => {
  await postgres.stop();
  await eventually(ready, SELDOM).toMatchObject({
    http: 503,
    code: "UNAVAILABLE",
    detail: "the database does not answer",
  });
  expect(await probe("/healthz")).toEqual({ status: "ok", http: 200 });
  const told = await scrape(server.apiUrl);
  for (const name of ["aether_consumer_lag_events", "aether_dead_letters", "aether_feed_lag_events"])
    expect([name, told.series(name)]).toEqual([name, []]);
  for (const name of ["aether_actors", "aether_pool_connections", "aether_feed_position", "aether_appends_total"])
    expect([name, told.series(name).length > 0]).toEqual([name, true]);
  expect(told.sum("aether_faults_total")).toBeGreaterThan(0);

  await postgres.start();
  await eventually(ready, SELDOM).toEqual(READY);
  await startFight(server.apiUrl);
  await caughtUp();
  expect(await ready()).toEqual(READY);
});
