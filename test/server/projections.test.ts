import Fastify, { type FastifyInstance } from "fastify";
import type pg from "pg";
import { v7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRebuilds, type Rebuilds } from "../../projections/rebuilds.ts";
import { createProjections, type Projections } from "../../projections/run.ts";
import { addConsumerGauges } from "../../server/consumer-metrics.ts";
import { createDoor } from "../../server/http.ts";
import { createMetrics } from "../../server/metrics.ts";
import { projectionRoutes } from "../../server/routes/projections.ts";
import { createPool } from "../../store/database.ts";
import { EventFault } from "../../store/sink.ts";
import { accountRows, accounts, accountsByLog, createAccounts } from "../projections/accounts.ts";
import { type ConsumerNode, openConsumerNode } from "../store/consumer-node.ts";
import { append, gains, joueur } from "../store/fixtures.ts";
import { eventually } from "../store/taken.ts";
import { withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { Scrape } from "../support/scrape.ts";

const database = useDatabase();
const metrics = createMetrics();
const { registry } = metrics;
const bad = v7();
let node: ConsumerNode;
let pool: pg.Pool;
let projections: Projections;
let rebuilds: Rebuilds;
let api: FastifyInstance;
let held: Promise<unknown> | undefined;

beforeAll(async () => {
  await createAccounts(database.url);
  node = openConsumerNode({ url: database.url });
  pool = createPool({ url: database.url });
  const telemetry = { fault: () => undefined };
  const live = accounts((events) => {
    if (events.some(({ aggregateId }) => aggregateId === bad)) throw new EventFault("BROKEN", "no way");
  });
  projections = createProjections([live], {
    nodeId: "node",
    pool,
    store: node.store,
    feed: node.feed,
    telemetry,
    onBatch(consumer, events, seconds) {
      metrics.consumerBatchEvents.observe({ consumer }, events);
      metrics.consumerBatchSeconds.observe({ consumer }, seconds);
    },
  });
  addConsumerGauges(registry, {
    consumers: projections.consumers,
    pool,
    onFault(error) {
      throw error;
    },
  });
  rebuilds = createRebuilds([accounts(() => held)], {
    nodeId: "node",
    database: { url: database.url },
    store: node.store,
    telemetry,
  });
  api = Fastify();
  const authenticate = async (token?: string) => {
    const role = token === "admin" ? "admin" : "joueur";
    return { userId: v7(), role, tenantId: "default" } as const;
  };
  const door = createDoor(authenticate as never, metrics);
  projectionRoutes(api, door, { consumers: projections.consumers, rebuilds, pool });
  for (let i = 0; i < 10; i += 1) await append(node.store, joueur(v7(), 0, gains(100)));
  await append(node.store, joueur(bad, 0, gains(3)));
});
afterAll(async () => {
  await rebuilds.close();
  await projections.close();
  await node.close();
  await pool.end();
});

async function call(method: "GET" | "POST" | "DELETE", path: string, payload?: object, role = "admin") {
  const response = await api.inject({
    method,
    url: path,
    headers: { authorization: `Bearer ${role}` },
    ...(payload !== undefined && { payload }),
  });
  return { status: response.statusCode, body: response.body === "" ? undefined : response.json() };
}
const rebuildOf = async () => (await call("GET", "/admin/projections")).body.items[0].rebuild;

test("[PROJ-10] lag, position, state, batches and dead letters are gauges, each filled when it is scraped", async () => {
  await eventually(async () => (await projections.consumers.get("soldes")?.status())?.lagEvents).toBe(0);
  // A batch is counted when its COMMIT has been answered, which others may see before.
  await eventually(async () => new Scrape(await registry.metrics()).sum("aether_consumer_batch_events_sum")).toBe(
    1_003,
  );
  const text = await registry.metrics();
  const value = (name: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(name))
        ?.split(" ")
        .at(-1) ?? Number.NaN,
    );
  expect(value('aether_consumer_lag_events{consumer="soldes"}')).toBe(0);
  expect(value('aether_consumer_lag_seconds{consumer="soldes"}')).toBe(0);
  expect(value('aether_consumer_position{consumer="soldes"}')).toBe(1_003);
  expect(value('aether_consumer_state{consumer="soldes",state="working"}')).toBe(1);
  expect(value('aether_consumer_state{consumer="soldes",state="stopped"}')).toBe(0);
  expect(value('aether_dead_letters{consumer="soldes",state="FAILED"}')).toBe(1);
  expect(value('aether_dead_letters{consumer="soldes",state="PARKED"}')).toBe(2);
  expect(value('aether_consumer_batch_events_sum{consumer="soldes"}')).toBe(1_003);
  expect(value('aether_consumer_batch_seconds_count{consumer="soldes"}')).toBeGreaterThan(0);
});

test("[PROJ-11] an operator starts a rebuild, sees how far it is, stops it, and has it taken up", async () => {
  await withClient(database.url, (client) => client.query("UPDATE soldes SET total = 1"));
  const hold = Promise.withResolvers<void>();
  held = hold.promise;
  expect(await call("POST", "/admin/projections/soldes/rebuild")).toEqual({
    status: 202,
    body: { name: "soldes", state: "FILLING" },
  });
  expect(await rebuildOf()).toMatchObject({ state: "FILLING", position: 0, target: 1_003, done: 0, nodeId: "node" });
  expect(await call("POST", "/admin/projections/soldes/rebuild")).toMatchObject({
    status: 409,
    body: { code: "REBUILD_RUNNING", retryable: true },
  });
  const stopping = call("DELETE", "/admin/projections/soldes/rebuild");
  await new Promise((resolve) => setTimeout(resolve, 50));
  hold.resolve();
  expect((await stopping).status).toBe(204);
  expect(await rebuildOf()).toMatchObject({ state: "INTERRUPTED", endedAt: expect.any(String) });

  expect((await call("POST", "/admin/projections/soldes/rebuild", { fresh: true })).status).toBe(202);
  await eventually(async () => (await rebuildOf()).state).toBe("DONE");
  expect(await rebuildOf()).toMatchObject({ position: 1_003, target: 1_003, events: 1_003, done: 1, error: null });
  expect(await accountRows(database.url)).toEqual(await accountsByLog(database.url));
});

test("[PROJ-11] what is no read model is not rebuilt, nor by anybody but an operator", async () => {
  expect((await call("POST", "/admin/projections/nothing/rebuild")).status).toBe(404);
  expect((await call("DELETE", "/admin/projections/soldes/rebuild")).status).toBe(404);
  expect((await call("POST", "/admin/projections/soldes/rebuild", { fresh: "maybe" })).status).toBe(400);
  for (const method of ["POST", "DELETE"] as const)
    expect((await call(method, "/admin/projections/soldes/rebuild", undefined, "joueur")).status).toBe(403);
});
