import { beforeAll, expect, test, vi } from "vitest";
import { createPool } from "../../store/database.ts";
import { listDeadLetters } from "../../store/dead-letters.ts";
import type { AppendRequest } from "../../store/event-store.ts";
import { derivedUuid, uuidv7 } from "../../store/uuid.ts";
import { type Cut, type GameNode, gameNodes } from "../support/game-node.ts";
import {
  commandTo,
  concedeFight,
  createItem,
  createPlayer,
  done,
  figuresOf,
  playerOf,
  reserve,
  wholeLog,
  withdrawItem,
} from "../support/play-game.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";

// Only for machines under load.
vi.setConfig({ testTimeout: 240_000 });

const database = useDatabase();
const openNode = gameNodes(database);
const release = useReleasers();
const pool = createPool({ url: database.url, poolSize: 2 });
release(() => pool.end());

/** Opens a node that ends with its test, also with one that fails. */
async function withNode<T>(work: (node: GameNode) => Promise<T>, options?: Parameters<typeof openNode>[0]): Promise<T> {
  const node = await openNode(options);
  try {
    return await work(node);
  } finally {
    await node.close();
  }
}

const lettersOf = async (aggregateId: string) =>
  (await listDeadLetters(pool, { limit: 10_000 })).filter((one) => one.aggregateId === aggregateId);

/** A saga's command, told from others by what is kept of it. */
const isStep = ({ outcomes = [] }: AppendRequest): boolean => outcomes.some(({ lasting }) => lasting === true);

interface Run {
  readonly seller: string;
  readonly buyer: string;
  readonly late: string;
  readonly fighters: readonly [string, string];
}

let ware = "";
let withdrawn = "";
beforeAll(async () => {
  await withNode(async ({ game }) => {
    ware = await createItem(game);
    withdrawn = await createItem(game);
    await withdrawItem(game, withdrawn);
  });
});

/** Everything that players do themselves. What follows from it is the sagas'. */
async function begin(node: GameNode): Promise<Run> {
  const { game, store } = node;
  const item = await createItem(game);
  const [seller, buyer, late, one, other] = await Promise.all([
    createPlayer(game, 0, { [item]: 5 }),
    createPlayer(game, 100),
    createPlayer(game, 60),
    createPlayer(game),
    createPlayer(game),
  ]);
  await done(reserve(game, seller, "VENTE", [item, 5, 10]));
  await done(reserve(game, buyer, "ACHAT", [item, 3, 10]));
  await done(reserve(game, late, "ACHAT", [withdrawn, 2, 20]));
  await concedeFight(game, store, one, other);
  return { seller, buyer, late, fighters: [one, other] };
}

async function outcomeOf({ game, store }: GameNode, run: Run, since: number) {
  const figures = await Promise.all(
    [run.seller, run.buyer, run.late, ...run.fighters].map((id) => figuresOf(game, id)),
  );
  const counts: Record<string, number> = {};
  for (const { eventType, sequence } of await wholeLog(store))
    if (sequence > since) counts[eventType] = (counts[eventType] ?? 0) + 1;
  return { figures, counts };
}

const lastOf = async ({ store }: GameNode) => store.lastSequence(await store.highWaterMark());

/** A run whose sagas are cut off at their `at`th step, and taken up by another node. */
async function interrupted(at: number, where: Cut) {
  let steps = 0;
  let released = false;
  const doomed = await openNode({
    held: true,
    cut(request) {
      if (!released || !isStep(request)) return undefined;
      steps += 1;
      return steps === at ? where : undefined;
    },
  });
  const since = await lastOf(doomed);
  const run = await begin(doomed);
  released = true;
  doomed.release();
  const idle = doomed.idle().then(
    () => "idle" as const,
    () => "cut" as const,
  );
  const ended = await Promise.race([doomed.cutOff.then(() => "cut" as const), idle]);
  await doomed.die();
  await idle;
  return withNode(async (heir) => {
    await heir.idle();
    return { ended, steps, outcome: await outcomeOf(heir, run, since) };
  });
}

