import { randomUUID } from "node:crypto";
import { market } from "../domain/market/market.ts";
import type { MarketState } from "../domain/market/state.ts";
import { createActors } from "../rooms/actors.ts";
import { createPool } from "../store/database.ts";
import type { EventStore } from "../store/event-store.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { migrate } from "../store/migrate.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRegistry } from "../store/registry.ts";
import { uuidv7 } from "../store/uuid.ts";
import { closedLoop, medianOf, type Summary, summarise } from "./load.ts";
import { type Course, createCourse, inBook } from "./market/orders.ts";
import { atLeast, type Bench } from "./report.ts";

/** Orders at rest in all books together, before the load begins. */
const PRELOADED = 4_000;
/** A state of thousands of orders is no small snapshot: an actor's default of 50 would write little else. */
const SNAPSHOT_EVERY = 5_000;
const LANES = 2;

const SETUPS = [
  { books: 1, clients: 200 },
  { books: 100, clients: 5 },
] as const;
type Setup = (typeof SETUPS)[number];
const KINDS = ["decide and evolve", "actors, memory store", "actors, PostgreSQL"] as const;

/** One book that takes commands, in the order of the course. */
interface Book {
  readonly id: string;
  at: number;
  readonly course: Course;
}

/** Orders a second: through actors into the log, and what the same rules do in memory. */
export const marketBench: Bench = {
  name: "market",
  async run({ databaseUrl, long, progress }) {
    await migrate({ url: databaseUrl });
    const registry = createRegistry(market.events);
    const batches = { events: 0, count: 0 };
    const durable = createPostgresStore(
      {
        writePool: createPool({ url: databaseUrl, poolSize: LANES }),
        readPool: createPool({ url: databaseUrl, poolSize: 4 }),
      },
      registry,
      {
        lanes: LANES,
        onBatch(_units, events) {
          batches.events += events;
          batches.count += 1;
        },
      },
    );
    const ms = long ? 10_000 : 1_700;
    const course = createCourse(PRELOADED, long ? 1_000_000 : 250_000);
    const rounds = new Map<string, Summary[]>();
    try {
      for (let round = 0; round < (long ? 5 : 3); round += 1) {
        for (const setup of SETUPS) {
          for (const kind of KINDS) {
            progress(`${kind}, ${setup.books} books, round ${round + 1}`);
            const books = openBooks(setup, course);
            const store = kind === "actors, PostgreSQL" ? durable : createMemoryStore(registry);
            const summary =
              kind === "decide and evolve" ? inMemory(books, ms) : await throughActors(store, setup, books, ms);
            const name = `${kind}/${setup.books}`;
            rounds.set(name, [...(rounds.get(name) ?? []), summary]);
          }
        }
      }
    } finally {
      await durable.close();
    }
    const figures = Object.fromEntries([...rounds].map(([name, of]) => [name, { ...medianOf(of), rounds: of }]));
    const rate = (kind: string, { books }: Setup): number => figures[`${kind}/${books}`]?.eventsPerSecond ?? Number.NaN;
    const share = (setup: Setup): number => rate("actors, PostgreSQL", setup) / rate("decide and evolve", setup);
    return {
      aims: SETUPS.map((setup) =>
        atLeast(`${setup.books === 1 ? "one book" : `${setup.books} books`}: durable / in memory`, share(setup), 0.5),
      ),
      figures: { ...figures, eventsPerBatch: batches.events / batches.count },
      tables: [
        {
          title: "Orders a second (median of the rounds)",
          columns: ["", "books", "clients", "orders/s", "of in memory", "p50 ms", "p99 ms"],
          rows: SETUPS.flatMap((setup) =>
            KINDS.map((kind) => {
              const { eventsPerSecond = 0, p50 = 0, p99 = 0 } = figures[`${kind}/${setup.books}`] ?? {};
              const share = eventsPerSecond / rate("decide and evolve", setup);
              return [kind, setup.books, setup.books * setup.clients, eventsPerSecond, share, p50, p99];
            }),
          ),
        },
      ],
      notes: [
        `${PRELOADED} orders rest far from the trade; 45 % of the commands trade as they come, 5 % cancel. A snapshot every ${SNAPSHOT_EVERY} events.`,
      ],
    };
  },
};

function openBooks({ books }: Setup, course: Course): Book[] {
  return Array.from({ length: books }, (_, i) => {
    const share = Math.floor(PRELOADED / books);
    const own = course.preload.slice(i * share, (i + 1) * share);
    return { id: randomUUID(), at: 0, course: { ...course, preload: own } };
  });
}

function next(book: Book) {
  const command = book.course.commands[book.at];
  if (command === undefined) throw new Error("the course is too short");
  book.at += 1;
  return inBook(command, book.id);
}

/** The rules and the fold, and nothing else. */
function inMemory(books: readonly Book[], ms: number): Summary {
  const states = books.map((book) => book.course.preload.reduce(obey(book), market.initial));
  const start = performance.now();
  let orders = 0;
  for (let now = start; now - start < ms; now = performance.now()) {
    for (const [i, book] of books.entries()) {
      const state = states[i];
      if (state !== undefined) states[i] = obey(book)(state, next(book));
      orders += 1;
    }
  }
  return summarise({ events: orders, seconds: (performance.now() - start) / 1_000, latencies: [] });
}

function obey(book: Book) {
  return (state: MarketState, command: Parameters<typeof market.decide>[1]): MarketState => {
    const decision = market.decide(state, inBook(command, book.id), { now: Date.now() });
    return decision.ok ? decision.events.reduce(market.evolve, state) : state;
  };
}

async function throughActors(store: EventStore, setup: Setup, books: readonly Book[], ms: number): Promise<Summary> {
  const faults: unknown[] = [];
  const telemetry = { refused: () => undefined, fault: (_where: string, error: unknown) => faults.push(error) };
  const options = { nodeId: "bench", tenantId: "bench", snapshotEvery: SNAPSHOT_EVERY };
  const actors = createActors(market, store, telemetry, options);
  const send = async (book: Book, command: Parameters<typeof market.decide>[1]): Promise<void> => {
    const answer = await actors.send(book.id, { commandId: uuidv7(), command, userId: book.id });
    if (!answer.ok && answer.retryable) throw new Error(answer.code);
  };
  try {
    await Promise.all(
      books.map(async (book) => {
        const [first, ...others] = book.course.preload.map((command) => inBook(command, book.id));
        if (first === undefined) return;
        await actors.create(book.id, { commandId: uuidv7(), command: first });
        for (let i = 0; i < others.length; i += setup.clients)
          await Promise.all(others.slice(i, i + setup.clients).map((command) => send(book, command)));
      }),
    );
    const clients = books.flatMap((book) => Array.from({ length: setup.clients }, () => book));
    return summarise(await closedLoop(clients, ms, (book) => send(book, next(book))));
  } finally {
    await actors.close();
    if (faults.length > 0) console.error(faults[0]);
  }
}
