import { afterAll, expect, test } from "vitest";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore } from "../support/store.ts";
import { tally } from "./tally.ts";
import { startTallyServer } from "./tally-server.ts";

const database = useDatabase();
const releasers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const release of releasers) await release();
});

test("[ROOM-3] actor, room, serializer and store know nothing of combat: a second aggregate lives on them, on PostgreSQL", async () => {
  const store = openStore({ url: database.url }, createRegistry(tally.events));
  const server = await startTallyServer(store, "ws", { tally: {} });
  releasers.push(server.close, () => store.close());
  const tallyId = await server.begin();
  const [first, second] = [await server.join("tally", tallyId), await server.join("tally", tallyId)];
  const commandId = crypto.randomUUID();
  const answer = await first.command({ type: "Add", amount: 60 }, { commandId });
  expect(answer).toMatchObject({ ok: true, version: 2, events: [{ eventType: "Added", payload: { sum: 60 } }] });
  expect(await second.command({ type: "Add", amount: 60 }, { commandId })).toEqual(answer);
  expect(await second.command({ type: "Add", amount: 150 })).toMatchObject({ ok: false, code: "TOO_MUCH" });
  expect(await second.command({ type: "Add", amount: 50 })).toMatchObject({ ok: true, version: 3 });
  // Over 100: its own timer reminds it.
  for (const session of [first, second])
    expect(await session.until(({ reminded }) => reminded)).toMatchObject({ version: 4, sum: 110 });
  expect(await first.command({ type: "Remind" } as never)).toMatchObject({ ok: false, code: "BAD_REQUEST" });
  await Promise.all([first.leave(), second.leave()]);
  const types: string[] = [];
  for await (const { eventType } of store.readStream(tallyId)) types.push(eventType);
  expect(types).toEqual(["Added", "Added", "Added", "Reminded"]);
  expect(server.faults).toEqual([]);
});

test("[DRAIN-1] who joins while the aggregate is loaded, and it is given up before it is there, comes again and gets in", async () => {
  const memory = createMemoryStore(createRegistry(tally.events));
  const gate = Promise.withResolvers<void>();
  let held = false;
  const store: typeof memory = {
    ...memory,
    async activate(...given) {
      if (held) await gate.promise;
      return memory.activate(...given);
    },
  };
  const server = await startTallyServer(store, "ws", { tally: {} });
  releasers.push(server.close);
  const tallyId = await server.begin();
  await server.drain();
  server.open();
  held = true;
  const joining = server.join("tally", tallyId);
  await expect.poll(server.clients).toBe(1);
  await server.drain();
  held = false;
  gate.resolve();
  server.open();
  const session = await joining;
  expect(session.state).toMatchObject({ version: 1, sum: 0 });
  await session.leave();
});