test("[SINK-1] a saga whose node dies before, between or after its steps comes to the same as one that nothing disturbs", async () => {
  const undisturbed = await interrupted(0, undefined);
  expect(undisturbed).toMatchObject({ ended: "idle" });
  expect(undisturbed.steps).toBeGreaterThan(10);
  const [seller, buyer, late, winner, loser] = undisturbed.outcome.figures;
  expect(seller).toMatchObject({ or: 29, pieces: [], orders: 1 });
  expect(buyer).toMatchObject({ or: 70, pieces: [3], orders: 0 });
  expect(late).toMatchObject({ or: 60, orders: 0 });
  expect(winner).toMatchObject({ or: 7, combatId: null });
  expect(loser).toMatchObject({ or: 0, combatId: null });
  expect((winner?.cote ?? 0) - (loser?.cote ?? 0)).toBe(32);
  for (let at = 1; at <= undisturbed.steps; at += 1) {
    for (const where of at % 4 === 1 ? (["before", "after"] as const) : (["after"] as const)) {
      const { ended, outcome } = await interrupted(at, where);
      expect({ at, where, ended, ...outcome }).toEqual({ at, where, ended: "cut", ...undisturbed.outcome });
    }
  }
});

test("[SINK-2] taking the whole log again adds nothing to it, also when a player has done hundreds of things since", async () => {
  const { seller, count } = await withNode(async (node) => {
    const run = await begin(node);
    await node.idle();
    const reference = run.seller;
    for (let i = 0; i < 300; i += 50)
      await Promise.all(
        Array.from({ length: 50 }, () =>
          done(
            commandTo(node.game, "Joueur", run.seller, { type: "ModifierOr", delta: 1, raison: "CADEAU", reference }),
          ),
        ),
      );
    await node.idle();
    return {
      seller: await figuresOf(node.game, run.seller),
      count: (await wholeLog(node.store)).length,
      id: run.seller,
    };
  });
  expect(seller.or).toBeGreaterThan(300);
  const before = await listDeadLetters(pool, { limit: 10_000 });
  await pool.query("UPDATE consumer_checkpoints SET position = 0");
  await withNode(async (node) => {
    await node.idle();
    expect(await wholeLog(node.store)).toHaveLength(count);
  });
  const letters = await listDeadLetters(pool, { limit: 10_000 });
  expect(letters.map(({ sequence, state }) => [sequence, state])).toEqual(
    before.map(({ sequence, state }) => [sequence, state]),
  );
});

test("[SINK-3] an order that no book can take is undone: gold and goods go back, once, and the dead letters tell", async () => {
  await withNode(async (node) => {
    const { game } = node;
    const goods = await createItem(game);
    const buyer = await createPlayer(game, 50);
    const seller = await createPlayer(game, 0, { [goods]: 4 });
    await withdrawItem(game, goods);
    await done(reserve(game, buyer, "ACHAT", [goods, 2, 20]));
    await done(reserve(game, seller, "VENTE", [goods, 4, 20]));
    await node.idle();
    expect(await figuresOf(game, buyer)).toMatchObject({ or: 50, orders: 0 });
    expect(await figuresOf(game, seller)).toMatchObject({ pieces: [4], orders: 0 });
    for (const id of [buyer, seller])
      expect(await lettersOf(id)).toMatchObject([
        { state: "COMPENSATED", code: "NOT_TRADABLE", eventType: "OrdreReserve" },
      ]);
    // Nothing waits behind it.
    await done(reserve(game, buyer, "ACHAT", [ware, 1, 1]));
    await node.idle();
    expect((await game.readBook(ware))?.ouverts).toBe(1);
    expect(Object.keys((await playerOf(game, buyer)).joueur.ordres)).toHaveLength(1);
  });
});

test("[SINK-4] a fault of the server's undoes nothing: what is done under that id later would be done as well", async () => {
  let broken = true;
  await withNode(
    async (node) => {
      const { game } = node;
      const buyer = await createPlayer(game, 50);
      const ordreId = uuidv7();
      await done(reserve(game, buyer, "ACHAT", [ware, 1, 3], ordreId));
      await expect.poll(() => lettersOf(buyer)).toMatchObject([{ state: "FAILED" }]);
      expect(await figuresOf(game, buyer)).toMatchObject({ or: 47, orders: 1 });
      broken = false;
      const [letter] = await lettersOf(buyer);
      const consumer = game.consumers.get("market-settlement");
      expect(await consumer?.retryDeadLetter(letter?.sequence ?? 0)).toMatchObject({ ok: true });
      expect((await playerOf(game, buyer)).joueur.ordres).toHaveProperty(ordreId);
      const sides = JSON.stringify((await game.readBook(ware))?.achats);
      expect(sides).toContain(ordreId);
    },
    {
      cut: ({ streams }) =>
        broken && streams.some(({ events }) => events.some(({ eventType }) => eventType === "OrdreAchatCree"))
          ? "invalid"
          : undefined,
    },
  );
});

