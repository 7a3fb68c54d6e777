import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AetherClient, type CombatSession } from "../../client/client.ts";
import type { CombatCommandMessage, CombatSnapshot } from "../../client/combat.ts";
import { signToken } from "../../server/auth.ts";
import { DEVELOPMENT_SECRET } from "../../server/config.ts";
import { type BadNetwork, openBadNetwork } from "../support/bad-network.ts";
import { type Fight, isOver, isTurnOf, joinAs, readLog, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { useServerProcess } from "../support/server-process.ts";
import { sql } from "../support/sql.ts";

const database = useDatabase();
const server = useServerProcess(database);
const DEFEND: CombatCommandMessage = { type: "ExecuterAction", typeAction: "DEFENSE" };
let proxy: BadNetwork;
beforeAll(async () => {
  proxy = await openBadNetwork(server.gameUrl);
});
afterAll(() => proxy.close());

/** A fight in which the player whose turn it is sits behind the bad network, and the other one does not. */
async function fightBehindProxy(): Promise<{ fight: Fight; mine: CombatSession; other: CombatSession; me: string }> {
  const fight = await startFight(server.apiUrl, { delaiPnjMs: 0 });
  const [alix, bruno] = [
    await joinAs(server.gameUrl, fight.combatId, fight.alix),
    await joinAs(server.gameUrl, fight.combatId, fight.bruno),
  ];
  const state = await alix.until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  const me = isTurnOf(state, fight.alix) ? fight.alix : fight.bruno;
  const [direct, other] = me === fight.alix ? [alix, bruno] : [bruno, alix];
  await direct.leave();
  return { fight, mine: await joinAs(proxy.url, fight.combatId, me), other, me };
}

async function eventsOf(fight: Fight, commandId: string) {
  return (await readLog(server.apiUrl, fight.combatId)).filter(({ metadata }) => metadata.commandId === commandId);
}

async function leave(...sessions: readonly CombatSession[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.leave()));
}

test.each(["answers", "commands"] as const)(
  "[SDK-1] a connection that breaks when %s were lost: the command is sent again, done once and answered",
  async (direction) => {
    const { fight, mine, other } = await fightBehindProxy();
    const commandId = crypto.randomUUID();
    proxy.lose(direction, true);
    const answer = mine.command(DEFEND, { commandId });
    if (direction === "answers") await other.until((s) => s.version > mine.state.version);
    else await sleep(50);
    proxy.lose(direction, false);
    proxy.cut();
    const given = await answer;
    expect(given).toMatchObject({ ok: true });
    expect(await eventsOf(fight, commandId)).toHaveLength(given.ok ? given.events.length : -1);
    await mine.until((s) => s.version >= other.state.version);
    await leave(mine, other);
  },
);

test("[SDK-2] an answer that is late: the command is sent again on the same connection, and is done once", async () => {
  const { fight, mine, other } = await fightBehindProxy();
  const statuses: string[] = [];
  mine.onStatus((status) => statuses.push(status));
  const commandId = crypto.randomUUID();
  proxy.stall(true);
  const answer = mine.command(DEFEND, { commandId });
  await other.until((s) => s.version > mine.state.version);
  // The session asks again after 5 s.
  await sleep(5_500);
  proxy.stall(false);
  const given = await answer;
  expect(given).toMatchObject({ ok: true });
  expect(await eventsOf(fight, commandId)).toHaveLength(given.ok ? given.events.length : -1);
  expect(statuses).toEqual([]);
  await leave(mine, other);
});

test("[SDK-3] a connection that went silent without an end is noticed; the session comes back and the command is answered", async () => {
  const { fight, mine: idle, other, me } = await fightBehindProxy();
  const token = await tokenFor("joueur", me);
  const mine = await new AetherClient({ url: proxy.url, token, heartbeatMs: 2_000 }).joinCombat(fight.combatId);
  const reasons: string[] = [];
  mine.onStatus((status, reason) => reasons.push(`${status} ${reason}`));
  // Two pings, which a busy machine has the time to answer.
  await sleep(4_500);
  expect(reasons).toEqual([]);
  proxy.blackhole();
  expect(await mine.command(DEFEND)).toMatchObject({ ok: true });
  expect(reasons).toEqual(["resuming 1006 the server is silent", "connected joined"]);
  await mine.until((s) => s.version >= other.state.version);
  await leave(mine, other, idle);
});

test("[SDK-4] leaving ends a session, also on a connection that is silent; nothing is called any more", async () => {
  const { mine, other, fight } = await fightBehindProxy();
  const called: unknown[] = [];
  mine.onState((state) => called.push(state));
  const never = expect(mine.until(() => false)).rejects.toThrow("the session was closed: left");
  const statuses: string[] = [];
  mine.onStatus((status, reason) => statuses.push(`${status} ${reason}`));
  proxy.blackhole();
  const unanswered = mine.command(DEFEND);
  await Promise.all([mine.leave(), mine.leave()]);
  await never;
  expect(mine.status).toBe("closed");
  expect(statuses).toEqual(["closed left"]);
  expect(await unanswered).toMatchObject({ ok: false, code: "UNANSWERED", retryable: true });
  expect(await mine.command(DEFEND)).toMatchObject({ ok: false, code: "UNANSWERED" });
  await mine.leave();
  // The player is still there, by another session.
  const again = await joinAs(server.gameUrl, fight.combatId, fight.alix);
  await again.command({ type: "Conceder" });
  expect(called).toEqual([]);
  await leave(again, other);
});

