import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { PassingFault } from "../../store/sink.ts";
import { openBadNetwork } from "../support/bad-network.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { type PrivateServer, startPrivateServer } from "../support/private-server.ts";
import { openConsumerNode } from "./consumer-node.ts";
import { append, gains, joueur } from "./fixtures.ts";
import { type Load, startLoad } from "./load.ts";
import { createTaken, eventually, expectAllTaken, sequencesTaken, takingSink, write } from "./taken.ts";

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer({});
  await createTaken(server.url);
});
afterAll(() => server.dispose());

const END_SESSIONS =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'aether-engine%' AND pid <> pg_backend_pid()";
let consumers = 0;

/** A consumer under load, something that befalls the database meanwhile, and the proof that it lost nothing by it. */
async function survive(fault: (load: Load) => Promise<void>): Promise<void> {
  consumers += 1;
  const name = `consumer-${consumers}`;
  const node = openConsumerNode({
    url: server.url,
    statementTimeoutMs: 1_000,
    answerTimeoutMs: 1_500,
    connectTimeoutMs: 500,
  });
  try {
    const consumer = node.consume({ name, sink: takingSink(name), batchSize: 20 });
    const load = startLoad(node.store, 12);
    await sleep(200);
    await fault(load);
    await sleep(100);
    await load.finish();
    await expectAllTaken(server.url, name);
    await eventually(() => consumer.status()).toMatchObject({ state: "working", failed: 0, parked: 0 });
  } finally {
    await server.resume();
    await node.close();
  }
}

describe("[CONS-4] nothing is lost, taken twice or put to the dead letters", () => {
  test("when connections are cut again and again", async () => {
    await survive(async () => {
      for (let i = 0; i < 15; i += 1) {
        await rowsOf(server.url, END_SESSIONS);
        await sleep(40 + Math.random() * 40);
      }
    });
  });

  test.each(["stop", "kill"] as const)("when PostgreSQL goes away and comes back: %s", async (way) => {
    await survive(async () => {
      await server[way]();
      await sleep(700);
      await server.start();
    });
  });

  test("when PostgreSQL answers nothing for a while", async () => {
    await survive(async () => {
      await server.pause();
      await sleep(2_500);
      await server.resume();
    });
  });
});

describe("[CONS-4] the same events come again for as long as it takes", () => {
  const database = useDatabase();

  test("when the other side is away, or the sink's tables are", async () => {
    const node = openConsumerNode({ url: database.url });
    const faults: unknown[] = [];
    let tries = 0;
    await append(node.store, joueur(v7(), 0, gains(10)));
    const consumer = node.consume({
      name: "all",
      tries: 1,
      onFault: (fault) => faults.push(fault),
      sink: {
        async apply(events, transaction) {
          tries += 1;
          if (tries < 5) throw new PassingFault("nobody answers");
          await write(transaction, "all", events);
          return undefined;
        },
      },
    });
    await eventually(async () => (await consumer.status()).state).toBe("failing");
    await eventually(() => tries).toBeGreaterThan(5);
    expect(await consumer.status()).toMatchObject({
      state: "failing",
      position: 0,
      lagEvents: 10,
      lastError: { code: "42P01" },
    });
    await createTaken(database.url);
    await expectAllTaken(database.url, "all");
    await eventually(() => consumer.status()).toMatchObject({ state: "working", failed: 0 });
    expect(faults.length).toBeGreaterThanOrEqual(5);
    await node.close();
  });

  test("[CONS-11] when the answer to the last COMMIT is lost: nothing is left to take, and it is not failing", async () => {
    const between = await openBadNetwork(database.url);
    const through = new URL(database.url);
    through.port = new URL(between.url).port;
    const pool = createPool({ url: through.href, poolSize: 2, answerTimeoutMs: 500 });
    let losing = false;
    pool.on("connect", (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      client.query = ((...args: unknown[]) => {
        if (losing && args[0] === "COMMIT") between.lose("answers", true);
        return query(...args);
      }) as typeof client.query;
    });
    const node = openConsumerNode({ url: database.url });
    const faults: unknown[] = [];
    const consumer = node.consume({
      name: "unheard",
      pool,
      sink: takingSink("unheard"),
      onFault: (fault) => faults.push(fault),
    });
    await expectAllTaken(database.url, "unheard");
    losing = true;
    await append(node.store, joueur(v7(), 0, gains(1)));
    await expectAllTaken(database.url, "unheard");
    await eventually(() => faults.length).toBeGreaterThan(0);
    losing = false;
    between.lose("answers", false);
    await eventually(() => consumer.status()).toMatchObject({ state: "working", lagEvents: 0 });
    await node.close();
    await pool.end();
    await between.close();
  });

  test("when a row that the sink writes is locked", async () => {
    const node = openConsumerNode({ url: database.url });
    await withClient(database.url, async (client) => {
      await client.query("BEGIN; LOCK TABLE taken");
      node.consume({ name: "late", sink: takingSink("late") });
      await sleep(2_500); // more than the lock time-out
      await client.query("COMMIT");
    });
    await expectAllTaken(database.url, "late");
    expect(await sequencesTaken(database.url, "late")).toHaveLength(11);
    await node.close();
  });
});
