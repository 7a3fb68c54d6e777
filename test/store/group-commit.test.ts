import { v7 } from "uuid";
import { expect, test } from "vitest";
import type { AppendResult } from "../../store/event-store.ts";
import { createGroupCommit, type GroupCommitOptions, type Unit } from "../../store/group-commit.ts";
import { gains, joueur } from "./fixtures.ts";

/** A group commit whose batches wait until they are answered by hand. */
function harness(options: GroupCommitOptions = { lanes: 1 }) {
  const batches: { readonly units: readonly Unit[]; answer: (results: readonly AppendResult[]) => void }[] = [];
  const commit = createGroupCommit((units) => new Promise((answer) => batches.push({ units, answer })), options);
  let sequence = 0;
  const succeed = (unit: Unit): AppendResult => ({
    ok: true,
    sequences: Array.from({ length: unit.events }, () => (sequence += 1)),
  });
  return {
    commit,
    ask: (id: string, version: number, n = 1) =>
      commit.append({ actorId: id, streams: [joueur(id, version, gains(n))] }),
    /** Answers the batch under way, by default with success; tells the events of its units. */
    async batch(answer: (unit: Unit, i: number) => AppendResult = succeed): Promise<number[] | undefined> {
      await new Promise(setImmediate);
      const next = batches.shift();
      next?.answer(next.units.map(answer));
      await new Promise(setImmediate);
      return next?.units.map(({ events }) => events);
    },
  };
}

const invalid: AppendResult = { ok: false, reason: "INVALID", message: "so it is" };

test("[STORE-5] while a batch is under way the next one gathers; one actor's requests become one unit", async () => {
  const { ask, batch } = harness();
  const [a, b] = [v7(), v7()];
  const first = ask(a, 0);
  expect(await batch()).toEqual([1]);
  const rest = [ask(a, 1, 2), ask(b, 0), ask(a, 3)];
  expect(await batch()).toEqual([3, 1]);
  expect(await first).toEqual({ ok: true, sequences: [1] });
  expect(await Promise.all(rest)).toEqual([
    { ok: true, sequences: [2, 3] },
    { ok: true, sequences: [5] },
    { ok: true, sequences: [4] },
  ]);
  expect(await batch(), "nothing is left").toBeUndefined();
});

test("[STORE-5] a request that does not continue its actor's unit waits for the next batch", async () => {
  const { ask, batch } = harness();
  const id = v7();
  const results = [ask(id, 0), ask(id, 0), ask(id, 1)];
  expect(await batch()).toEqual([1]);
  expect(await batch()).toEqual([2]);
  await Promise.all(results);
});

test("[STORE-5] a batch takes so many events and no more, a larger request alone", async () => {
  const { ask, batch } = harness({ lanes: 1, batchEvents: 4 });
  const results = [ask(v7(), 0, 3), ask(v7(), 0, 2), ask(v7(), 0, 9), ask(v7(), 0, 1)];
  expect(await batch()).toEqual([3]);
  expect(await batch()).toEqual([2]);
  expect(await batch()).toEqual([9]);
  expect(await batch()).toEqual([1]);
  await Promise.all(results);
});

test("[STORE-5] a unit at fault is written request by request: those before stand, those after fail as it did", async () => {
  const { ask, batch } = harness();
  const id = v7();
  const results = [ask(id, 0), ask(id, 1), ask(id, 2)];
  expect(await batch(() => invalid)).toEqual([3]);
  expect(await batch()).toEqual([1]);
  expect(await batch(() => invalid)).toEqual([1]);
  expect(await Promise.all(results)).toEqual([{ ok: true, sequences: [1] }, invalid, invalid]);
  expect(await batch()).toBeUndefined();
});

test("[STORE-5] a unit of unknown outcome is not written again", async () => {
  const { ask, batch } = harness();
  const id = v7();
  const results = [ask(id, 0), ask(id, 1)];
  const unknown: AppendResult = { ok: false, reason: "UNKNOWN", message: "lost" };
  expect(await batch(() => unknown)).toEqual([2]);
  expect(await Promise.all(results)).toEqual([unknown, unknown]);
  expect(await batch()).toBeUndefined();
});

test("[STORE-15] when so many wait, one more is refused as BUSY, until some are done", async () => {
  const { commit, ask, batch } = harness({ lanes: 1, queueLimit: 3 });
  const accepted = [ask(v7(), 0), ask(v7(), 0), ask(v7(), 0)];
  expect(commit.depth()).toBe(3);
  expect(await ask(v7(), 0)).toEqual({ ok: false, reason: "BUSY" });
  await batch();
  await Promise.all(accepted);
  const again = ask(v7(), 0);
  await batch();
  expect(await again).toMatchObject({ ok: true });
  expect(commit.depth()).toBe(0);
});

test("[STORE-14] closing waits for what is under way, however often it is asked", async () => {
  const { commit, ask, batch } = harness();
  const order: string[] = [];
  const accepted = ask(v7(), 0).then(() => order.push("written"));
  const closed = [commit.close(), commit.close()].map((done) => done.then(() => order.push("closed")));
  expect(await ask(v7(), 0)).toMatchObject({ ok: false, reason: "UNAVAILABLE" });
  await batch();
  await Promise.all([accepted, ...closed]);
  expect(order).toEqual(["written", "closed", "closed"]);
});
