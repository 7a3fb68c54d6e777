import { beforeEach, describe, expect, test } from "vitest";
import { reject } from "../../domain/decider.ts";
import { Actor, type Commit } from "../../rooms/actor.ts";
import { systemClock } from "../../rooms/clock.ts";
import { type AnyParty, executeCold, party } from "../../rooms/cold.ts";
import { readAggregate } from "../../rooms/load.ts";
import type { AppendResult, EventStore } from "../../store/event-store.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { PURSES, type Purse, type PurseCommand, type PurseEvent, purse } from "./purse.ts";

const [ID, OTHER] = PURSES;
const telemetry = { refused: () => undefined, fault: () => undefined };
let log: EventStore;
beforeEach(() => {
  log = createMemoryStore(createRegistry(purse.events));
});

function open(store: EventStore = log, shown: Commit<Purse>[] = []): Actor<Purse, PurseCommand, PurseEvent> {
  const options = { nodeId: uuidv7(), tenantId: "t", onCommit: (commit: Commit<Purse>) => void shown.push(commit) };
  return new Actor(ID, purse, store, systemClock, telemetry, options);
}

function does(id: string, command: PurseCommand): AnyParty {
  return party({ aggregate: purse, id, command: () => command });
}

function cold(parties: [AnyParty, ...AnyParty[]], commandId = uuidv7(), lasting = false) {
  return executeCold({ store: log, telemetry, tenantId: "t" }, parties, { commandId, lasting });
}

const earn = (amount: number) => ({ commandId: uuidv7(), command: { type: "Earn", amount } as const });

/** A store whose appends of this actor wait until they are let go, in their order. */
function held() {
  const gate = Promise.withResolvers<void>();
  let line: Promise<unknown> = gate.promise;
  const store: EventStore = {
    ...log,
    append(request) {
      const result: Promise<AppendResult> = line.then(() => log.append(request));
      line = result;
      return result;
    },
  };
  return { store, release: gate.resolve };
}

describe("somebody writes without owning", () => {
  test("[ACTOR-4] what was decided before is void, however many events fit in its place, and is decided anew", async () => {
    await cold([does(ID, { type: "Earn", amount: 100 })]);
    const { store, release } = held();
    const actor = open(store);
    await actor.ready();
    const pipelined = [actor.submit(earn(1)), actor.submit(earn(2)), actor.submit(earn(3))];
    expect(await cold([does(ID, { type: "Earn", amount: 40 })])).toMatchObject({ ok: true, version: 2 });
    release();
    const answers = await Promise.all(pipelined);
    expect(answers.flatMap((answer) => (answer.ok ? answer.events : []))).toMatchObject(
      [141, 143, 146].map((now) => ({ payload: { now } })),
    );
    expect(actor.stopped).toBe(false);
    expect(actor.state.gold).toBe(146);
  });

  test("[ACTOR-4] so it is before the aggregate has any event", async () => {
    const { store, release } = held();
    const actor = open({ ...store, append: (request) => (request.streams[0]?.epoch ? store : log).append(request) });
    await actor.ready();
    const pipelined = [actor.submit(earn(1)), actor.submit(earn(2))];
    expect(await cold([does(ID, { type: "Earn", amount: 40 })])).toMatchObject({ ok: true, version: 1 });
    release();
    await Promise.all(pipelined);
    expect(actor.state).toMatchObject({ gold: 43, versions: { Joueur: 3 } });
  });

  test("[ACTOR-4] the owner stays the owner", async () => {
    await cold([does(ID, { type: "Earn", amount: 100 })]);
    const actor = open();
    await actor.ready();
    const owner = (await log.head(ID))?.owner;
    await cold([does(ID, { type: "Earn", amount: 1 })]);
    expect((await log.head(ID))?.owner).toBe(owner);
    expect(await actor.submit(earn(1))).toMatchObject({ ok: true, version: 3 });
    const next = open();
    await next.ready();
    expect(await actor.submit(earn(1))).toMatchObject({ ok: false, code: "UNAVAILABLE" });
    expect([actor.stopped, next.stopped]).toEqual([true, false]);
  });

  test("[ACTOR-5] told of it, the actor shows it, be it the first event", async () => {
    const shown: Commit<Purse>[] = [];
    const actor = open(log, shown);
    await actor.ready();
    await cold([does(ID, { type: "Earn", amount: 7 })]);
    actor.refresh();
    await new Promise(setImmediate);
    expect(shown.map(({ state, version }) => [state.gold, version])).toEqual([[7, 1]]);
  });

  test("[ACTOR-5] so it does when it was told while it was reading", async () => {
    await cold([does(ID, { type: "Earn", amount: 7 })]);
    let reads = 0;
    const actor: Actor<Purse, PurseCommand, PurseEvent> = open({
      ...log,
      async heads(ids) {
        const heads = await log.heads(ids);
        reads += 1;
        if (reads > 1) return heads;
        await cold([does(ID, { type: "Earn", amount: 1 })]);
        actor.refresh();
        return heads;
      },
    });
    await actor.ready();
    await new Promise(setImmediate);
    expect([actor.version, actor.state.gold]).toEqual([2, 8]);
  });

  test("[ACTOR-6] all change in one step; a refusal by any is kept, and given again whatever has become of the others", async () => {
    await cold([does(ID, { type: "Earn", amount: 30 })]);
    await cold([does(OTHER, { type: "Earn", amount: 495 })]);
    const sides = (gold: number): [AnyParty, AnyParty] => [
      does(ID, { type: "Trade", gold: -gold, goods: 0 }),
      does(OTHER, { type: "Trade", gold, goods: 0 }),
    ];
    const commandId = uuidv7();
    const refused = await cold(sides(20), commandId);
    expect(refused).toMatchObject({ ok: false, code: "NOT_SO" });
    await cold([does(ID, { type: "Vow", amount: 30 })]);
    expect(await cold(sides(20), commandId)).toEqual(refused);
    await cold([does(ID, { type: "Vow", amount: -30 })]);
    await cold([does(OTHER, { type: "Earn", amount: -100 })]);
    expect(await cold(sides(20), commandId)).toEqual(refused);
    expect(await cold(sides(20))).toMatchObject({ ok: true, events: [{ payload: { now: 415 } }] });
    expect((await log.readAll(0, 1_000)).at(-1)?.payload).toMatchObject({ by: 20, now: 415 });
  });

  test("[ACTOR-6] each party keeps the outcome of a lasting command", async () => {
    await cold([does(ID, { type: "Earn", amount: 30 })]);
    const commandId = uuidv7();
    const parties = [
      does(ID, { type: "Trade", gold: -9, goods: 0 }),
      does(OTHER, { type: "Trade", gold: 9, goods: 0 }),
    ];
    expect(await cold(parties as [AnyParty, AnyParty], commandId, true)).toMatchObject({ ok: true });
    for (const id of PURSES) expect(await log.outcome(id, commandId)).toMatchObject({ accepted: {} });
  });

  test("[ACTOR-6] a wrong version is refused for good", async () => {
    await cold([does(ID, { type: "Earn", amount: 1 })]);
    const { commandId, command } = earn(1);
    const early = [party({ aggregate: purse, id: ID, command: () => command, expectedVersion: 2 })] as [AnyParty];
    const refused = await cold(early, commandId);
    expect(refused).toMatchObject({ ok: false, code: "WRONG_VERSION" });
    await cold([does(ID, { type: "Earn", amount: 1 })]);
    expect(await cold(early, commandId)).toEqual(refused);
  });

  test("[ACTOR-6] a fault in a decision is INTERNAL, and decides nothing", async () => {
    const decide = () => {
      throw new Error("a bug, for the sake of it");
    };
    const { command } = earn(1);
    const broken = party({ aggregate: { ...purse, decide }, id: ID, command: () => command });
    expect(await cold([broken])).toMatchObject({ ok: false, code: "INTERNAL", retryable: false });
  });
});

