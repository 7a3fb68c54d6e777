import { beforeAll, describe, expect, test } from "vitest";
import type { CombatSnapshot } from "../../client/combat.ts";
import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { type Fight, isOver, readLog, snapshotsOf, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { combatIn, playBoth, type Spectator, watch } from "../support/watch.ts";

const server = useServerProcess(useDatabase(), FAST);
const momentOf = ({ timestamp }: StoredEvent): number => Date.parse(timestamp);

/** States come in order, each as the log has it, and the last one is the newest. */
function expectStatesOf({ seen }: Spectator, log: readonly StoredEvent[]): void {
  const shown = snapshotsOf(log);
  for (const { state } of seen) expect(combatIn(state)).toEqual(shown[state.version]);
  const versions = seen.map(({ state }) => state.version);
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  expect(versions.at(-1)).toBe(log.length);
}

describe("a combat that is being fought", () => {
  test("[WATCH-1] who watches is shown what the log says, whenever it came, and in the end all of it", async () => {
    const fight = await startFight(server.apiUrl);
    const early = await watch(server.gameUrl, fight.combatId, { events: true });
    const told: number[] = [];
    early.session.onEvents(({ events }) => told.push(...events.map(({ version }) => version)));
    await playBoth(server.gameUrl, fight, 2);
    const late = await watch(server.gameUrl, fight.combatId);
    await playBoth(server.gameUrl, fight);
    const afterwards = await watch(server.gameUrl, fight.combatId);
    const log = await readLog(server.apiUrl, fight.combatId);
    // Events come behind the state that they led to, and none after one has left.
    await expect.poll(() => told.at(-1)).toBe(log.length);
    for (const one of [early, late, afterwards]) {
      await one.session.until(isOver);
      expectStatesOf(one, log);
      expect(one.session.state.lecture).toEqual({
        mode: "DIRECT",
        retardMs: 0,
        enLecture: true,
        vitesse: 1,
        instant: "",
      });
      await one.session.leave();
    }
    expect(early.seen.length).toBeGreaterThan(10);
    expect(told).toEqual(log.slice(1).map(({ version }) => version));
  });

  test("[WATCH-3] who asks for a delay is shown nothing sooner, and in the end all of it", async () => {
    const fight = await startFight(server.apiUrl);
    const delayed = await watch(server.gameUrl, fight.combatId, { delayMs: 1_500 });
    await playBoth(server.gameUrl, fight);
    const log = await readLog(server.apiUrl, fight.combatId);
    await delayed.session.until(isOver);
    expectStatesOf(delayed, log);
    // Up to the second, so that others who ask for about the same see the same.
    expect(delayed.session.state.lecture).toMatchObject({ mode: "DIFFERE", retardMs: 2_000 });
    for (const { state, at } of delayed.seen.slice(1))
      expect(at - momentOf(log[state.version - 1] as StoredEvent)).toBeGreaterThanOrEqual(2_000);
    // Who comes when it has begun is shown no more than the others.
    const late = await watch(server.gameUrl, fight.combatId, { delayMs: 600_000 });
    expect(late.session.state.version).toBe(1);
    await Promise.all([late, delayed].map(({ session }) => session.leave()));
  });

  test("[WATCH-7] a replay that reaches the end goes on with it", async () => {
    const fight = await startFight(server.apiUrl);
    await playBoth(server.gameUrl, fight, 2);
    const before = await readLog(server.apiUrl, fight.combatId);
    const replay = await watch(server.gameUrl, fight.combatId, { replay: { speed: 16 } });
    await replay.session.until(({ version }) => version >= before.length);
    await playBoth(server.gameUrl, fight);
    await replay.session.until(isOver);
    expectStatesOf(replay, await readLog(server.apiUrl, fight.combatId));
    await replay.session.leave();
  });

  test("[WATCH-6] what has not come yet is the newest that there is", async () => {
    const fight = await startFight(server.apiUrl);
    await playBoth(server.gameUrl, fight, 1);
    const log = await readLog(server.apiUrl, fight.combatId);
    const { session } = await watch(server.gameUrl, fight.combatId, { replay: { paused: true } });
    for (const to of [{ version: 1e9 }, { turn: 1e6 }, { time: "2999-01-01T00:00:00Z" }]) {
      await session.command({ type: "seek", to: { version: 1 } });
      // Non-players may still be at it.
      const answer = (await session.command({ type: "seek", to })) as Answer & { ok: true };
      expect(answer.version).toBeGreaterThanOrEqual(log.length);
      await session.until(({ version }) => version >= answer.version);
      expect(combatIn(session.state)).toEqual(
        snapshotsOf(await readLog(server.apiUrl, fight.combatId))[session.state.version],
      );
    }
    await session.leave();
  });
});

describe("a replay", () => {
  let fight: Fight;
  let log: StoredEvent[];
  let shown: readonly CombatSnapshot[];
  const last = (): number => log.length;

  beforeAll(async () => {
    fight = await startFight(server.apiUrl);
    await playBoth(server.gameUrl, fight);
    log = await readLog(server.apiUrl, fight.combatId);
    shown = snapshotsOf(log);
  });

  test.each([0.5, 4, 16])(
    "[WATCH-4] [WATCH-5] at %f × shows what happened, not sooner than its times say",
    async (speed) => {
      const replay = await watch(server.gameUrl, fight.combatId, { replay: { speed, paused: true }, events: true });
      const told: number[] = [];
      replay.session.onEvents(({ events }) => told.push(...events.map(({ version }) => version)));
      const opened = Date.now();
      expect(await replay.session.command({ type: "play" })).toMatchObject({ ok: true });
      await replay.session.until(isOver);
      expectStatesOf(replay, log);
      // Events come behind the state that they led to.
      await expect.poll(() => told.at(-1)).toBe(last());
      const began = momentOf(log[0] as StoredEvent);
      for (const { state, at } of replay.seen.slice(1)) {
        const happened = momentOf(log[state.version - 1] as StoredEvent);
        expect(state.lecture.instant).toBe(log[state.version - 1]?.timestamp);
        expect(at - opened).toBeGreaterThanOrEqual((happened - began) / speed);
      }
      await replay.session.leave();
    },
  );

  test("[WATCH-6] goes to any version, turn and time, back and forth, and shows it as it was", async () => {
    const { session } = await watch(server.gameUrl, fight.combatId, { replay: { paused: true } });
    const goTo = async (to: { version: number } | { turn: number } | { time: string }, expected: number) => {
      expect(await session.command({ type: "seek", to })).toMatchObject({ ok: true, version: expected });
      await session.until(({ version }) => version === expected);
      expect(combatIn(session.state)).toEqual(shown[expected]);
    };
    for (const version of [last(), 1, last() - 1, 2, Math.ceil(last() / 2), Math.ceil(last() / 2) + 1, 1])
      await goTo({ version }, version);
    const turns = log.filter(({ eventType }) => eventType === "TourDebute");
    for (const event of [turns.at(-1), turns[0], turns[3], turns[2]] as StoredEvent[])
      await goTo({ turn: (event.payload as { numeroTour: number }).numeroTour }, event.version);
    for (const event of [log.at(-1), log[0], turns[1], turns[2]] as StoredEvent[]) {
      const expected = log.filter((one) => momentOf(one) <= momentOf(event)).length;
      await goTo({ time: event.timestamp }, expected);
    }
    await goTo({ time: "2001-01-01T00:00:00.000Z" }, 1);
    await session.leave();
  });

  test("[WATCH-5] stands still and plays on, and says so", async () => {
    const { session, seen } = await watch(server.gameUrl, fight.combatId, { replay: { speed: 0.5 } });
    await session.until(({ version }) => version > 1);
    expect((await session.command({ type: "pause" })).ok).toBe(true);
    await session.until(({ lecture }) => !lecture.enLecture);
    const [stoodAt, count] = [session.state.version, seen.length];
    expect(stoodAt).toBeLessThan(last());
    await session.command({ type: "speed", speed: 16 });
    await session.until(({ lecture }) => lecture.vitesse === 16);
    // At that speed it would long be over.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(session.state.version).toBe(stoodAt);
    expect(seen.length).toBe(count + 1);
    await session.command({ type: "play" });
    await session.until(isOver);
    const shownOnce = seen.length;
    await session.command({ type: "seek", to: { version: 1 } });
    await expect.poll(() => seen.length > shownOnce && isOver(session.state)).toBe(true);
    expect(seen[shownOnce]?.state.version).toBe(1);
    await session.leave();
  });

  test("[WATCH-2] two who replay the same are at two places; those who watch live are told nothing of it", async () => {
    const [one, other] = [
      await watch(server.gameUrl, fight.combatId, { replay: { paused: true, from: { version: 3 } } }),
      await watch(server.gameUrl, fight.combatId, { replay: { paused: true, from: { version: 7 } } }),
    ];
    await one.session.command({ type: "seek", to: { version: 5 } });
    expect(await one.session.until(({ version }) => version === 5)).toBeDefined();
    expect(other.session.state.version).toBe(7);
    expect(other.seen).toHaveLength(1);
    const live = await watch(server.gameUrl, fight.combatId);
    for (const command of [{ type: "pause" }, { type: "seek", to: { version: 1 } }] as const)
      expect(await live.session.command(command)).toMatchObject({ ok: false, code: "BAD_REQUEST" });
    await Promise.all([one, other, live].map(({ session }) => session.leave()));
  });
});
