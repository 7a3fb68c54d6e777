import { expect } from "vitest";
import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { streamsOf } from "../../rooms/streams.ts";
import { contents, PRICE, PURSES, type Purse, type PurseEvent, purse, wrongWith } from "./purse.ts";
import { FORGOTTEN_AFTER, type PurseJournal, type Wish } from "./purse-simulation.ts";

function told(events: readonly StoredEvent[]) {
  return events.map(({ eventType, version, sequence, payload }) => ({ eventType, version, sequence, payload }));
}

/** Every change follows from the purse as it was, and what one command did is whole: paid for, or both sides of a trade. */
function checkCommand(commandId: string, events: readonly StoredEvent[], states: Map<string, Purse>): void {
  const sequences = events.map(({ sequence }) => sequence);
  expect((sequences.at(-1) ?? 0) - (sequences[0] ?? 0), `${commandId} is one step`).toBe(events.length - 1);
  expect(new Set(events.map((event) => event.timestamp)).size, `${commandId} is decided once`).toBe(1);
  const earlier = new Map(states);
  const changes = { Gold: 0, Goods: 0, Locked: 0, Vowed: 0 };
  for (const [id, own] of Map.groupBy(events, partOf)) {
    const types = own.map(({ eventType }) => eventType);
    expect(types.length, `${commandId} is done once by ${id}`).toBe(new Set(types).size);
  }
  for (const event of events) {
    const id = partOf(event);
    const upon = contents(earlier.get(id) ?? purse.initial);
    expect((event.payload as PurseEvent["payload"]).upon, `${commandId} was decided upon all streams`).toEqual(upon);
    const before = states.get(id) ?? purse.initial;
    const { by, now } = event.payload as PurseEvent["payload"];
    const after = purse.evolve(before, event as unknown as PurseEvent);
    const field = { Gold: "gold", Goods: "goods", Locked: "locked", Vowed: "vowed" } as const;
    const eventType = event.eventType as PurseEvent["eventType"];
    expect(now - before[field[eventType]], `${commandId} was decided upon the purse as it was`).toBe(by);
    changes[eventType] += by;
    states.set(id, after);
  }
  for (const [id, state] of states) expect(wrongWith(state), `${id} after ${commandId}`).toBeUndefined();
  const { why } = (events[0]?.payload ?? {}) as Partial<PurseEvent["payload"]>;
  if (why === "Buy" || why === "Sell") expect(changes.Gold).toBe(-PRICE * changes.Goods);
  if (why === "Trade") expect([changes.Gold, changes.Goods], `${commandId} moves, and makes nothing`).toEqual([0, 0]);
  if (changes.Goods > 0) expect(why, "goods only grow when they are paid").toBe("Buy");
}

const owners = new Map<string, string>();
for (const id of PURSES) for (const { aggregateId } of streamsOf(purse, id)) owners.set(aggregateId, id);
export function partOf({ aggregateId }: StoredEvent): string {
  return owners.get(aggregateId) ?? aggregateId;
}

export function check({ answers, shown, late, log, logAfterLate, sent }: PurseJournal): void {
  const byCommand = Map.groupBy(log, (event) => event.metadata.commandId ?? "");
  const states = new Map<string, Purse>();
  /** Of each purse, by version: its state after each whole command. */
  const durable = new Map(PURSES.map((id) => [id as string, new Map<number, Purse>([[0, purse.initial]])]));
  for (const [commandId, events] of byCommand) {
    checkCommand(commandId, events, states);
    for (const [id, state] of states) durable.get(id)?.set(total(state), state);
  }
  const first = new Map<string, Answer>();
  for (const { wish, answer, kept } of answers) {
    const { commandId } = wish;
    if (!kept) continue;
    const before = first.get(commandId);
    if (before !== undefined) expect(answer, `repeat of ${commandId}`).toEqual(before);
    else first.set(commandId, answer);
    checkAnswer(wish, answer, byCommand.get(commandId) ?? []);
  }
  expect(new Set(answers.map(({ wish }) => wish.commandId))).toEqual(new Set(sent.map(({ commandId }) => commandId)));
  for (const { id, commit } of shown) expect(commit.state).toEqual(durable.get(id)?.get(commit.version));
  checkLate(first, late, byCommand);
  expect(logAfterLate.length - log.length, "long after, nothing is done again").toBe(PURSES.length * FORGOTTEN_AFTER);
}

/** Acknowledged ⇒ in the log, with just those versions, sequences and payloads; refused ⇒ not in the log. */
function checkAnswer({ commandId, parts: [{ id }] }: Wish, answer: Answer, events: readonly StoredEvent[]): void {
  if (!answer.ok) {
    expect(events, `${commandId} was refused`).toEqual([]);
    return;
  }
  const own = told(events.filter((event) => partOf(event) === id));
  expect(answer.events, commandId).toEqual(own);
  expect(answer.sequence).toBe(own.at(-1)?.sequence ?? 0);
}

function checkLate(
  first: ReadonlyMap<string, Answer>,
  late: PurseJournal["late"],
  byCommand: ReadonlyMap<string, readonly StoredEvent[]>,
): void {
  for (const { wish, answer } of late) {
    const before = first.get(wish.commandId);
    if (before === undefined) continue;
    if (wish.parts.length === 1 || before.ok === false) expect(answer, `${wish.commandId} long after`).toEqual(before);
    else checkOwn(answer, byCommand.get(wish.commandId) ?? []);
  }
}

/** Each party of a common step has its own part as its answer. */
function checkOwn(answer: Answer, events: readonly StoredEvent[]): void {
  expect(answer).toMatchObject({ ok: true });
  const ids = PURSES.map((id) => told(events.filter((event) => partOf(event) === id)));
  if (answer.ok) expect(ids).toContainEqual(answer.events);
}

function total({ versions }: Purse): number {
  return versions.Joueur + versions.Inventaire + versions.Quete;
}
