import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { demoWorld } from "../../domain/catalogue/demo/demo-world.ts";
import { ITEM, QUEST } from "../../domain/catalogue/demo/ids.ts";
import type { Answer } from "../../domain/codes.ts";
import type { Aggregate } from "../../domain/decider.ts";
import type { DomainEvent, StoredEvent } from "../../domain/envelope.ts";
import type { MarketCommand } from "../../domain/market/commands.ts";
import { market } from "../../domain/market/market.ts";
import type { PlayerCommand } from "../../domain/player/commands.ts";
import { player } from "../../domain/player/player.ts";
import { projectors } from "../../projections/all.ts";
import { createProjections, type Projections } from "../../projections/run.ts";
import { systemClock } from "../../rooms/clock.ts";
import { executeCold, party } from "../../rooms/cold.ts";
import type { TaskWork } from "../../server/schedule.ts";
import { sweep } from "../../server/sweep.ts";
import { upkeepTasks } from "../../server/upkeep-tasks.ts";
import { createPool } from "../../store/database.ts";
import { createFeed } from "../../store/feed.ts";
import { bookId, uuidv7 } from "../../store/uuid.ts";
import { createLocalWakeUps } from "../../store/wake-ups.ts";
import { eventually } from "../store/taken.ts";
import { rowsOf } from "../support/client.ts";
import { type GameNode, gameNodes } from "../support/game-node.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();
const openGameNode = gameNodes(database);
const pool = createPool({ url: database.url, poolSize: projectors.length + 4 });
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let node: GameNode;
let other: GameNode;
let projections: Projections;
let closeFeed: () => Promise<void>;
const faults: unknown[] = [];

beforeAll(async () => {
  // Nothing is adopted on these nodes: what a sweep does not see to, nobody does.
  node = await openGameNode();
  other = await openGameNode();
  const feed = createFeed(node.store, { process: createLocalWakeUps() });
  closeFeed = () => feed.close();
  projections = createProjections(projectors, {
    nodeId: node.nodeId,
    pool,
    store: node.store,
    feed,
    telemetry: { fault: (_, error) => faults.push(error) },
  });
});
afterEach(() => expect(faults).toEqual([]));
afterAll(async () => {
  await projections.close();
  await closeFeed();
  await node.close();
  await other.close();
  await pool.end();
});

/** Does it as if it had been done so long ago, and nobody runs it since. */
async function ago<S, C, E extends DomainEvent>(
  ms: number,
  aggregate: Aggregate<S, C, E>,
  id: string,
  command: C,
): Promise<Answer> {
  const telemetry = { refused: () => undefined, fault: (_: string, error: unknown) => void faults.push(error) };
  const clock = { ...systemClock, now: () => Date.now() - ms };
  const services = { store: node.store, telemetry, tenantId: "default", clock };
  const answer = await executeCold(services, [party({ aggregate, id, command: () => command })], {
    commandId: uuidv7(),
  });
  expect(answer).toMatchObject({ ok: true });
  return answer;
}

async function newItem(): Promise<string> {
  const itemId = uuidv7();
  const definition = demoWorld.items[ITEM.sauge];
  if (definition === undefined) throw new Error("the demo world has no sage");
  const command = { type: "CreerItem", itemId, definition } as const;
  expect(await node.game.commands.send("Item", itemId, { commandId: uuidv7(), command })).toMatchObject({ ok: true });
  return itemId;
}

function order(itemId: string, typeOrdre: "VENTE" | "ACHAT", expireA: string | null): MarketCommand {
  return {
    type: "PlacerOrdre",
    ordreId: uuidv7(),
    joueurId: uuidv7(),
    pseudo: "Ada",
    typeOrdre,
    itemId,
    quantite: 2,
    prixUnitaire: 10,
    expireA,
    proprietes: {},
    echangeable: true,
  };
}

async function logOf(aggregateId: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of node.store.readStream(aggregateId)) events.push(event);
  return events;
}

