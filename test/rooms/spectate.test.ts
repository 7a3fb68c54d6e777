import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SpectateSession, SpectateSnapshot } from "../../client/client.ts";
import { combat } from "../../domain/combat/combat.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { CombatView, projectCombat } from "../../rooms/combat-view.ts";
import { type BadNetwork, openBadNetwork } from "../support/bad-network.ts";
import { combatIn } from "../support/watch.ts";
import { type Fought, startSpectateServer } from "./spectate-server.ts";

const QUICK = 95;
const SLOW = 5;
/** The events of some of these fill all buffers of the two kernels' ends of a connection. */
const ATTACKS = 400;
const MOST_ROUNDS = 100;

let server: Awaited<ReturnType<typeof startSpectateServer>>;
let network: BadNetwork;
let broken = false;
beforeAll(async () => {
  const limits = {
    commandsPerSecond: 1e6,
    commandBurst: 1e6,
    framesPerSecond: 1e6,
    backlog: { bytes: 64 * 1024, ageMs: 600_000 },
  };
  server = await startSpectateServer("uws", limits, () => broken);
  network = await openBadNetwork(server.url);
});
afterAll(async () => {
  await network.close();
  await server.close();
});

function statesOf(session: SpectateSession): SpectateSnapshot[] {
  const states = [session.state];
  session.onState((state) => states.push(state));
  return states;
}

/** Each is the very state that it says it is. */
function expectSound(log: readonly StoredEvent[], states: readonly SpectateSnapshot[]): void {
  const byVersion = Map.groupBy(states, ({ version }) => version);
  let state = combat.initial;
  for (const event of log) {
    state = combat.evolve(state, event as never);
    const shown = byVersion.get(state.version);
    if (shown === undefined) continue;
    const view = new CombatView();
    projectCombat(view, state, undefined);
    const expected = JSON.parse(JSON.stringify(view.toJSON()));
    for (const one of shown)
      if (!isDeepStrictEqual(JSON.parse(JSON.stringify(combatIn(one))), expected))
        expect(combatIn(one)).toEqual(expected);
    byVersion.delete(state.version);
  }
  expect([...byVersion.keys()]).toEqual([]);
}

async function atEnd(sessions: readonly SpectateSession[], fought: Fought): Promise<void> {
  await Promise.all(sessions.map((session) => session.until(({ version }) => version === fought.version)));
}

test(`[WATCH-2] all who watch live share one follower, and each patch is one for all`, async () => {
  const fought = await server.begin();
  const sessions = await Promise.all(Array.from({ length: 20 }, () => server.watch(fought.combatId)));
  expect([...server.followers.shown()]).toEqual([{ nodeId: "here", combatId: fought.combatId, delayMs: 0 }]);
  expect(server.live.followers).toBe(1);
  const before = server.patches.length;
  await fought.act(1);
  await atEnd(sessions, fought);
  expect(server.patches.slice(before)).toEqual([20]);
  await Promise.all(sessions.map((session) => session.leave()));
  await expect.poll(() => [...server.followers.shown()]).toEqual([]);
  expect(server.live.followers).toBe(0);
});

test(`[WATCH-11] of a hundred who watch five stop reading: they are told to come again; nobody is shown anything wrong, and the others miss nothing`, async () => {
  const fought = await server.begin();
  const quick: SpectateSession[] = [];
  // Not all at once: a busy machine would not answer the last one in time.
  for (let n = 0; n < QUICK; n += 5)
    quick.push(...(await Promise.all(Array.from({ length: 5 }, () => server.watch(fought.combatId)))));
  const slow = await Promise.all(
    Array.from({ length: SLOW }, () => server.watch(fought.combatId, { events: true }, network.url)),
  );
  const told = slow.map(() => [] as string[]);
  for (const [i, session] of slow.entries()) session.onStatus((status, reason) => told[i]?.push(`${status} ${reason}`));
  const seen = [...quick, ...slow].map(statesOf);
  network.stall(true);
  for (let round = 0; round < MOST_ROUNDS && server.cut.length < SLOW; round += 1) {
    await fought.act(ATTACKS);
    await atEnd(quick, fought);
  }
  expect(server.cut).toEqual(slow.map(() => "slow"));
  expect(slow.map(({ state }) => state.version < (quick[0]?.state.version ?? 0))).toEqual(slow.map(() => true));
  network.stall(false);
  await expect.poll(() => told).toEqual(slow.map(() => [expect.stringMatching(/^resuming 4100/), "connected joined"]));
  await fought.act(1);
  await atEnd([...quick, ...slow], fought);

  expectSound(await fought.log(), seen.flat());
  const patches = seen.slice(0, QUICK).map((states) => states.length);
  expect(new Set(patches).size).toBe(1);
  await Promise.all([...quick, ...slow].map((session) => session.leave()));
});

test(`[WATCH-12] a log that cannot be read for a while is read on from where it was`, async () => {
  const fought = await server.begin();
  const replay = await server.watch(fought.combatId, { replay: { paused: true } });
  await fought.act(200);
  broken = true;
  await replay.command({ type: "speed", speed: 16 });
  await replay.command({ type: "play" });
  await expect.poll(() => server.faults.length).toBeGreaterThan(0);
  broken = false;
  const states = statesOf(replay);
  await atEnd([replay], fought);
  expectSound(await fought.log(), states);
  await replay.leave();
});
