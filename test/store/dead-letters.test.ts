import { v7 } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { Consumer } from "../../store/consumer.ts";
import { createPool } from "../../store/database.ts";
import { type DeadLetterState, listDeadLetters } from "../../store/dead-letters.ts";
import { EventFault, type Sink } from "../../store/sink.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { type ConsumerNode, openConsumerNode } from "./consumer-node.ts";
import { append, event, gains, joueur } from "./fixtures.ts";
import { createTaken, eventually, taken, takingSink, write } from "./taken.ts";

const database = useDatabase();
const pool = createPool({ url: database.url, poolSize: 1 });
const POISON = 13;
const SECRET = "alice@example.org";
let node: ConsumerNode;
let name = "";
let consumers = 0;

beforeAll(async () => {
  await createTaken(database.url);
  node = openConsumerNode({ url: database.url });
});
afterAll(async () => {
  await node.close();
  await pool.end();
});
beforeEach(() => {
  consumers += 1;
  name = `consumer-${consumers}`;
});

afterEach(() => node.closeConsumers());

const montant = ({ payload }: StoredEvent) => (payload as { montant?: number }).montant;

/** Refuses events of these amounts until it is cured. */
function poisoned(...amounts: number[]): { readonly sink: Sink; cure(): void } {
  const poison = new Set<number | undefined>(amounts);
  const sink = takingSink(name, (one) => {
    if (poison.has(montant(one))) throw new EventFault("POISON", "an amount that nobody wants");
  });
  return { sink, cure: () => poison.clear() };
}

async function letters(): Promise<[number, DeadLetterState][]> {
  return (await listDeadLetters(pool, { consumer: name })).map(({ sequence, state }) => [sequence, state]);
}

/** What a consumer that begins now has before it. */
async function end(): Promise<number> {
  const rows = await rowsOf<{ n: number }>(
    database.url,
    "SELECT coalesce(max(event_sequence), 0)::int AS n FROM evenements",
  );
  return rows[0]?.n ?? 0;
}

/** Begins at the end of the log as it is. */
async function consumeFromHere(sink: Sink, batchSize = 500): Promise<Consumer> {
  await withClient(database.url, async (client) =>
    client.query("INSERT INTO consumer_checkpoints (name, position) VALUES ($1, $2)", [name, await end()]),
  );
  return node.consume({ name, sink, batchSize, tries: 2 });
}

async function sequencesOf(aggregateId: string): Promise<number[]> {
  const rows = await rowsOf<{ n: number }>(
    database.url,
    "SELECT event_sequence::int AS n FROM evenements WHERE aggregate_id = $1 ORDER BY 1",
    [aggregateId],
  );
  return rows.map(({ n }) => n);
}

async function takenOf(aggregateId: string): Promise<number[]> {
  return (await taken(database.url, name))
    .filter(({ aggregate }) => aggregate === aggregateId)
    .map(({ sequence }) => sequence);
}

const caughtUp = async (consumer: Consumer) => eventually(async () => (await consumer.status()).lagEvents).toBe(0);

/** Events 11 to 20 of one player's, of which the third is poison, in the midst of another's hundred. */
async function writePoison(): Promise<{ sick: string; healthy: string }> {
  const [sick, healthy] = [v7(), v7()];
  await append(node.store, joueur(healthy, 0, gains(60, 1_000)));
  await append(node.store, joueur(sick, 0, gains(10, POISON - 2)));
  await append(node.store, joueur(healthy, 60, gains(40, 1_000)));
  return { sick, healthy };
}

