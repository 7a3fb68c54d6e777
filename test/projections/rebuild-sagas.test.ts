import { afterAll, beforeAll, expect, test } from "vitest";
import { projectors } from "../../projections/all.ts";
import { rebuildProjection } from "../../projections/rebuild.ts";
import { createProjections, type Projections } from "../../projections/run.ts";
import { loadDemoWorld } from "../../server/demo-world.ts";
import { createPool } from "../../store/database.ts";
import { createFeed } from "../../store/feed.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { eventually } from "../store/taken.ts";
import { rowsOf } from "../support/client.ts";
import { type GameNode, gameNodes } from "../support/game-node.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();
const openGameNode = gameNodes(database);
const pool = createPool({ url: database.url, poolSize: projectors.length + 2 });
let node: GameNode;
let projections: Projections;
let closeFeed: () => Promise<void>;

beforeAll(async () => {
  node = await openGameNode();
  await loadDemoWorld(({ type, id, command }) =>
    node.game.commands.send(type, id, { commandId: uuidv7(), command: command as never }),
  );
  await node.game.catalogue.refresh();
  const feed = createFeed(node.store, { process: createLocalWakeUps() });
  closeFeed = () => feed.close();
  const telemetry = { fault: () => undefined };
  projections = createProjections(projectors, { nodeId: node.nodeId, pool, store: node.store, feed, telemetry });
});
afterAll(async () => {
  await projections.close();
  await closeFeed();
  await node.close();
  await pool.end();
});

async function arrive(n: number): Promise<void> {
  const joueurId = uuidv7();
  const command = { type: "CreerJoueur", joueurId, username: `player${n}`, pseudo: "Ada", classe: "MAGE" } as const;
  const envelope = { commandId: uuidv7(), command };
  expect(await node.game.commands.send("Joueur", joueurId, envelope)).toMatchObject({ ok: true });
}

/** All that was done for players, their first things from a saga among it. */
async function done() {
  const [row] = await rowsOf<{ events: number; commands: number; things: number }>(
    database.url,
    `SELECT count(*)::int AS events, count(DISTINCT metadata->>'commandId')::int AS commands,
       (count(*) FILTER (WHERE event_type = 'ItemAjoute'))::int AS things
     FROM evenements WHERE aggregate_type IN ('Joueur', 'Inventaire', 'Equipement')`,
  );
  return { events: row?.events ?? 0, commands: row?.commands ?? 0, things: row?.things ?? 0 };
}

test("[PROJ-13] while every read model is made anew, no saga sends anything, and those that go on send what is new once", async () => {
  for (let n = 0; n < 3; n += 1) await arrive(n);
  await node.idle();
  const caughtUp = () =>
    eventually(async () =>
      Promise.all([...projections.consumers.values()].map(async (one) => (await one.status()).lagEvents)),
    ).toEqual(projectors.map(() => 0));
  await caughtUp();
  const before = await done();
  expect(before.things).toBeGreaterThan(0);
  const rebuildAll = async () => {
    for (const projector of projectors)
      await rebuildProjection({ projector, nodeId: node.nodeId, database: { url: database.url }, store: node.store });
  };
  await rebuildAll();
  await node.idle();
  expect(await done()).toEqual(before);

  await Promise.all([rebuildAll(), arrive(3)]);
  await node.idle();
  const after = await done();
  for (const what of ["events", "commands", "things"] as const) expect(after[what]).toBe((before[what] * 4) / 3);
});
