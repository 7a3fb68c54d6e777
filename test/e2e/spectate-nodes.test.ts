import { expect, test } from "vitest";
import { isOver, readLog, snapshotsOf, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { combatIn, playBoth, watch } from "../support/watch.ts";

const database = useDatabase();
const fought = useServerProcess(database, FAST);
const watched = useServerProcess(database, FAST);

test("[WATCH-10] a combat is watched on a node that does not run it, and costs the one that does nothing", async () => {
  const fight = await startFight(fought.apiUrl);
  const live = await watch(watched.gameUrl, fight.combatId);
  await playBoth(fought.gameUrl, fight, 2);
  const replay = await watch(watched.gameUrl, fight.combatId, { replay: { speed: 16 } });
  await playBoth(fought.gameUrl, fight);
  await Promise.all([live, replay].map(({ session }) => session.until(isOver)));
  const shown = snapshotsOf(await readLog(fought.apiUrl, fight.combatId));
  for (const { state } of [...live.seen, ...replay.seen]) expect(combatIn(state)).toEqual(shown[state.version]);
  expect(await watched.metric("aether_actors", 'aggregate_type="Combat"')).toBe(0);
  expect(await watched.metric("aether_load_seconds_count", 'to="activate"')).toBe(0);
  expect(await fought.metric("aether_clients", 'room="spectate"')).toBe(0);
  expect(await watched.metric("aether_spectate_followers")).toBe(2);
  await Promise.all([live, replay].map(({ session }) => session.leave()));
  await expect.poll(() => watched.metric("aether_spectate_followers")).toBe(0);
});

test("[WATCH-10] when the node that runs it is killed, it goes on being watched, and then what comes of it elsewhere", async () => {
  const fight = await startFight(fought.apiUrl);
  const live = await watch(watched.gameUrl, fight.combatId);
  await playBoth(fought.gameUrl, fight, 2);
  await fought.stop("SIGKILL");
  await playBoth(watched.gameUrl, fight);
  await live.session.until(isOver);
  const log = await readLog(watched.apiUrl, fight.combatId);
  const shown = snapshotsOf(log);
  for (const { state } of live.seen) expect(combatIn(state)).toEqual(shown[state.version]);
  expect(live.session.state.version).toBe(log.length);
  await live.session.leave();
  await fought.start();
});

test("[WATCH-14] when the node that lets watch is killed, those who watch come back, and a replay to where it was", async () => {
  const fight = await startFight(fought.apiUrl);
  await playBoth(fought.gameUrl, fight);
  const length = (await readLog(fought.apiUrl, fight.combatId)).length;
  const live = await watch(watched.gameUrl, fight.combatId);
  const replay = await watch(watched.gameUrl, fight.combatId, { replay: true });
  await replay.session.command({ type: "speed", speed: 2 });
  await replay.session.command({ type: "pause" });
  await replay.session.command({ type: "seek", to: { version: length - 5 } });
  await replay.session.until(({ version }) => version === length - 5);
  const before = replay.session.state;
  await watched.stop("SIGKILL");
  await expect.poll(() => [live, replay].map(({ session }) => session.status)).toEqual(["resuming", "resuming"]);
  await watched.start();
  await expect.poll(() => [live, replay].map(({ session }) => session.status)).toEqual(["connected", "connected"]);
  expect(replay.session.state).toEqual(before);
  expect(before.lecture).toMatchObject({ enLecture: false, vitesse: 2 });
  await replay.session.command({ type: "play" });
  await Promise.all([live, replay].map(({ session }) => session.until(isOver)));
  await Promise.all([live, replay].map(({ session }) => session.leave()));
});
