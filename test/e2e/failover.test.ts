import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { CombatSession } from "../../client/client.ts";
import type { CombatCommandMessage } from "../../client/combat.ts";
import { holdAppends } from "../support/appends-held.ts";
import { ownerNow, useCluster } from "../support/cluster.ts";
import { type Fight, isOver, isTurnOf, joinAs, play, readLog, snapshotsOf, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { expectInLog, expectNothingBesideTheLog, watch } from "../support/seen.ts";

// Each test starts a node again, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
const database = useDatabase();
const cluster = useCluster(database);
const DEFEND: CombatCommandMessage = { type: "ExecuterAction", typeAction: "DEFENSE" };

async function joinBoth(
  { combatId, alix, bruno }: Fight,
  options: { readonly heartbeatMs?: number } = {},
): Promise<readonly [CombatSession, CombatSession]> {
  return [
    await joinAs(cluster.gameUrl, combatId, alix, options),
    await joinAs(cluster.gameUrl, combatId, bruno, options),
  ];
}

function participantOf(session: CombatSession, userId: string): string | undefined {
  return Object.values(session.state.participants).find(({ entiteId }) => entiteId === userId)?.participantId;
}

test("[NODE-1] kill -9 of the node that runs a combat: its clients are back on another, as who they were, and what was not answered is done once", async () => {
  const fight = await startFight(cluster.apiUrl);
  const sessions = await joinBoth(fight);
  const seen = sessions.map(watch);
  const players = [fight.alix, fight.bruno];
  const before = sessions.map((session, i) => participantOf(session, players[i] ?? ""));
  const state = await sessions[0].until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  const [mine, other] = isTurnOf(state, fight.alix) ? sessions : [sessions[1], sessions[0]];
  const refused = crypto.randomUUID();
  const refusal = await other.command(DEFEND, { commandId: refused });
  expect(refusal).toMatchObject({ ok: false, code: "NOT_YOUR_TURN" });

  const { owner } = await ownerNow(cluster, fight.combatId);
  const cut = crypto.randomUUID();
  const pending = await holdAppends(database.url, fight.combatId, async (blocked) => {
    const answer = mine.command(DEFEND, { commandId: cut });
    await blocked();
    await owner.kill("SIGKILL");
    return { answer };
  });
  const answer = await pending.answer;
  expect(answer).toMatchObject({ ok: true });
  expect((await ownerNow(cluster, fight.combatId, owner)).owner.name).not.toBe(owner.name);

  await Promise.all(sessions.map((session) => session.until(({ version }) => answer.ok && version >= answer.version)));
  for (const { statuses } of seen) expect(statuses).toEqual(["connected", "resuming 1006", "connected joined"]);
  expect(sessions.map((session, i) => participantOf(session, players[i] ?? ""))).toEqual(before);
  expect(await mine.command(DEFEND, { commandId: cut })).toEqual(answer);
  expect(await other.command(DEFEND, { commandId: refused })).toEqual(refusal);
  await Promise.all([play(sessions[0], fight.alix), play(sessions[1], fight.bruno)]);
  const log = await readLog(cluster.apiUrl, fight.combatId);
  expectInLog(log, cut, answer);
  expectInLog(log, refused, refusal);
  expectNothingBesideTheLog(log, ...seen);
  for (const session of sessions) {
    expect(await session.until(isOver)).toEqual(snapshotsOf(log).at(-1));
    await session.leave();
  }
  await owner.start();
});

test("[NODE-2] if all clients are gone as well, its deadlines pass on another node", async () => {
  const fight = await startFight(cluster.apiUrl, { dureeTourMs: 800 });
  const sessions = await joinBoth(fight);
  await sessions[0].until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  const { owner } = await ownerNow(cluster, fight.combatId);
  await owner.kill("SIGKILL");
  await Promise.all(sessions.map((session) => session.leave()));
  const { length } = await readLog(cluster.apiUrl, fight.combatId);
  // Nobody plays: the turns pass, and after three each, both players count as gone.
  const ended = async () => isOver(snapshotsOf(await readLog(cluster.apiUrl, fight.combatId)).at(-1) as never);
  while (!(await ended())) await sleep(50);
  const log = await readLog(cluster.apiUrl, fight.combatId);
  expect(log.length).toBeGreaterThan(length);
  expect(log.filter(({ eventType }) => eventType === "ParticipantRetire").length).toBeGreaterThan(0);
  expect((await ownerNow(cluster, fight.combatId)).owner.name).not.toBe(owner.name);
  await owner.start();
});

test("[NODE-3] a node that was silent for too long has lost what it ran: once it wakes it tells its clients to come again, and shows and writes nothing of its own", async () => {
  const fight = await startFight(cluster.apiUrl);
  const { owner, other } = await ownerNow(cluster, fight.combatId);
  // They do not notice the silence: it is what the woken node tells that sends them away.
  const [alix, bruno] = await joinBoth(fight, { heartbeatMs: 600_000 });
  const seen = [watch(alix), watch(bruno)];
  await alix.until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  await owner.kill("SIGSTOP");
  await ownerNow(cluster, fight.combatId, owner);
  expect((await ownerNow(cluster, fight.combatId, owner)).owner.name).toBe(other.name);
  // It goes on meanwhile, on the other node.
  const third = await joinAs(cluster.gameUrl, fight.combatId, fight.alix);
  const state = await third.until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  const fourth = await joinAs(cluster.gameUrl, fight.combatId, fight.bruno);
  const active = isTurnOf(state, fight.alix) ? third : fourth;
  const done = await active.command(DEFEND);
  expect(done).toMatchObject({ ok: true });

  await owner.kill("SIGCONT");
  for (const session of [alix, bruno]) await session.until(({ version }) => done.ok && version >= done.version);
  const log = await readLog(cluster.apiUrl, fight.combatId);
  expectNothingBesideTheLog(log, ...seen);
  for (const { statuses } of seen) {
    expect(statuses.filter((one) => one.startsWith("resuming"))).toHaveLength(1);
    expect(statuses[1]).toMatch(/^resuming 4101/);
  }
  expect((await ownerNow(cluster, fight.combatId)).owner.name).toBe(other.name);
  await Promise.all([alix, bruno, third, fourth].map((session) => session.leave()));
});
