import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoWorld } from "../../domain/catalogue/demo/demo-world.ts";
import { ITEM } from "../../domain/catalogue/demo/ids.ts";
import type { MarketCommand } from "../../domain/market/commands.ts";
import type { MarketEvent } from "../../domain/market/events.ts";
import { market } from "../../domain/market/market.ts";
import type { EventStore } from "../../store/event-store.ts";
import { bookId, uuidv7 } from "../../store/uuid.ts";
import { eventually } from "../store/taken.ts";
import { call, sagasDone } from "../support/adventure.ts";
import { rowsOf } from "../support/client.ts";
import { gameRegistry } from "../support/game-node.ts";
import { useDatabase } from "../support/postgres.ts";
import { openSealedStore } from "../support/sealed-store.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, DEMO_WORLD: "true" });
let store: EventStore;

beforeAll(() => {
  store = openSealedStore({ url: database.url }, gameRegistry());
});
afterAll(() => store.close());

/** Writes events into a book past its aggregate, as a bug would. */
async function write(itemId: string, events: readonly MarketEvent[]): Promise<void> {
  const aggregateId = bookId(itemId);
  const expectedVersion = (await store.head(aggregateId))?.version ?? 0;
  const timestamp = new Date().toISOString();
  const metadata = { correlationId: uuidv7(), tenantId: "default", schemaVersion: 1 };
  const whole = events.map((event) => ({ ...event, eventId: uuidv7(), timestamp, metadata }));
  const stream = { aggregateId, aggregateType: "Economy", expectedVersion, events: whole } as const;
  expect(await store.append({ actorId: aggregateId, streams: [stream] })).toMatchObject({ ok: true });
}

function order(itemId: string, typeOrdre: "VENTE" | "ACHAT", prixUnitaire = 10): MarketCommand {
  return {
    type: "PlacerOrdre",
    ordreId: uuidv7(),
    joueurId: uuidv7(),
    pseudo: "Ada",
    typeOrdre,
    itemId,
    quantite: 2,
    prixUnitaire,
    expireA: null,
    proprietes: {},
    echangeable: true,
  };
}

/** What a book says to these commands. */
function told(...commands: readonly MarketCommand[]): MarketEvent[] {
  const events: MarketEvent[] = [];
  for (const command of commands) {
    const state = events.reduce(market.evolve, market.initial);
    const decision = market.decide(state, command, { now: Date.now() });
    if (!decision.ok) throw new Error(decision.rejection.code);
    events.push(...decision.events);
  }
  return events;
}

interface Letter {
  readonly id: string;
  readonly state: string;
  readonly sequence: number;
  readonly eventType: string;
}

const admin = (path: string, method = "GET") =>
  call(server.apiUrl, path, "admin", method === "GET" ? {} : { method, body: {} });
const letters = async (itemId: string, filter = ""): Promise<Letter[]> =>
  (await admin(`/admin/dead-letters?consumer=economy&aggregateId=${bookId(itemId)}${filter}`)).body[
    "items"
  ] as Letter[];
const states = async (itemId: string) => (await letters(itemId)).map(({ state }) => state);
const orders = async (itemId: string) =>
  (
    await rowsOf<{ type: string }>(
      database.url,
      "SELECT type_ordre AS type FROM ordres_economie WHERE item_id = $1 ORDER BY last_event_sequence",
      [itemId],
    )
  ).map(({ type }) => type);