const caughtUp = () =>
  eventually(async () =>
    Promise.all([...projections.consumers.values()].map(async (one) => (await one.status()).lagEvents)),
  ).toEqual(projectors.map(() => 0));

/** Runs a task of upkeep as a node does; answers how much it dealt with. */
async function run(name: string, on = node): Promise<number> {
  let done = 0;
  const work: TaskWork = {
    signal: new AbortController().signal,
    progress(count) {
      done += count;
    },
  };
  const config = { viewsEverySeconds: 300, archiveAfterDays: { combats: 30, trades: 90, players: 365, events: 365 } };
  const task = upkeepTasks({
    erasures: { goOn: async () => undefined },
    pool,
    commands: on.game.commands,
    config,
  }).find((one) => one.name === name);
  if (task === undefined) throw new Error(`no task ${name}`);
  await task.run(work);
  return done;
}
const iso = (ms: number) => new Date(Date.now() + ms).toISOString();

test("[UPKEEP-6] orders whose time is over leave books that nobody runs, each once, though several nodes sweep", async () => {
  const items: string[] = [];
  for (let i = 0; i < 6; i += 1) {
    const itemId = await newItem();
    items.push(itemId);
    await ago(2 * HOUR_MS, market, bookId(itemId), order(itemId, "VENTE", iso(-HOUR_MS)));
    await ago(2 * HOUR_MS, market, bookId(itemId), order(itemId, "VENTE", iso(i % 2 === 0 ? -HOUR_MS : HOUR_MS)));
    await ago(2 * HOUR_MS, market, bookId(itemId), order(itemId, "VENTE", null));
  }
  await caughtUp();
  expect(await run("market-prices")).toBe(0);
  await Promise.all([run("market-orders"), run("market-orders", other)]);
  expect(await run("market-orders")).toBeLessThanOrEqual(6);
  for (const [i, itemId] of items.entries()) {
    const cancelled = (await logOf(bookId(itemId))).filter(({ eventType }) => eventType === "OrdreCancelled");
    expect(cancelled.map(({ payload }) => (payload as { raison: string }).raison)).toEqual(
      Array.from({ length: i % 2 === 0 ? 2 : 1 }, () => "EXPIRE"),
    );
  }
  await caughtUp();
  const states = await rowsOf(
    database.url,
    "SELECT statut, count(*)::int AS n FROM ordres_economie WHERE item_id = ANY ($1) GROUP BY statut ORDER BY statut",
    [items],
  );
  expect(states).toEqual([
    { statut: "ACTIF", n: 9 },
    { statut: "EXPIRE", n: 9 },
  ]);
  expect(await run("market-orders")).toBe(0);
});

test("[UPKEEP-7] what was traded longer than a day ago goes out of the figures, though nobody trades or runs the book", async () => {
  async function traded(ms: number): Promise<string> {
    const itemId = await newItem();
    await ago(ms, market, bookId(itemId), order(itemId, "VENTE", null));
    await ago(ms, market, bookId(itemId), order(itemId, "ACHAT", null));
    return itemId;
  }
  const [old, late, fresh] = [await traded(26 * HOUR_MS), await traded(2 * HOUR_MS), await traded(0.5 * HOUR_MS)];
  await caughtUp();
  const figures = async (itemId: string) =>
    (
      await rowsOf<{ n: number; price: number | null }>(
        database.url,
        "SELECT nombre_transactions_24h AS n, prix_moyen_24h AS price FROM prix_marche WHERE item_id = $1",
        [itemId],
      )
    )[0];
  expect(await figures(old)).toEqual({ n: 1, price: 10 });
  expect(await run("market-prices")).toBe(2);
  await caughtUp();
  expect(await figures(old)).toEqual({ n: 0, price: null });
  expect(await figures(late)).toEqual({ n: 1, price: 10 });
  const refreshed = async (itemId: string) =>
    (await logOf(bookId(itemId))).filter(({ eventType }) => eventType === "PrixMisAJour").length;
  expect([await refreshed(old), await refreshed(late), await refreshed(fresh)]).toEqual([2, 2, 1]);
  expect(await run("market-prices")).toBe(0);
  expect([await refreshed(old), await refreshed(late), await refreshed(fresh)]).toEqual([2, 2, 1]);
});

