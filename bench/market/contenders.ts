import { randomUUID } from "node:crypto";
import type { MarketCommand } from "../../domain/market/commands.ts";
import { market } from "../../domain/market/market.ts";
import type { MarketState } from "../../domain/market/state.ts";
import { createActors } from "../../rooms/actors.ts";
import type { EventStore } from "../../store/event-store.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { closedLoop, type Slice } from "../load.ts";
import { type Course, inBook } from "./orders.ts";

/** A snapshot of thousands of orders is a megabyte: the actors' default, one every 50 events, would write little else. */
export const SNAPSHOT_EVERY = 5_000;

/** One book, and how far it is in the course that all of them play. */
interface Book {
  readonly id: string;
  at: number;
}

export interface Setup {
  readonly books: number;
  /** Of each book: commands in flight. */
  readonly clients: number;
}

/** Commands obeyed, and the CPU time of this process meanwhile, µs. */
export type Measured = Slice & { readonly cpu: number };

function openBooks({ books }: Setup): Book[] {
  return Array.from({ length: books }, () => ({ id: randomUUID(), at: 0 }));
}

function next(book: Book, course: Course): MarketCommand {
  const command = course.commands[book.at];
  if (command === undefined) throw new Error("the course is too short");
  book.at += 1;
  return inBook(command, book.id);
}

async function measured(run: () => Promise<Slice> | Slice): Promise<Measured> {
  const before = process.cpuUsage();
  const slice = await run();
  const { user, system } = process.cpuUsage(before);
  return { ...slice, cpu: user + system };
}

/** The rules and the fold, and nothing else. */
export function inMemory(setup: Setup, course: Course, ms: number): Promise<Measured> {
  const obey = (state: MarketState, command: MarketCommand): MarketState => {
    const decision = market.decide(state, command, { now: Date.now() });
    return decision.ok ? decision.events.reduce(market.evolve, state) : state;
  };
  const books = openBooks(setup);
  const states = books.map(({ id }) =>
    course.preload.reduce((state, command) => obey(state, inBook(command, id)), market.initial),
  );
  return measured(() => {
    let events = 0;
    const start = performance.now();
    while (performance.now() - start < ms) {
      for (const [i, book] of books.entries()) states[i] = obey(states[i] ?? market.initial, next(book, course));
      events += books.length;
    }
    return { events, seconds: (performance.now() - start) / 1_000, latencies: [] };
  });
}

/** The actors of a node on `store`; `during` is called as the load begins and as it ends. */
export async function throughActors(
  store: EventStore,
  setup: Setup,
  course: Course,
  ms: number,
  during: () => Promise<void> = async () => undefined,
): Promise<Measured> {
  const faults: unknown[] = [];
  const telemetry = { refused: () => undefined, fault: (_where: string, error: unknown) => faults.push(error) };
  const actors = createActors(market, store, telemetry, {
    nodeId: "bench",
    tenantId: "bench",
    snapshotEvery: SNAPSHOT_EVERY,
  });
  const books = openBooks(setup);

  async function send({ id }: Book, command: MarketCommand): Promise<void> {
    const answer = await actors.send(id, { commandId: uuidv7(), command, userId: id });
    if (!answer.ok) throw new Error(`${command.type}: ${answer.code}`);
  }

  async function begin(book: Book): Promise<void> {
    const [first, ...others] = course.preload.map((command) => inBook(command, book.id));
    if (first === undefined) throw new Error("a book needs a first order");
    await actors.create(book.id, { commandId: uuidv7(), command: first });
    for (let i = 0; i < others.length; i += setup.clients)
      await Promise.all(others.slice(i, i + setup.clients).map((command) => send(book, command)));
  }

  try {
    await Promise.all(books.map(begin));
    const clients = books.flatMap((book) => Array.from({ length: setup.clients }, () => book));
    await during();
    const result = await measured(() => closedLoop(clients, ms, (book) => send(book, next(book, course))));
    await during();
    return result;
  } finally {
    await actors.close();
    if (faults.length > 0) console.error(faults[0]);
  }
}
