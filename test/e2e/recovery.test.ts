import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { CombatSession } from "../../client/client.ts";
import type { CombatCommandMessage } from "../../client/combat.ts";
import type { Answer } from "../../domain/codes.ts";
import { holdAppends } from "../support/appends-held.ts";
import {
  type Fight,
  isOver,
  isTurnOf,
  joinAs,
  keepAnswers,
  play,
  readLog,
  snapshotsOf,
  startFight,
  tokenFor,
} from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRaw } from "../support/raw-client.ts";
import { expectInLog } from "../support/seen.ts";
import { useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const server = useServerProcess(database);
const DEFEND: CombatCommandMessage = { type: "ExecuterAction", typeAction: "DEFENSE" };

async function joinBoth(fight: Fight): Promise<[CombatSession, CombatSession]> {
  return [
    await joinAs(server.gameUrl, fight.combatId, fight.alix),
    await joinAs(server.gameUrl, fight.combatId, fight.bruno),
  ];
}

function statusesOf(session: CombatSession): string[] {
  const statuses: string[] = [session.status];
  session.onStatus((status) => statuses.push(status));
  return statuses;
}

function resumed(session: CombatSession): Promise<void> {
  if (session.status === "connected") return Promise.resolve();
  return new Promise((resolve) => {
    const end = session.onStatus((status) => {
      if (status !== "connected") return;
      end();
      resolve();
    });
  });
}

async function leave(...sessions: readonly CombatSession[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.leave()));
}

test("[RESUME-1] kill -9 while a command's commit is under way: sessions come back by themselves, and it is answered once", async () => {
  const fight = await startFight(server.apiUrl);
  const sessions = await joinBoth(fight);
  const statuses = sessions.map(statusesOf);
  const [first] = sessions;
  const state = await first.until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  const active = isTurnOf(state, fight.alix) ? 0 : 1;
  const [mine, other] = [sessions[active], sessions[1 - active]] as [CombatSession, CombatSession];

  // Answered before the crash: one done, one refused, though it would be accepted later.
  const [done, refused, cut] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const refusal = await other.command(DEFEND, { commandId: refused });
  expect(refusal).toMatchObject({ ok: false, code: "NOT_YOUR_TURN" });
  const acceptance = await mine.command(DEFEND, { commandId: done });
  expect(acceptance.ok).toBe(true);

  const now = await first.until(
    (s) => s.version > state.version && (isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno)),
  );
  const next = isTurnOf(now, fight.alix) ? sessions[0] : sessions[1];
  const pending = await holdAppends(database.url, fight.combatId, async (blocked) => {
    const answer = next.command(DEFEND, { commandId: cut });
    await blocked();
    await server.stop("SIGKILL");
    return { answer };
  });
  await server.start();
  const answer = await pending.answer;
  // The very next thing that happened: the turn was still the same participant's.
  expect(answer).toMatchObject({
    ok: true,
    events: expect.arrayContaining([expect.objectContaining({ version: now.version + 1 })]),
  });
  await Promise.all(sessions.map(resumed));
  for (const seen of statuses) expect(seen).toEqual(["connected", "resuming", "connected"]);

  expect(await next.command(DEFEND, { commandId: cut })).toEqual(answer);
  expect(await mine.command(DEFEND, { commandId: done })).toEqual(acceptance);
  expect(await other.command(DEFEND, { commandId: refused })).toEqual(refusal);
  await Promise.all([play(sessions[0], fight.alix), play(sessions[1], fight.bruno)]);
  const log = await readLog(server.apiUrl, fight.combatId);
  expectInLog(log, cut, answer);
  expectInLog(log, done, acceptance);
  expectInLog(log, refused, refusal);
  for (const session of sessions) expect(await session.until(isOver)).toEqual(snapshotsOf(log).at(-1));
  await leave(...sessions);
});

test("[RESUME-2] killed again and again in the middle of a fight: every command has one outcome, nothing is done twice", async () => {
  const fight = await startFight(server.apiUrl);
  const sessions = await joinBoth(fight);
  const answers = new Map<string, Answer>();
  const played = Promise.all([
    play(sessions[0], fight.alix, undefined, keepAnswers(sessions[0], answers)),
    play(sessions[1], fight.bruno, undefined, keepAnswers(sessions[1], answers)),
  ]);
  for (let kills = 0; kills < 3; kills += 1) {
    const before = sessions[0].state.version;
    await sessions[0].until((s) => s.version > before + 8 || isOver(s));
    await server.stop("SIGKILL");
    await server.start();
  }
  await played;
  const log = await readLog(server.apiUrl, fight.combatId);
  expect([...answers.values()].filter(({ ok }) => ok).length).toBeGreaterThan(2);
  for (const [commandId, answer] of answers) expectInLog(log, commandId, answer);
  const snapshots = snapshotsOf(log);
  for (const session of sessions) expect(await session.until(isOver)).toEqual(snapshots.at(-1));
  await leave(...sessions);
});