test("[ACTOR-6] what may still be written is asked again as of its own time", async () => {
  const times = [50, 150];
  const clock = { now: () => times.shift() ?? 150, at: systemClock.at };
  const timely: typeof purse = {
    ...purse,
    decide: (state, command, context) =>
      context.now > 100 ? reject("TOO_LATE", "too late") : purse.decide(state, command, context),
  };
  let asked = 0;
  const store: EventStore = {
    ...log,
    append: async (request) =>
      request.streams.some(({ events }) => events.length > 0) && asked++ === 0
        ? { ok: false, reason: "UNKNOWN", message: "under way" }
        : log.append(request),
  };
  const { commandId, command } = earn(1);
  const one = party({ aggregate: timely, id: ID, command: () => command });
  const answer = await executeCold({ store, telemetry, tenantId: "t", clock }, [one], { commandId });
  expect(answer).toMatchObject({ ok: true, version: 1 });
});

test("[ACTOR-3] a lasting command that waited while others had the aggregate is looked for again, however much they did", async () => {
  await cold([does(ID, { type: "Earn", amount: 1 })]);
  const { commandId, command } = earn(2);
  const [looked, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let loads = 0;
  const actor = open({
    ...log,
    async activate(id, node) {
      loads += 1;
      if (loads > 1) await read.promise;
      return log.activate(id, node);
    },
    async outcome(id, asked) {
      const found = await log.outcome(id, asked);
      looked.resolve();
      return found;
    },
  });
  await actor.ready();
  const answer = actor.submit({ commandId, command, lasting: true });
  actor.refresh();
  await looked.promise;
  await new Promise(setImmediate);
  const elsewhere = await cold([does(ID, command)], commandId, true);
  for (let i = 0; i < 260; i += 1) await cold([does(ID, { type: "Earn", amount: i % 2 === 0 ? 1 : -1 })]);
  const state = (await readAggregate(ID, purse, log, telemetry))?.state;
  await log.saveSnapshots([
    { aggregateId: ID, aggregateType: purse.type, version: 262, state, stateVersion: 1, recentCommands: [] },
  ]);
  read.resolve();
  expect(await answer).toEqual(elsewhere);
  expect(actor.version).toBe(262);
});

test("[ACTOR-7] an actor that is closed by several ends for each of them, once its mailbox is empty", async () => {
  const { store, release } = held();
  const actor = open({ ...store, append: (request) => (request.streams[0]?.epoch ? store : log).append(request) });
  await actor.ready();
  const answer = actor.submit(earn(1));
  const closed = [actor.close(), actor.close()];
  expect(await actor.submit(earn(1))).toMatchObject({ ok: false, code: "UNAVAILABLE" });
  release();
  await Promise.all([...closed, actor.close()]);
  expect(await answer).toMatchObject({ ok: true, version: 1 });
  expect(actor.stopped).toBe(true);
});
