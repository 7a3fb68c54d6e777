import { market } from "../domain/market/market.ts";
import { createPool } from "../store/database.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { migrate } from "../store/migrate.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRegistry } from "../store/registry.ts";
import { median, medianOf, type Summary, summarise } from "./load.ts";
import { backendCpu } from "./market/backends.ts";
import { inMemory, type Measured, type Setup, SNAPSHOT_EVERY, throughActors } from "./market/contenders.ts";
import { createCourse } from "./market/orders.ts";
import { atLeast, type Bench, type BenchOptions, type Table } from "./report.ts";

/** Orders at rest in all books together before the load begins. */
const PRELOADED = 4_000;
const LANES = 2;
const SETUPS: readonly Setup[] = [
  { books: 1, clients: 200 },
  { books: 100, clients: 5 },
];
const KINDS = ["rules and fold", "actors, memory store", "actors, PostgreSQL"] as const;
type Kind = (typeof KINDS)[number];

interface Round {
  readonly summary: Summary;
  /** µs a command: of this process, and of PostgreSQL's backends. */
  readonly cpu: number;
  readonly databaseCpu: number;
}

/** Orders a second through actors into the log, against the same rules in memory. */
export const marketBench: Bench = {
  name: "market",
  async run(options) {
    const rounds = await measureAll(options);
    const figures = Object.fromEntries(
      [...rounds].map(([name, of]) => [
        name,
        {
          ...medianOf(of.map(({ summary }) => summary)),
          cpuMicroseconds: median(of.map(({ cpu }) => cpu)),
          databaseCpuMicroseconds: median(of.map(({ databaseCpu }) => databaseCpu)),
          rounds: of.map(({ summary }) => summary.eventsPerSecond),
        },
      ]),
    );
    const rate = (kind: Kind, { books }: Setup): number => figures[nameOf(kind, books)]?.eventsPerSecond ?? Number.NaN;
    return {
      aims: SETUPS.map((setup) =>
        atLeast(
          `${setup.books === 1 ? "one book" : `${setup.books} books`}: durable / in memory`,
          rate("actors, PostgreSQL", setup) / rate("rules and fold", setup),
          0.5,
        ),
      ),
      figures,
      tables: [table(figures)],
      notes: [
        `${PRELOADED} orders rest far from the trade; nearly half of the commands trade, 5 % cancel; 2.2 events a command.`,
        `a snapshot every ${SNAPSHOT_EVERY} events; CPU is µs a command, of this process and of PostgreSQL's backends.`,
      ],
    };
  },
};

function nameOf(kind: Kind, books: number): string {
  return `${kind}/${books}`;
}

async function measureAll({ databaseUrl, long, progress }: BenchOptions): Promise<Map<string, Round[]>> {
  await migrate({ url: databaseUrl });
  const registry = createRegistry(market.events);
  const readPool = createPool({ url: databaseUrl, poolSize: 4 });
  const writePool = createPool({ url: databaseUrl, poolSize: LANES });
  const durable = createPostgresStore({ writePool, readPool }, registry, { lanes: LANES });
  const ms = long ? 8_000 : 1_700;
  // A hundred books need not each be told as much as one.
  const courses = new Map(
    SETUPS.map(({ books }) => [books, createCourse(PRELOADED / books, (long ? 600_000 : 150_000) / Math.sqrt(books))]),
  );
  const rounds = new Map<string, Round[]>();

  async function measure(kind: Kind, setup: Setup): Promise<Round> {
    const course = courses.get(setup.books);
    if (course === undefined) throw new Error("no course");
    const database: number[] = [];
    const during = async (): Promise<void> => {
      database.push((await backendCpu(readPool)) ?? Number.NaN);
    };
    const run = (): Promise<Measured> => {
      switch (kind) {
        case "rules and fold":
          return inMemory(setup, course, ms);
        case "actors, memory store":
          return throughActors(createMemoryStore(registry), setup, course, ms);
        case "actors, PostgreSQL":
          return throughActors(durable, setup, course, ms, during);
      }
    };
    const result = await run();
    const [before = 0, after = 0] = database;
    return {
      summary: summarise(result),
      cpu: result.cpu / result.events,
      databaseCpu: ((after - before) * 1_000) / result.events,
    };
  }

  try {
    for (let round = 1; round <= (long ? 5 : 3); round += 1)
      for (const setup of SETUPS)
        for (const kind of KINDS) {
          progress(`${kind}, ${setup.books} books, round ${round}`);
          const name = nameOf(kind, setup.books);
          rounds.set(name, [...(rounds.get(name) ?? []), await measure(kind, setup)]);
        }
  } finally {
    await durable.close();
  }
  return rounds;
}

type Figures = Readonly<
  Record<string, Summary & { readonly cpuMicroseconds: number; readonly databaseCpuMicroseconds: number }>
>;

function table(figures: Figures): Table {
  const rows = SETUPS.flatMap(({ books, clients }) =>
    KINDS.flatMap((kind) => {
      const one = figures[nameOf(kind, books)];
      if (one === undefined) return [];
      const { eventsPerSecond, p50, p99, cpuMicroseconds, databaseCpuMicroseconds } = one;
      const inFlight = kind === "rules and fold" ? 1 : books * clients;
      return [[kind, books, inFlight, eventsPerSecond, p50, p99, cpuMicroseconds, databaseCpuMicroseconds]];
    }),
  );
  return {
    title: "Commands obeyed (median of the rounds)",
    columns: ["", "books", "in flight", "a second", "p50 ms", "p99 ms", "CPU, Node", "CPU, PostgreSQL"],
    rows,
  };
}
