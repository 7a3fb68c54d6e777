import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRegistry } from "../../store/registry.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore } from "../support/store.ts";
import { tally } from "./tally.ts";
import { startTallyServer, type TallySession } from "./tally-server.ts";

const database = useDatabase();
let server: Awaited<ReturnType<typeof startTallyServer>>;
const releasers: (() => Promise<void>)[] = [];
beforeAll(async () => {
  const store = openStore({ url: database.url }, createRegistry(tally.events));
  server = await startTallyServer(store, "ws", {
    tally: { commandsPerSecond: 1e6, commandBurst: 1e6, framesPerSecond: 1e6 },
  });
  releasers.push(server.close, () => store.close());
});
afterAll(async () => {
  for (const release of releasers) await release();
  expect(server.faults).toEqual([]);
});

async function add(session: TallySession): Promise<void> {
  expect(await session.command({ type: "Add", amount: 0 })).toMatchObject({ ok: true });
}

/** Versions of the events that a listener is told of from now on. */
function heard(session: TallySession): { readonly versions: number[]; readonly end: () => void } {
  const versions: number[] = [];
  const end = session.onEvents(({ events }) => versions.push(...events.map(({ version }) => version)));
  return { versions, end };
}

test("[SDK-8] between the state of a join and the first listener no event is missed, however many come meanwhile", async () => {
  const tallyId = await server.begin();
  const writer = await server.join("tally", tallyId);
  const joins = new AbortController();
  const writing = (async () => {
    while (!joins.signal.aborted) await Promise.all([add(writer), add(writer), add(writer)]);
  })();
  const told = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      await sleep(n * 10);
      const session = await server.join("tally", tallyId);
      const at = session.state.version;
      // Some listen at once, some later.
      if (n % 2 === 1) await sleep(n * 5);
      return { session, at, ...heard(session) };
    }),
  );
  joins.abort();
  await writing;
  await add(writer);
  for (const { session, at, versions } of told) {
    await session.until(({ version }) => version >= writer.state.version);
    await expect.poll(() => versions.at(-1)).toBe(writer.state.version);
    const first = versions[0] ?? Number.POSITIVE_INFINITY;
    expect(first).toBeLessThanOrEqual(at + 1);
    expect(versions).toEqual(Array.from({ length: versions.length }, (_, i) => first + i));
    await session.leave();
  }
  await writer.leave();
});

test("[SDK-8] the newest thousand commits are kept; who comes second hears what is new, and who comes after the end nothing", async () => {
  const tallyId = await server.begin();
  const [writer, early, closed] = [
    await server.join("tally", tallyId),
    await server.join("tally", tallyId),
    await server.join("tally", tallyId),
  ];
  for (let n = 0; n < 11; n += 1) await Promise.all(Array.from({ length: 100 }, () => add(writer)));
  const last = writer.state.version;
  for (const session of [early, closed]) await session.until(({ version }) => version === last);
  // One that ends at once has not listened.
  const never = heard(early);
  never.end();
  await sleep(0);
  const [first, beside] = [heard(early), heard(early)];
  expect(first.versions).toEqual([]);
  await sleep(0);
  for (const { versions } of [first, beside])
    expect(versions).toEqual(Array.from({ length: 1_000 }, (_, i) => last - 999 + i));
  const second = heard(early);
  first.end();
  await add(writer);
  await expect.poll(() => second.versions).toEqual([last + 1]);
  expect([never.versions, first.versions.length, beside.versions.at(-1)]).toEqual([[], 1_000, last + 1]);
  await closed.leave();
  const afterwards = heard(closed);
  await sleep(50);
  expect(afterwards.versions).toEqual([]);
  await Promise.all([writer.leave(), early.leave()]);
});