test("[SINK-5] a step that is refused and cannot be undone holds up its aggregate's later events; all the others go on, and trying again once the cause is gone finishes", async () => {
  await withNode(async (node) => {
    const { game } = node;
    const reward = uuidv7();
    const [one, other, third] = [await createPlayer(game), await createPlayer(game), await createPlayer(game)];
    const before = await Promise.all([one, other, third].map((id) => figuresOf(game, id)));
    const world = uuidv7();
    const first = await ended(node, world, 1, [one, other], { itemId: reward, quantite: 2 });
    const second = await ended(node, world, 2, [third]);
    await expect
      .poll(() => lettersOf(world))
      .toMatchObject([
        { state: "FAILED", code: "UNKNOWN_ITEM", sequence: first },
        { state: "PARKED", sequence: second },
      ]);
    // What does not need the missing definition was done all the same.
    for (const [i, id] of [one, other].entries()) expect((await figuresOf(game, id)).or).toBe((before[i]?.or ?? 0) + 5);
    expect((await figuresOf(game, third)).or).toBe(before[2]?.or);

    const consumer = game.consumers.get("world-rewards");
    expect(await consumer?.retryDeadLetter(first)).toMatchObject({ ok: false, code: "FAILED_AGAIN" });
    await createItem(game, reward);
    expect(await consumer?.retryDeadLetter(first)).toEqual({ ok: true, delivered: 2 });
    for (const [i, id] of [one, other].entries())
      expect(await figuresOf(game, id)).toMatchObject({ or: (before[i]?.or ?? 0) + 5, pieces: [2] });
    expect((await figuresOf(game, third)).or).toBe((before[2]?.or ?? 0) + 5);
    expect((await lettersOf(world)).map(({ state }) => state)).toEqual(["DONE", "DONE"]);
  });
});

test("[SINK-2] an event that has failed, and those parked behind it, stay as they are when the log is taken again", async () => {
  const world = uuidv7();
  const states = async () => (await lettersOf(world)).map(({ state }) => state);
  await withNode(async (node) => {
    const one = await createPlayer(node.game);
    for (const version of [1, 2, 3]) await ended(node, world, version, [one], { itemId: uuidv7(), quantite: version });
    await expect.poll(states).toEqual(["FAILED", "PARKED", "PARKED"]);
  });
  await pool.query("UPDATE consumer_checkpoints SET position = 0");
  await withNode(async (node) => {
    const count = (await wholeLog(node.store)).length;
    await node.idle();
    expect(await wholeLog(node.store)).toHaveLength(count);
  });
  expect(await states()).toEqual(["FAILED", "PARKED", "PARKED"]);
});

test("[SINK-6] an order that is asked for again after any time is not set aside again", async () => {
  await withNode(async (node) => {
    const { game } = node;
    const buyer = await createPlayer(game, 100);
    const call = { joueurId: buyer, commandId: uuidv7() };
    const order = { type: "PlacerOrdre", typeOrdre: "ACHAT", quantite: 1, prixUnitaire: 2 } as const;
    const first = await done(game.orders.place(ware, order, call));
    await done(
      game.orders.cancel(ware, derivedUuid(`ordre/${buyer}`, call.commandId), { joueurId: buyer, commandId: uuidv7() }),
    );
    await node.idle();
    const reference = buyer;
    for (let i = 0; i < 300; i += 50)
      await Promise.all(
        Array.from({ length: 50 }, () =>
          done(commandTo(game, "Joueur", buyer, { type: "ModifierOr", delta: 1, raison: "CADEAU", reference })),
        ),
      );
    expect(await game.orders.place(ware, order, call)).toEqual(first);
    await node.idle();
    expect(await figuresOf(game, buyer)).toMatchObject({ or: 400, orders: 0 });
  });
});

/** A world event that has ended well, in a world of its own. Answers its sequence. */
async function ended(
  { store }: GameNode,
  world: string,
  version: number,
  players: readonly string[],
  goods?: { readonly itemId: string; readonly quantite: number },
): Promise<number> {
  const now = new Date().toISOString();
  const payload = {
    ...{ evenementId: uuidv7(), type: "RECOLTE", nom: "A festival", resultat: "REUSSI", progres: 1, objectif: 1 },
    participants: players.map((joueurId) => ({ joueurId, contribution: 1 })),
    autres: 0,
    recompenses: { experience: 0, or: 5, objets: goods === undefined ? [] : [goods] },
    termineA: now,
  };
  const metadata = { correlationId: uuidv7(), tenantId: "default", schemaVersion: 1 };
  const event = { eventType: "EvenementTermine", payload, eventId: uuidv7(), timestamp: now, metadata };
  const stream = {
    aggregateId: world,
    aggregateType: "WorldState",
    expectedVersion: version - 1,
    events: [event],
  } as const;
  const result = await store.append({ actorId: world, streams: [stream] });
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.sequences[0] ?? 0;
}
