import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Consumer } from "../../store/consumer.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";
import { type ConsumerNode, openConsumerNode } from "./consumer-node.ts";
import { append, definitions, event, gains, inventaire, joueur } from "./fixtures.ts";
import {
  createTaken,
  eventually,
  expectAllTaken,
  sequencesTaken,
  sequencesWritten,
  taken,
  takingSink,
  write,
} from "./taken.ts";

const database = useDatabase();
const release = useReleasers();
let node: ConsumerNode;
afterEach(() => node.closeConsumers());
beforeAll(async () => {
  await createTaken(database.url);
  node = openConsumerNode({ url: database.url });
  release(() => node.close());
});

test("[CONS-1] every event reaches the sink once and in order, those from before its start too", async () => {
  const id = v7();
  await append(node.store, joueur(id, 0, gains(700)));
  const consumer = node.consume({ name: "all", sink: takingSink("all") });
  await append(node.store, joueur(id, 700, gains(20)));
  await append(node.store, joueur(v7(), 0, gains(3)));
  await expectAllTaken(database.url, "all");
  expect(await consumer.status()).toMatchObject({ state: "working", lagEvents: 0, lagSeconds: 0 });
});

test("[CONS-3] a filtered consumer is given what fits, and its position moves on past the rest", async () => {
  await append(node.store, inventaire(v7(), 0, [event("ItemAjoute", { nom: "arc" })]));
  await append(node.store, joueur(v7(), 0, gains(50)));
  const consumer = node.consume({
    name: "items",
    sink: takingSink("items"),
    filter: { eventTypes: ["ItemAjoute"] },
  });
  const fitting = await sequencesWritten(database.url, "event_type = 'ItemAjoute'");
  await eventually(() => sequencesTaken(database.url, "items")).toEqual(fitting);
  const last = (await sequencesWritten(database.url)).at(-1);
  await eventually(async () => (await consumer.status()).position).toBe(last);
});

test("[CONS-3] where nothing fits for long, the position is written down now and then all the same", async () => {
  const consumer = node.consume({ name: "none", sink: takingSink("none"), filter: { eventTypes: ["DegatsInfliges"] } });
  const last = (await sequencesWritten(database.url)).at(-1);
  await eventually(async () => (await consumer.status()).position).toBe(last);
  const position = () =>
    rowsOf(database.url, "SELECT position::int AS position FROM consumer_checkpoints WHERE name = 'none'");
  await eventually(position).toEqual([{ position: last }]);
});

async function stateOf(consumer: Consumer): Promise<string> {
  return (await consumer.status()).state;
}

describe("[CONS-2] of several nodes one works", () => {
  async function open(nodeId: string): Promise<ConsumerNode> {
    const other = openConsumerNode({ url: database.url }, { nodeId, feed: { pollMs: 20 } });
    release(() => other.close());
    return other;
  }

  test("and the others stand by, until it closes", async () => {
    const nodes = [await open("a"), await open("b"), await open("c")];
    const sink = (nodeId: string) => ({
      async apply(events: Parameters<typeof write>[2], transaction: Parameters<typeof write>[0]) {
        await write(transaction, "one", events, nodeId);
        return undefined;
      },
    });
    const consumers = nodes.map((one, i) => one.consume({ name: "one", sink: sink("abc"[i] ?? "") }));
    await expectAllTaken(database.url, "one");
    const id = v7();
    for (let i = 0; i < 30; i += 1) {
      await append(node.store, joueur(id, i, gains(1)));
      await sleep(10);
    }
    await expectAllTaken(database.url, "one");
    const workers = new Set((await taken(database.url, "one")).slice(-20).map((row) => row.node));
    expect(workers.size, "it stays with the one that has it").toBe(1);
    let states: string[] = [];
    await eventually(async () => {
      states = await Promise.all(consumers.map(stateOf));
      return states.toSorted();
    }).toEqual(["standby", "standby", "working"]);
    await consumers[states.indexOf("working")]?.close();
    const result = await append(node.store, joueur(id, 30, gains(1)));
    const start = performance.now();
    await expectAllTaken(database.url, "one");
    console.log(`taken over after ${(performance.now() - start).toFixed(0)} ms`);
    expect(result.ok).toBe(true);
  });

  test("and one whose session was ended writes nothing any more, when another has taken its place", async () => {
    const [slow, quick] = [await open("slow"), await open("quick")];
    let waiting = false;
    const late = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<unknown>();
    slow.consume({
      name: "fenced",
      idleTransactionMs: 200,
      sink: {
        async apply(events, transaction) {
          waiting = true;
          await late.promise;
          await write(transaction, "fenced", events).then(outcome.resolve, outcome.resolve);
          throw new Error("too late");
        },
      },
    });
    await eventually(() => waiting).toBe(true);
    const consumer = quick.consume({ name: "fenced", sink: takingSink("fenced") });
    await expectAllTaken(database.url, "fenced");
    expect(await stateOf(consumer)).toBe("working");
    late.resolve();
    expect(await outcome.promise).toBeInstanceOf(Error);
    await slow.closeConsumers();
    await expectAllTaken(database.url, "fenced");
  });
});

