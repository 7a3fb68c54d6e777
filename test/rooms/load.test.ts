import { expect, test } from "vitest";
import { envelop } from "../../rooms/envelop.ts";
import { loadAggregate } from "../../rooms/load.ts";
import type { Snapshot } from "../../store/event-store.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { ID, type TallyEvent, tally } from "./tally.ts";

const COMMAND = "01900000-0000-7000-8000-00000000000c";

/** A stream of two events that make 30, and a snapshot. */
async function load(over: Partial<Snapshot>) {
  const store = createMemoryStore(createRegistry(tally.events));
  const added: TallyEvent[] = [10, 30].map((sum) => ({ eventType: "Added", payload: { amount: 10, sum } }));
  const events = envelop(tally, added, { commandId: COMMAND, command: { type: "Add", amount: 10 } }, "t", 0);
  const stream = { aggregateId: ID, aggregateType: tally.type, expectedVersion: 0, events };
  expect(await store.append({ actorId: ID, streams: [stream] })).toMatchObject({ ok: true });
  const state = { sum: 999, changes: 2, remindedAt: null };
  const common = { aggregateId: ID, aggregateType: tally.type, stateVersion: 1, recentCommands: [] };
  await store.saveSnapshots([{ ...common, version: 2, state, ...over }]);
  const faults: string[] = [];
  const telemetry = { refused: () => undefined, fault: (where: string) => void faults.push(where) };
  return { loaded: await loadAggregate(ID, tally, store, "node", telemetry), faults };
}

test("[ACTOR-2] a snapshot that fits is taken, and its commands are known", async () => {
  const recentCommands = [{ commandId: COMMAND, version: 2, ranges: [[0, 1, 2] as const] }];
  const { loaded, faults } = await load({ recentCommands });
  expect(loaded).toMatchObject({ state: { sum: 999 }, version: 2, snapshotVersion: 2 });
  expect(loaded?.accepted.get(COMMAND)).toEqual(recentCommands[0]);
  expect(faults).toEqual([]);
});

test.each<[string, Partial<Snapshot>, string[]]>([
  ["of another shape under the same version", { state: { sum: "a lot" } }, ["snapshot"]],
  ["of another state version", { stateVersion: 2 }, []],
  ["newer than the stream as it was taken", { version: 3 }, []],
])("[ACTOR-2] a snapshot %s is ignored, and the events are read", async (_what, over, told) => {
  const { loaded, faults } = await load(over);
  expect(loaded).toMatchObject({ state: { sum: 30, changes: 2 }, version: 2, snapshotVersion: 0 });
  expect(loaded?.accepted.get(COMMAND)).toEqual({ commandId: COMMAND, version: 2, ranges: [[0, 1, 2]] });
  expect(faults).toEqual(told);
});