test("[SDK-5] states come in order and are never changed afterwards; events come to those who asked; what is ended is not called", async () => {
  const fight = await startFight(server.apiUrl);
  const quiet = await new AetherClient({
    url: server.gameUrl,
    token: await tokenFor("joueur", fight.alix),
  }).joinCombat(fight.combatId);
  const told = await joinAs(server.gameUrl, fight.combatId, fight.bruno);
  const copies: [CombatSnapshot, string][] = [];
  const events: number[] = [];
  const unwanted: unknown[] = [];
  told.onState((state) => copies.push([state, JSON.stringify(state)]));
  told.onEvents((commit) => events.push(...commit.events.map(({ version }) => version)));
  quiet.onEvents((commit) => unwanted.push(commit));
  quiet.onState((state) => unwanted.push(state))();
  const state = await told.until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  await quiet.command({ type: "Conceder" });
  await Promise.all([told.until((s) => s.version > state.version), quiet.until((s) => s.version > state.version)]);
  await told.command({ type: "Conceder" });
  await told.until(isOver);
  expect(await told.until(isOver)).toBe(told.state);
  // Events come behind the state that they led to.
  await expect.poll(() => events.at(-1)).toBe(told.state.version);
  expect(copies.length).toBeGreaterThan(1);
  for (const [kept, text] of copies) expect(JSON.stringify(kept)).toBe(text);
  const versions = copies.map(([{ version }]) => version);
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  expect(events).toEqual(Array.from({ length: events.length }, (_, i) => told.state.version - events.length + 1 + i));
  expect(unwanted).toEqual([]);
  await leave(quiet, told);
});

test("[SDK-8] a whole fight is told to who listens once it is over, and to who watches it as to who fights", async () => {
  const fight = await startFight(server.apiUrl);
  const [alix, bruno] = [
    await joinAs(server.gameUrl, fight.combatId, fight.alix),
    await joinAs(server.gameUrl, fight.combatId, fight.bruno),
  ];
  const visitor = new AetherClient({ url: server.gameUrl, token: await tokenFor("spectateur") });
  const watching = await visitor.spectate(fight.combatId, { events: true });
  const since = [alix, bruno, watching].map(({ state }) => state.version);
  await bruno.until(({ etat }) => etat === "EN_COURS");
  for (const session of [alix, bruno]) await session.command({ type: "Conceder" });
  for (const [i, session] of [alix, bruno, watching].entries()) {
    await session.until(isOver);
    const versions: number[] = [];
    session.onEvents(({ events }) => versions.push(...events.map(({ version }) => version)));
    await expect.poll(() => versions.at(-1)).toBe(alix.state.version);
    const first = versions[0] ?? Number.POSITIVE_INFINITY;
    expect(first).toBeLessThanOrEqual((since[i] ?? 0) + 1);
    expect(versions).toEqual(Array.from({ length: alix.state.version - first + 1 }, (_, n) => first + n));
    await session.leave();
  }
});

test("[SDK-6] a join is refused with 401 without a valid token, 403 to a stranger, 404 for no combat, 400 for no id", async () => {
  const { combatId, alix } = await startFight(server.apiUrl);
  const join = (token: string, id: string) => new AetherClient({ url: server.gameUrl, token }).joinCombat(id);
  const player = await tokenFor("joueur", alix);
  const expired = await signToken(DEVELOPMENT_SECRET, { userId: alix, role: "joueur", tenantId: "default" }, "-1s");
  const foreign = await signToken(DEVELOPMENT_SECRET, { userId: alix, role: "joueur", tenantId: "another" });
  for (const token of ["", "nonsense", expired, foreign])
    await expect(join(token, combatId)).rejects.toMatchObject({ code: 401 });
  await expect(join(await tokenFor("joueur"), combatId)).rejects.toMatchObject({ code: 403, message: "FORBIDDEN" });
  await expect(join(player, crypto.randomUUID())).rejects.toMatchObject({ code: 404, message: "NOT_FOUND" });
  await expect(join(player, "here")).rejects.toMatchObject({ code: 400, message: "BAD_REQUEST" });
  await leave(await join(player, combatId));
});

test("[SDK-7] a pause that outlives the access token does not end the session; one that outlives the session does", async () => {
  const { combatId, alix } = await startFight(server.apiUrl);
  const who = { userId: alix, role: "joueur", tenantId: "default" } as const;
  const client = new AetherClient({ url: proxy.url, token: await tokenFor("joueur", alix) });
  const session = await client.joinCombat(combatId);
  client.token = await signToken(DEVELOPMENT_SECRET, who, "-1s");
  await expect(client.joinCombat(combatId)).rejects.toMatchObject({ code: 401 });
  const back = new Promise<void>((resolve) => session.onStatus((status) => status === "connected" && resolve()));
  proxy.cut();
  await back;
  await sql(database, "UPDATE sessions SET expires_at = now() WHERE user_id = $1", [alix]);
  const closed = expect(session.until(() => false)).rejects.toThrow("the session was closed: SESSION_EXPIRED");
  proxy.cut();
  await closed;
  expect(session.status).toBe("closed");
});
