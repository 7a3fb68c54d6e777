import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createActors } from "../../rooms/actors.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { PURSES, type PurseCommand, purse } from "./purse.ts";
import { type TallyCommand, tally } from "./tally.ts";

const telemetry = { refused: () => undefined, fault: () => undefined };
const [ID] = PURSES;

test("[ACTOR-8] an actor stays a while after its last watcher has gone, then leaves memory, and comes back as it was", async () => {
  const store = createMemoryStore(createRegistry(purse.events));
  const purses = createActors(purse, store, telemetry, { nodeId: "n", tenantId: "t", lingerMs: 60 });
  const leave = purses.get(ID)?.watch({ onCommit: () => undefined, onStop: () => undefined });
  const earn: PurseCommand = { type: "Earn", amount: 7 };
  expect(await purses.send(ID, { commandId: uuidv7(), command: earn })).toMatchObject({ ok: true });
  await sleep(120);
  const before = purses.running(ID)?.state;
  leave?.();
  expect(purses.running(ID)).toBeDefined();
  await expect.poll(() => purses.size).toBe(0);
  const again = purses.get(ID);
  expect(await again?.ready()).toBe(true);
  expect(again?.state).toEqual(before);
  await purses.close();
});

test("[ACTOR-8] what has a deadline to keep stays, whoever watches", async () => {
  const store = createMemoryStore(createRegistry(tally.events));
  const tallies = createActors(tally, store, telemetry, { nodeId: "n", tenantId: "t", lingerMs: 10 });
  const add = (amount: number): TallyCommand => ({ type: "Add", amount });
  await tallies.create(ID, { commandId: uuidv7(), command: add(1) });
  await expect.poll(() => tallies.size).toBe(0);
  // Its reminder is for a time that the clock of this store has not seen: over 100 it waits for it.
  const waiting = { ...tally, wakeUp: () => ({ at: Date.now() + 60_000, command: { type: "Remind" } as const }) };
  const patient = createActors(waiting, store, telemetry, { nodeId: "n", tenantId: "t", lingerMs: 10 });
  await patient.send(ID, { commandId: uuidv7(), command: add(1) });
  await sleep(80);
  expect(patient.size).toBe(1);
  await Promise.all([tallies.close(), patient.close()]);
});