describe("[CONS-5] an event that cannot be taken goes to the dead letters", () => {
  test("with its aggregate's later events behind it in order, and the others go on", async () => {
    const { sink } = poisoned(POISON);
    const consumer = await consumeFromHere(sink);
    const { sick, healthy } = await writePoison();
    await append(node.store, joueur(sick, 10, gains(2, 500)));
    await caughtUp(consumer);
    const [first = 0, second = 0, ...rest] = await sequencesOf(sick);
    expect(await takenOf(healthy)).toEqual(await sequencesOf(healthy));
    expect(await takenOf(sick)).toEqual([first, second]);
    expect(await letters()).toEqual(rest.map((sequence, i) => [sequence, i === 0 ? "FAILED" : "PARKED"]));
    const [failed] = await listDeadLetters(pool, { consumer: name, state: "FAILED" });
    expect(failed).toMatchObject({
      aggregateId: sick,
      eventType: "ExperienceGagnee",
      code: "POISON",
      error: "an amount that nobody wants",
      attempts: 2,
      firstAt: expect.stringMatching(/Z$/),
    });
    await eventually(() => consumer.status()).toMatchObject({
      state: "working",
      failed: 1,
      parked: 9,
      lastError: { code: "POISON" },
    });
  });

  test("though it stands at either end of a batch, or in several of them", async () => {
    const { sink } = poisoned(1, 2, 3, 4);
    const consumer = await consumeFromHere(sink, 7);
    const ids = Array.from({ length: 21 }, () => v7());
    for (const [i, id] of ids.entries())
      await append(node.store, joueur(id, 0, gains(2, [0, 6, 7, 20].includes(i) ? 4 : 50)));
    await caughtUp(consumer);
    expect((await letters()).map(([, state]) => state)).toEqual(
      Array.from({ length: 4 }, () => ["FAILED", "PARKED"]).flat(),
    );
    expect(await taken(database.url, name)).toHaveLength(17 * 2);
  });

  test.each([
    ["a constraint of the sink's tables", "SELECT 1 / $1::int", "22012"],
    ["an error that the sink kept to itself", "hidden", "25P02"],
  ])("whatever it fails with: %s", async (_, statement, code) => {
    const sink: Sink = {
      async apply(events, transaction) {
        await write(transaction, name, events);
        if (!events.some((one) => montant(one) === POISON)) return undefined;
        if (statement === "hidden") await transaction.query("SELECT 1 / 0").catch(() => undefined);
        else await transaction.query(statement, [0]);
        return undefined;
      },
    };
    const consumer = await consumeFromHere(sink);
    const { healthy } = await writePoison();
    await caughtUp(consumer);
    expect(await takenOf(healthy)).toEqual(await sequencesOf(healthy));
    expect((await listDeadLetters(pool, { consumer: name, state: "FAILED" }))[0]).toMatchObject({ code });
  });
});

describe("[CONS-6] a dead letter that is taken again", () => {
  test("is followed by those parked behind it, each once and in order, while the consumer goes on", async () => {
    const { sink, cure } = poisoned(POISON);
    const consumer = await consumeFromHere(sink, 4);
    const { sick } = await writePoison();
    await caughtUp(consumer);
    const [failed = 0] = (await sequencesOf(sick)).slice(2);
    expect(await consumer.retryDeadLetter(failed)).toEqual({
      ok: false,
      code: "FAILED_AGAIN",
      sequence: failed,
      delivered: 0,
    });
    expect((await listDeadLetters(pool, { consumer: name }))[0]).toMatchObject({ state: "FAILED", attempts: 3 });
    cure();
    const other = openConsumerNode({ url: database.url }, { nodeId: "other" });
    const writing = (async () => {
      for (let version = 10; version < 40; version += 1)
        await append(other.store, joueur(sick, version, gains(1, 500)));
    })();
    const elsewhere = other.consume({ name, sink, batchSize: 3 });
    const result = await elsewhere.retryDeadLetter(failed);
    expect(result).toMatchObject({ ok: true });
    await writing;
    await caughtUp(consumer);
    await elsewhere.close();
    await eventually(() => takenOf(sick)).toHaveLength(40);
    expect(await takenOf(sick)).toEqual(await sequencesOf(sick));
    expect(new Set((await letters()).map(([, state]) => state))).toEqual(new Set(["DONE"]));
    expect(await consumer.retryDeadLetter(failed)).toEqual({ ok: false, code: "NOT_FAILED" });
    expect(await consumer.retryDeadLetter(1_000_000)).toEqual({ ok: false, code: "NOT_FOUND" });
    await other.close();
  });

  test("stops at a parked one that fails in its turn, which then holds up the rest", async () => {
    const { sink, cure } = poisoned(POISON, POISON + 4);
    const consumer = await consumeFromHere(sink);
    const { sick } = await writePoison();
    await caughtUp(consumer);
    const all = await sequencesOf(sick);
    const [failed = 0, next = 0] = [all[2], all[6]];
    cure();
    const again = poisoned(POISON + 4);
    await consumer.close();
    const second = node.consume({ name, sink: again.sink });
    // By now it has looked for what another left half done, and finds nothing of this.
    await append(node.store, joueur(v7(), 0, gains(1, 500)));
    await caughtUp(second);
    expect(await second.retryDeadLetter(failed)).toEqual({
      ok: false,
      code: "FAILED_AGAIN",
      sequence: next,
      delivered: 4,
    });
    expect((await letters()).map(([, state]) => state)).toEqual(
      [..."DDDDFPPP"].map((s) => ({ D: "DONE", F: "FAILED", P: "PARKED" })[s]),
    );
    expect(await takenOf(sick)).toEqual(all.slice(0, 6));
    again.cure();
    expect(await second.retryDeadLetter(next)).toEqual({ ok: true, delivered: 4 });
    expect(await takenOf(sick)).toEqual(all);
  });

  test("and was left half done, is taken up by the node that works", async () => {
    const { sink, cure } = poisoned(POISON);
    const consumer = await consumeFromHere(sink);
    const { sick } = await writePoison();
    await caughtUp(consumer);
    await consumer.close();
    cure();
    // As a node that died right after its first step leaves it.
    await rowsOf(database.url, "UPDATE dead_letters SET state = 'DONE' WHERE consumer = $1 AND state = 'FAILED'", [
      name,
    ]);
    node.consume({ name, sink });
    await eventually(() => takenOf(sick)).toHaveLength(9);
    const all = await sequencesOf(sick);
    expect(await takenOf(sick)).toEqual([...all.slice(0, 2), ...all.slice(3)]);
  });
});