test("[RESUME-3] after a reload the turn's deadline is armed again, also one that passed while nothing ran", async () => {
  const fight = await startFight(server.apiUrl, { dureeTourMs: 800 });
  const sessions = await joinBoth(fight);
  const state = await sessions[0].until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  await server.stop("SIGKILL");
  await sleep(900);
  await server.start();
  // Nobody plays: the turns pass, and after three each, both players count as gone.
  const over = await sessions[0].until(isOver);
  expect(over.tourActuel).toBeGreaterThan(state.tourActuel);
  const log = await readLog(server.apiUrl, fight.combatId);
  expect(log.filter(({ eventType }) => eventType === "ParticipantRetire").length).toBeGreaterThan(0);
  await leave(...sessions);
});

test("[RESUME-4] after a reload the turn of a non-player is played", async () => {
  const fight = await startFight(server.apiUrl, { delaiPnjMs: 1_500 });
  const sessions = await joinBoth(fight);
  const [first, second] = sessions;
  const isNpcTurn = (s: typeof first.state): boolean =>
    s.etat === "EN_COURS" && !isTurnOf(s, fight.alix) && !isTurnOf(s, fight.bruno);
  const playing = [play(first, fight.alix, 1), play(second, fight.bruno, 1)];
  const waiting = await first.until(isNpcTurn);
  await server.stop("SIGKILL");
  await server.start();
  const later = await first.until((s) => s.tourActuel > waiting.tourActuel);
  const log = await readLog(server.apiUrl, fight.combatId);
  expect(
    log.find(
      ({ eventType, version, payload }) =>
        eventType === "ActionExecutee" &&
        version > waiting.version &&
        (payload as { participantId: string }).participantId === waiting.participantActifId,
    ),
  ).toBeDefined();
  expect(later.version).toBeGreaterThan(waiting.version);
  await Promise.all(playing);
  await leave(...sessions);
});

test("[RESUME-5] SIGTERM: what was taken is answered, the process ends by itself, and clients come again after the restart", async () => {
  const fight = await startFight(server.apiUrl);
  const sessions = await joinBoth(fight);
  const statuses = sessions.map(statusesOf);
  const state = await sessions[0].until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  const active = isTurnOf(state, fight.alix) ? sessions[0] : sessions[1];
  const commandId = crypto.randomUUID();
  const { answer, stopped } = await holdAppends(database.url, fight.combatId, async (blocked) => {
    const answer = active.command(DEFEND, { commandId });
    await blocked();
    return { answer, stopped: server.stop("SIGTERM") };
  });
  // It is not up again yet: this answer is from before its end.
  const [given] = await Promise.all([answer, stopped]);
  expect(given).toMatchObject({ ok: true });
  const version = given.ok ? given.version : 0;
  await server.start();
  await Promise.all(sessions.map(resumed));
  for (const seen of statuses) expect(seen).toEqual(["connected", "resuming", "connected"]);
  for (const session of sessions) await session.until((s) => s.version >= version);
  expectInLog(await readLog(server.apiUrl, fight.combatId), commandId, given);
  await Promise.all([play(sessions[0], fight.alix), play(sessions[1], fight.bruno)]);
  await leave(...sessions);
});

test("[RESUME-7] a seat that was taken and not come to does not hold up the end of a server", async () => {
  const fight = await startFight(server.apiUrl);
  const sessions = await joinBoth(fight);
  const reserved = await fetch(`${server.gameUrl.replace("ws:", "http:")}/matchmake/joinOrCreate/combat`, {
    method: "POST",
    headers: { authorization: `Bearer ${await tokenFor("joueur", fight.alix)}`, "content-type": "application/json" },
    body: JSON.stringify({ combatId: fight.combatId }),
  });
  expect(reserved.status).toBe(200);
  const before = server.log().length;
  await server.stop("SIGTERM");
  await server.start();
  expect(server.log().slice(before)).toContain("INFO: stopped");
  await Promise.all(sessions.map(resumed));
  await leave(...sessions);
});

test("[RESUME-6] a room that was disposed and is joined again goes on where it was", async () => {
  const fight = await startFight(server.apiUrl);
  const sessions = await joinBoth(fight);
  const answers = new Map<string, Answer>();
  await Promise.all([
    play(sessions[0], fight.alix, 1, keepAnswers(sessions[0], answers)),
    play(sessions[1], fight.bruno, 1, keepAnswers(sessions[1], answers)),
  ]);
  // An answer to the one may come before the other is shown what it is about.
  const played = Math.max(...[...answers.values()].map((answer) => (answer.ok ? answer.version : 0)));
  const before = await sessions[0].until(
    (s) => s.version >= played && (isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno)),
  );
  const raw = await joinRaw(server.gameUrl, fight.combatId, fight.alix);
  await leave(...sessions);
  raw.destroy();

  let again = await joinRaw(server.gameUrl, fight.combatId, fight.alix);
  while (again.roomId === raw.roomId) {
    again.destroy();
    await sleep(20);
    again = await joinRaw(server.gameUrl, fight.combatId, fight.alix);
  }
  const [first, second] = await joinBoth(fight);
  again.destroy();
  expect(first.state).toEqual(before);
  expect(second.state).toEqual(before);
  await Promise.all([play(first, fight.alix), play(second, fight.bruno)]);
  const log = await readLog(server.apiUrl, fight.combatId);
  expect(await first.until(isOver)).toEqual(snapshotsOf(log).at(-1));
  await leave(first, second);
});
