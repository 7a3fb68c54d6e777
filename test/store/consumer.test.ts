import { v7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";
import { type ConsumerNode, openConsumerNode } from "./consumer-node.ts";
import { append, event, gains, inventaire, joueur } from "./fixtures.ts";
import { createTaken, expectAllTaken, sequencesTaken, sequencesWritten, takingSink } from "./taken.ts";

const database = useDatabase();
const release = useReleasers();
let node: ConsumerNode;
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
  await expect.poll(() => sequencesTaken(database.url, "items")).toEqual(fitting);
  const last = (await sequencesWritten(database.url)).at(-1);
  await expect.poll(async () => (await consumer.status()).position).toBe(last);
});