test("[CONS-9] at an event that its code cannot read a node stops and says so, and a newer one goes on from there", async () => {
  const old = openConsumerNode(
    { url: database.url },
    { nodeId: "old", events: { ExperienceGagnee: definitions.ExperienceGagnee } },
  );
  release(() => old.close());
  const readable = await sequencesWritten(database.url, "event_type = 'ExperienceGagnee'");
  const [unreadable = 0] = await sequencesWritten(database.url, "event_type <> 'ExperienceGagnee'");
  const before = readable.filter((sequence) => sequence < unreadable);
  const consumer = old.consume({ name: "versions", sink: takingSink("versions"), batchSize: 100 });
  await eventually(() => stateOf(consumer)).toBe("stopped");
  expect(before.length).toBeGreaterThan(700);
  expect(await sequencesTaken(database.url, "versions")).toEqual(before);
  expect(await consumer.status()).toMatchObject({
    position: before.at(-1),
    failed: 0,
    lastError: { code: "UNREADABLE_EVENT", message: "ItemAjoute: unknown event type" },
  });
  const newer = node.consume({ name: "versions", sink: takingSink("versions") });
  await expectAllTaken(database.url, "versions");
  expect(await stateOf(newer)).toBe("working");
  expect(await stateOf(consumer)).toBe("stopped");
});

test("[CONS-11] its status tells how far it is behind", async () => {
  const hold = Promise.withResolvers<void>();
  let held = false;
  const written = await sequencesWritten(database.url);
  const consumer = node.consume({
    name: "behind",
    batchSize: 10,
    sink: takingSink("behind", async ({ sequence }) => {
      held ||= sequence === written[10];
      if (sequence === written[10]) await hold.promise;
    }),
  });
  await eventually(() => held).toBe(true);
  await sleep(300);
  const status = await consumer.status();
  expect(status).toMatchObject({ name: "behind", position: written[9], failed: 0, parked: 0 });
  expect(status.lagEvents).toBe((written.at(-1) ?? 0) - (written[9] ?? 0));
  expect(status.lagSeconds).toBeGreaterThan(0.3);
  expect(status.lagSeconds).toBeLessThan(300);
  hold.resolve();
  await eventually(() => consumer.status()).toMatchObject({ lagEvents: 0, lagSeconds: 0, position: written.at(-1) });
});

test("[CONS-11] one that has not begun is behind by the whole log", async () => {
  const written = await sequencesWritten(database.url);
  const idle = node.consume({ name: "not begun", runs: false, sink: takingSink("not begun") });
  expect(await idle.status()).toMatchObject({ position: 0, lagEvents: written.at(-1) ?? 0 });
});

describe("[CONS-12] closing", () => {
  test("finishes the batch under way", async () => {
    const begun = Promise.withResolvers<void>();
    const consumer = node.consume({
      name: "finishes",
      batchSize: 5,
      sink: takingSink("finishes", async () => {
        begun.resolve();
        await sleep(20);
      }),
    });
    await begun.promise;
    await consumer.close();
    expect((await sequencesTaken(database.url, "finishes")).length).toBe(5);
    await sleep(100);
    expect((await sequencesTaken(database.url, "finishes")).length).toBe(5);
  });

  test("abandons it when it takes too long, tells the sink, and lets nothing of it be written", async () => {
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    let told = false;
    const consumer = node.consume({
      name: "abandons",
      closeMs: 100,
      sink: {
        async apply(events, transaction, signal) {
          await write(transaction, "abandons", events);
          signal.addEventListener("abort", () => {
            told = true;
          });
          begun.resolve();
          await end.promise;
          await write(transaction, "abandons", events).then(late.resolve, late.resolve);
          return undefined;
        },
      },
    });
    await begun.promise;
    await consumer.close();
    expect(told).toBe(true);
    end.resolve();
    expect(await late.promise).toBeInstanceOf(Error);
    expect(await sequencesTaken(database.url, "abandons")).toEqual([]);
    const next = node.consume({ name: "abandons", sink: takingSink("abandons") });
    await expectAllTaken(database.url, "abandons");
    expect(await stateOf(next)).toBe("working");
  });
});

test.each([
  "DELETE FROM consumer_checkpoints",
  "UPDATE consumer_checkpoints SET name = 'x'",
  "TRUNCATE dead_letters",
  "DELETE FROM dead_letters",
  "UPDATE dead_letters SET event_id = gen_random_uuid()",
  "UPDATE dead_letters SET aggregate_id = gen_random_uuid()",
])("[CONS-13] the application may not: %s", async (sql) => {
  const refused = withClient(database.url, async (client) => {
    await client.query("SET ROLE aether_app");
    await client.query(sql);
  });
  await expect(refused).rejects.toMatchObject({ code: "42501" });
});