test("[CONS-7] a dead letter that is discarded is not taken, and those parked behind it are", async () => {
  const { sink } = poisoned(POISON);
  const consumer = await consumeFromHere(sink);
  const { sick } = await writePoison();
  await caughtUp(consumer);
  const all = await sequencesOf(sick);
  const [failed = 0] = all.slice(2);
  expect(await consumer.discardDeadLetter(failed)).toEqual({ ok: true, delivered: 7 });
  expect(await takenOf(sick)).toEqual([...all.slice(0, 2), ...all.slice(3)]);
  expect((await letters())[0]).toEqual([failed, "DISCARDED"]);
  await append(node.store, joueur(sick, 10, gains(1, 500)));
  await caughtUp(consumer);
  expect(await takenOf(sick)).toHaveLength(10);
  expect(await consumer.discardDeadLetter(failed)).toEqual({ ok: false, code: "NOT_FAILED" });
});

test("[CONS-8] what the sink says was compensated is recorded, and holds up nobody", async () => {
  const sink: Sink = {
    async apply(events, transaction) {
      await write(transaction, name, events);
      return events
        .filter((one) => montant(one) === POISON)
        .map(({ sequence }) => ({
          sequence,
          deadLetter: { code: "REFUSED", message: "given back", state: "COMPENSATED" },
        }));
    },
  };
  const consumer = await consumeFromHere(sink);
  const { sick } = await writePoison();
  await caughtUp(consumer);
  const all = await sequencesOf(sick);
  expect(await takenOf(sick)).toEqual(all);
  expect(await letters()).toEqual([[all[2], "COMPENSATED"]]);
});

test("[CONS-10] a dead letter holds nothing of the payload, whatever the error says", async () => {
  const errors = [
    () => new Error(`no such player: ${SECRET}`),
    () => new TypeError(`${SECRET} is not iterable`),
    () => ({ message: SECRET }),
  ];
  const throwing: Sink = {
    async apply([one]) {
      const { nom } = (one as StoredEvent).payload as { nom: string };
      if (nom === SECRET) await pool.query("SELECT $1::int", [nom]);
      throw errors[Number(nom)]?.();
    },
  };
  const consumer = await consumeFromHere(throwing);
  for (const nom of ["0", "1", "2", SECRET])
    await append(node.store, { ...joueur(v7(), 0, [event("ItemAjoute", { nom })]) });
  await caughtUp(consumer);
  const found = await listDeadLetters(pool, { consumer: name });
  expect(found.map(({ code }) => code)).toEqual(["Error", "TypeError", "THROWN", "22P02"]);
  expect(JSON.stringify([found, await consumer.status()])).not.toContain(SECRET);
});