describe("[UPKEEP-19] an event that could not be taken", () => {
  test("[UPKEEP-19] is taken once what it lacked is there, then those that waited behind it; others went on meanwhile", async () => {
    const itemId = uuidv7();
    const [first, second, third] = told(order(itemId, "VENTE"), order(itemId, "VENTE", 11), order(itemId, "ACHAT", 5));
    await write(itemId, [first as MarketEvent]);
    await eventually(() => states(itemId)).toEqual(["FAILED"]);
    await write(itemId, [second as MarketEvent, third as MarketEvent]);
    await write(ITEM.sauge, told(order(ITEM.sauge, "VENTE")));
    await eventually(() => orders(ITEM.sauge)).toEqual(["VENTE"]);
    await eventually(() => states(itemId)).toEqual(["FAILED", "PARKED", "PARKED"]);
    const [failed, parked] = await letters(itemId);

    const again = await admin(`/admin/dead-letters/${failed?.id}/retry`, "POST");
    expect([again.status, again.body["code"]]).toEqual([409, "DEAD_LETTER_FAILED_AGAIN"]);
    const waits = await admin(`/admin/dead-letters/${parked?.id}/retry`, "POST");
    expect([waits.status, waits.body["code"]]).toEqual([409, "DEAD_LETTER_NOT_FAILED"]);
    expect(await orders(itemId)).toEqual([]);

    const created = await call(server.apiUrl, "/items", "auteur", {
      method: "POST",
      body: { itemId, ...demoWorld.items[ITEM.sauge] },
    });
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    await eventually(() =>
      rowsOf(database.url, "SELECT FROM items WHERE item_id = $1", [itemId]).then((rows) => rows.length),
    ).toBe(1);
    const taken = await admin(`/admin/dead-letters/${failed?.id}/retry`, "POST");
    expect([taken.status, taken.body]).toEqual([200, { delivered: 3 }]);
    expect(await orders(itemId)).toEqual(["VENTE", "VENTE", "ACHAT"]);
    expect(await states(itemId)).toEqual(["DONE", "DONE", "DONE"]);
    const done = await admin(`/admin/dead-letters/${failed?.id}/retry`, "POST");
    expect([done.status, done.body["code"]]).toEqual([409, "DEAD_LETTER_NOT_FAILED"]);
    await write(itemId, told(order(itemId, "VENTE", 12)));
    await eventually(() => orders(itemId)).toEqual(["VENTE", "VENTE", "ACHAT", "VENTE"]);
  });

  test("[UPKEEP-19] is dropped, and those that waited behind it are taken", async () => {
    const itemId = ITEM.mineraiDeFer;
    const trade = told(order(itemId, "VENTE"), order(itemId, "ACHAT")).filter(
      ({ eventType }) => eventType === "TransactionExecutee",
    );
    expect(trade).toHaveLength(1);
    // A trade of orders that the table never heard of.
    await write(itemId, trade);
    await eventually(() => states(itemId)).toEqual(["FAILED"]);
    await write(itemId, told(order(itemId, "ACHAT")));
    await eventually(() => states(itemId)).toEqual(["FAILED", "PARKED"]);
    const [failed] = await letters(itemId);
    const dropped = await admin(`/admin/dead-letters/${failed?.id}/discard`, "POST");
    expect([dropped.status, dropped.body]).toEqual([200, { delivered: 1 }]);
    expect(await states(itemId)).toEqual(["DISCARDED", "DONE"]);
    expect(await orders(itemId)).toEqual(["ACHAT"]);
  });
});

test("[UPKEEP-18] dead letters are listed by consumer, state and aggregate, page by page, each once", async () => {
  const items = [uuidv7(), uuidv7(), uuidv7()];
  for (const itemId of items)
    await write(itemId, told(order(itemId, "VENTE"), order(itemId, "VENTE"), order(itemId, "VENTE")));
  for (const itemId of items) await eventually(() => states(itemId)).toEqual(["FAILED", "PARKED", "PARKED"]);
  // Sagas give up the trade of before only after some tries.
  await sagasDone(server.apiUrl);
  const all = (await admin("/admin/dead-letters?limit=1000")).body["items"] as Letter[];
  expect(all.length).toBeGreaterThanOrEqual(9);
  const paged: Letter[] = [];
  for (let after = ""; ; ) {
    const { body } = await admin(`/admin/dead-letters?limit=2${after}`);
    paged.push(...(body["items"] as Letter[]));
    if (body["next"] === undefined) break;
    after = `&after=${body["next"]}`;
  }
  expect(paged).toEqual(all);
  expect(all.map(({ sequence }) => sequence)).toEqual(all.map(({ sequence }) => sequence).sort((a, b) => a - b));
  const [itemId = ""] = items;
  expect((await letters(itemId, "&state=PARKED")).map(({ state }) => state)).toEqual(["PARKED", "PARKED"]);
  expect((await letters(itemId))[0]).toMatchObject({ id: expect.stringMatching(/^economy:\d+$/), state: "FAILED" });
  expect((await admin("/admin/dead-letters?consumer=nobody")).body["items"]).toEqual([]);
  for (const wrong of ["state=LOST", "after=nonsense", "aggregateId=1", "limit=0", "else=1"])
    expect((await admin(`/admin/dead-letters?${wrong}`)).status, wrong).toBe(400);
  for (const id of ["nobody:1", "economy", "economy:0", "economy:x", "economy:999999999"])
    expect((await admin(`/admin/dead-letters/${id}/retry`, "POST")).status, id).toBe(404);
});