test("[UPKEEP-8] quests whose time is over fail once, and their players stay at rest", async () => {
  const players = Array.from({ length: 5 }, () => uuidv7());
  const queteId = QUEST.appelDuVillage;
  const definition = demoWorld.quetes[queteId];
  if (definition === undefined) throw new Error("the demo world has no such quest");

  for (const [i, joueurId] of players.entries()) {
    const creation: PlayerCommand = {
      type: "CreerJoueur",
      joueurId,
      username: `player${i}`,
      pseudo: `Player ${i}`,
      classe: "MAGE",
    };
    await ago(3 * HOUR_MS, player, joueurId, creation);
    const minutes = i === 0 ? 10_000 : 60;
    const definitions = {
      items: {},
      competences: {},
      pnj: {},
      quetes: { [queteId]: { ...definition, dureeLimiteMinutes: minutes } },
    };
    await ago(2 * HOUR_MS, player, joueurId, { type: "AccepterQuete", queteId, definitions: definitions as never });
  }
  await node.idle();
  await caughtUp();
  const states = async () =>
    (
      await rowsOf<{ etat: string }>(
        database.url,
        "SELECT etat FROM quetes_joueur JOIN unnest($1::uuid[]) WITH ORDINALITY AS p (joueur_id, i) USING (joueur_id) ORDER BY i",
        [players],
      )
    ).map(({ etat }) => etat);
  expect(await states()).toEqual(players.map(() => "EN_COURS"));
  await Promise.all([run("quests"), run("quests", other)]);
  await run("quests");
  await caughtUp();
  expect(await states()).toEqual(["EN_COURS", "ECHOUEE", "ECHOUEE", "ECHOUEE", "ECHOUEE"]);
  const failed = await rowsOf<{ n: number }>(
    database.url,
    "SELECT count(*)::int AS n FROM evenements WHERE event_type = 'QueteEchouee' AND payload->>'raison' = 'EXPIREE'",
  );
  expect(failed).toEqual([{ n: 4 }]);
  expect(node.game.players.size + other.game.players.size).toBe(0);
  expect(await run("quests")).toBe(0);
});

test("[UPKEEP-6] a book that cannot decide now is still due, and the run fails", async () => {
  const itemId = await newItem();
  await ago(2 * HOUR_MS, market, bookId(itemId), order(itemId, "VENTE", iso(-HOUR_MS)));
  await caughtUp();
  const dying = await openGameNode({ cut: () => "before" });
  await expect(run("market-orders", dying)).rejects.toThrow("could not be decided");
  await dying.close();
  expect(await run("market-orders")).toBe(1);
  await caughtUp();
  expect(await run("market-orders")).toBe(0);
});

test("[UPKEEP-6] whatever is due is come to, page by page, until the sweep is told to stop", async () => {
  const due = Array.from({ length: 450 }, (_, i) => String(i).padStart(4, "0"));
  const page = async (after: string, limit: number) => due.filter((id) => id > after).slice(0, limit);
  const accepted: Answer = { ok: true, version: 1, sequence: 1, events: [] };
  for (const [stopAfter, least, most] of [
    [1_000, 450, 450],
    [205, 205, 210],
  ] as const) {
    const aborter = new AbortController();
    const sent: string[] = [];
    const send = async (id: string) => {
      sent.push(id);
      if (sent.length === stopAfter) aborter.abort();
      return accepted;
    };
    await sweep({ page, first: "", send }, { signal: aborter.signal, progress: () => undefined });
    expect(sent).toEqual(due.slice(0, sent.length));
    expect(sent.length).toBeGreaterThanOrEqual(least);
    expect(sent.length).toBeLessThanOrEqual(most);
  }
});
