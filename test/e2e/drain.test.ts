import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@colyseus/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CombatSession } from "../../client/client.ts";
import type { CombatCommandMessage } from "../../client/combat.ts";
import { WORLD_ID } from "../../domain/world/values.ts";
import { call } from "../support/adventure.ts";
import { holdAppends } from "../support/appends-held.ts";
import { type Balancer, openBalancer, portOf } from "../support/balancer.ts";
import {
  type Fight,
  isOver,
  isTurnOf,
  joinAs,
  play,
  readLog,
  snapshotsOf,
  startFight,
  tokenFor,
} from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, type TestServerProcess, useServerProcess } from "../support/server-process.ts";
import { sql } from "../support/sql.ts";

const database = useDatabase();
const env = { ...FAST, DEMO_WORLD: "true" };
const one = useServerProcess(database, env);
/** Leaves what takes longer as it is. */
const two = useServerProcess(database, { ...env, DRAIN_TIMEOUT_MS: "1000" });
const DEFEND: CombatCommandMessage = { type: "ExecuterAction", typeAction: "DEFENSE" };
let balancer: Balancer;
beforeAll(async () => {
  balancer = await openBalancer(portOf(one.gameUrl));
});
afterAll(() => balancer.close());

/** As a balancer does once a node is not ready: what comes from now on, HTTP included, goes to the other one. */
function switchTo(server: TestServerProcess): void {
  balancer.to(portOf(server.gameUrl));
  balancer.cut();
}

async function nodeIdOf(server: TestServerProcess): Promise<string> {
  for (;;) {
    const { body } = await call(server.apiUrl, "/admin/nodes", "admin");
    const { items } = body as unknown as { items: readonly { nodeId: string; url: string }[] };
    const own = items.find(({ url }) => portOf(url) === portOf(server.apiUrl));
    if (own !== undefined) return own.nodeId;
    // Its heartbeat is late.
    await sleep(50);
  }
}

const drain = async (server: TestServerProcess, by: TestServerProcess, method: "POST" | "DELETE" = "POST") =>
  (await call(by.apiUrl, `/admin/nodes/${await nodeIdOf(server)}/drain`, "admin", { method })).status;

const drainingNodes = async (): Promise<Readonly<Record<string, boolean>>> => {
  const { body } = await call(two.apiUrl, "/admin/nodes", "admin");
  const { items } = body as unknown as { items: readonly { nodeId: string; draining: boolean }[] };
  return Object.fromEntries(items.map(({ nodeId, draining }) => [nodeId, draining]));
};

/** Until other nodes know that it takes nothing new, which it tells them after it was ordered to. */
const isKnownToDrain = async (server: TestServerProcess): Promise<boolean> =>
  (await drainingNodes())[await nodeIdOf(server)] === true;

async function ownerOf(id: string): Promise<string | null | undefined> {
  const [head] = await sql<{ owner_node: string | null }>(
    database,
    "SELECT owner_node FROM stream_heads WHERE aggregate_id = $1",
    [id],
  );
  return head?.owner_node;
}

async function until(test: () => Promise<boolean>): Promise<void> {
  while (!(await test())) await sleep(20);
}

async function joinBoth(fight: Fight): Promise<readonly [CombatSession, CombatSession]> {
  const url = `ws://127.0.0.1:${balancer.port}`;
  return [await joinAs(url, fight.combatId, fight.alix), await joinAs(url, fight.combatId, fight.bruno)];
}

/** The SDK asks for a second or so, in which a slow node may not have come to serve again. */
async function joinOnceServed({ combatId, alix }: Fight): Promise<CombatSession> {
  for (;;) {
    try {
      return await joinAs(one.gameUrl, combatId, alix);
    } catch (error) {
      if ((error as { readonly code?: number }).code !== 503) throw error;
    }
  }
}

/** What the sessions are told, and when both have been told the first. */
function watch(sessions: readonly CombatSession[]) {
  const told = sessions.map((session) => {
    const seen: string[] = [];
    const away = Promise.withResolvers<void>();
    session.onStatus((status, reason) => {
      seen.push(`${status} ${reason}`.trim());
      away.resolve();
    });
    return { seen, away: away.promise };
  });
  return { seen: told.map(({ seen }) => seen), away: () => Promise.all(told.map(({ away }) => away)) };
}

const PAUSE = ["resuming 4101", "connected joined"];

/** Plays to the end; both see what the log says, and every command has left its events once. */
async function finish(fight: Fight, sessions: readonly [CombatSession, CombatSession], apiUrl: string): Promise<void> {
  await Promise.all([play(sessions[0], fight.alix), play(sessions[1], fight.bruno)]);
  const log = await readLog(apiUrl, fight.combatId);
  for (const session of sessions) {
    expect(await session.until(isOver)).toEqual(snapshotsOf(log).at(-1));
    await session.leave();
  }
}

/** Whose turn it is. */
async function turnOf(fight: Fight, sessions: readonly [CombatSession, CombatSession]): Promise<CombatSession> {
  const state = await sessions[0].until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  return isTurnOf(state, fight.alix) ? sessions[0] : sessions[1];
}

/** A command that waits for its commit while `work` runs, and what the sessions had been told when it was answered. */
async function underWay(
  fight: Fight,
  [session, seen]: readonly [CombatSession, readonly (readonly string[])[]],
  work: () => Promise<void>,
) {
  const commandId = crypto.randomUUID();
  const answer = await holdAppends(database.url, fight.combatId, async (blocked) => {
    const answer = session.command(DEFEND, { commandId });
    const told = answer.then(() => seen.map((all) => [...all]));
    await blocked();
    await work();
    return { answer, told };
  });
  return { commandId, ...answer };
}

async function expectDoneOnce(fight: Fight, commandId: string, answer: Awaited<ReturnType<CombatSession["command"]>>) {
  const events = (await readLog(two.apiUrl, fight.combatId)).filter(({ metadata }) => metadata.commandId === commandId);
  expect(answer).toMatchObject({ ok: true });
  expect(events.map(({ version }) => version)).toEqual(answer.ok ? answer.events.map(({ version }) => version) : []);
}

describe("drain", () => {
  test("[DRAIN-1] what is under way is finished, clients come again to another node, and the node is left with nothing", async () => {
    switchTo(one);
    const fight = await startFight(one.apiUrl);
    const sessions = await joinBoth(fight);
    const { seen, away } = watch(sessions);
    const { commandId, answer, told } = await underWay(fight, [await turnOf(fight, sessions), seen], async () => {
      // Ordered through the other node.
      expect(await drain(one, two)).toBe(202);
    });
    await away();
    expect(await told).toEqual([[], []]);
    switchTo(two);
    await expectDoneOnce(fight, commandId, await answer);
    await finish(fight, sessions, two.apiUrl);
    for (const all of seen) expect(all).toEqual([...PAUSE, "closed left"]);
    const left = "SELECT count(*)::int AS count FROM stream_heads WHERE owner_node = $1";
    await until(async () => (await sql<{ count: number }>(database, left, [await nodeIdOf(one)]))[0]?.count === 0);
  });

  test("[DRAIN-2] a drained node takes nothing new, says so, and still does what comes over HTTP; it can be told to serve again", async () => {
    expect(await drain(one, one)).toBe(202);
    const ready = await fetch(`${one.apiUrl}/readyz`);
    expect([ready.status, ((await ready.json()) as { code: string }).code]).toEqual([503, "DRAINING"]);
    expect((await fetch(`${one.apiUrl}/healthz`)).status).toBe(200);
    await until(() => isKnownToDrain(one));
    expect(await drainingNodes()).toEqual({ [await nodeIdOf(one)]: true, [await nodeIdOf(two)]: false });

    // What comes to it goes to the node that serves.
    const fight = await startFight(one.apiUrl);
    const session = await joinAs(one.gameUrl, fight.combatId, fight.alix);
    const action = { method: "POST", userId: fight.alix, body: { ...DEFEND, combatId: fight.combatId } };
    expect((await call(one.apiUrl, "/combat/action", "joueur", action)).body["code"]).toBe("COMBAT_NOT_STARTED");
    await until(async () => (await ownerOf(fight.combatId)) === (await nodeIdOf(two)));
    await until(async () => (await ownerOf(WORLD_ID)) === (await nodeIdOf(two)));
    expect(session.status).toBe("connected");
    await session.leave();

    expect(await drain(two, one)).toBe(202);
    const raw = new Client(one.gameUrl);
    raw.auth.token = await tokenFor("joueur", fight.alix);
    const refused = raw.joinOrCreate("combat", { combatId: fight.combatId });
    await expect(refused).rejects.toMatchObject({ code: 503, message: "DRAINING" });
    // Nobody runs it: it is done all the same.
    expect((await call(one.apiUrl, "/combat/action", "joueur", action)).body["code"]).toBe("COMBAT_NOT_STARTED");
    const patient = joinOnceServed(fight);
    expect(await drain(two, one, "DELETE")).toBe(202);
    await (await patient).leave();

    expect(await drain(one, two, "DELETE")).toBe(202);
    expect((await fetch(`${one.apiUrl}/readyz`)).status).toBe(200);
    const another = await startFight(one.apiUrl);
    await (await joinAs(one.gameUrl, another.combatId, another.alix)).leave();
    expect(await ownerOf(another.combatId)).toBe(await nodeIdOf(one));
  });

  test("[DRAIN-3] what is not finished by the deadline is left as it is: clients come again all the same, and it is done once at most", async () => {
    switchTo(two);
    const fight = await startFight(two.apiUrl);
    const sessions = await joinBoth(fight);
    const { seen, away } = watch(sessions);
    const { commandId, answer, told } = await underWay(fight, [await turnOf(fight, sessions), seen], async () => {
      expect(await drain(two, two)).toBe(202);
      await away();
    });
    switchTo(one);
    await expectDoneOnce(fight, commandId, await answer);
    expect((await told).flat()).toContain("resuming 4101");
    await finish(fight, sessions, one.apiUrl);
    for (const all of seen) expect(all).toEqual([...PAUSE, "closed left"]);
    expect(await drain(two, two, "DELETE")).toBe(202);
  });

  test("[DRAIN-4] SIGTERM drains and ends: another node goes on at once", async () => {
    switchTo(one);
    const fight = await startFight(one.apiUrl);
    const sessions = await joinBoth(fight);
    const { seen, away } = watch(sessions);
    let stopped: Promise<void> | undefined;
    const first = await underWay(fight, [await turnOf(fight, sessions), seen], async () => {
      stopped = one.stop("SIGTERM");
      await until(async () => (await fetch(`${one.apiUrl}/readyz`).catch(() => undefined))?.status !== 200);
    });
    await away();
    expect(await first.told).toEqual([[], []]);
    switchTo(two);
    await expectDoneOnce(fight, first.commandId, await first.answer);
    const mine = await turnOf(fight, sessions);
    const commandId = crypto.randomUUID();
    await expectDoneOnce(fight, commandId, await mine.command(DEFEND, { commandId }));
    await stopped;
    expect(await ownerOf(fight.combatId)).toBe(await nodeIdOf(two));
    await finish(fight, sessions, two.apiUrl);
    for (const all of seen) expect(all).toEqual([...PAUSE, "closed left"]);
    await one.start();
  });

  test("[DRAIN-5] is an operator's, and of a node that lives", async () => {
    for (const [path, status] of [
      [`/admin/nodes/${crypto.randomUUID()}/drain`, 404],
      ["/admin/nodes/nobody/drain", 404],
    ] as const)
      for (const method of ["POST", "DELETE"])
        expect((await call(one.apiUrl, path, "admin", { method })).status).toBe(status);
    const order = {
      method: "POST",
      body: JSON.stringify({ order: "drain" }),
      headers: { "content-type": "application/json" },
    };
    expect((await fetch(`${one.apiUrl}/internal/node`, order)).status).toBe(401);
  });
});

describe("move", () => {
  test("[MOVE-1] a live room goes to another node: its clients see a pause and no error, what was not answered is answered once", async () => {
    switchTo(one);
    const fight = await startFight(one.apiUrl);
    const sessions = await joinBoth(fight);
    const { seen, away } = watch(sessions);
    const mine = await turnOf(fight, sessions);
    const [taken, late] = [crypto.randomUUID(), crypto.randomUUID()];
    const [from, to] = [await nodeIdOf(one), await nodeIdOf(two)];
    const path = `/admin/rooms/${fight.combatId}/move`;
    const { answers, moved } = await holdAppends(database.url, fight.combatId, async (blocked) => {
      const first = mine.command(DEFEND, { commandId: taken });
      await blocked();
      const moved = call(two.apiUrl, path, "admin", { method: "POST", body: { to } });
      // It comes while the room is handed over, or before: it is asked again until it is answered.
      const second = mine.command(DEFEND, { commandId: late });
      return { answers: [first, second] as const, moved };
    });
    await away();
    switchTo(two);
    expect(await moved).toEqual({ status: 200, body: { from, to } });
    await expectDoneOnce(fight, taken, await answers[0]);
    const second = await answers[1];
    if (second.ok) await expectDoneOnce(fight, late, second);
    else expect(second.code).toBe("NOT_YOUR_TURN");
    expect(await ownerOf(fight.combatId)).toBe(to);
    await finish(fight, sessions, two.apiUrl);
    for (const all of seen) expect(all).toEqual([...PAUSE, "closed left"]);
  });

  test("[MOVE-1] so does one in which nobody is: its deadlines pass where it was moved to", async () => {
    // Three turns that a player lets pass are its last ones: it is moved long before both have.
    const { combatId } = await startFight(one.apiUrl, { preparationMs: 0, dureeTourMs: 1_500 });
    const turns = async () =>
      (await readLog(one.apiUrl, combatId)).filter(({ eventType }) => eventType === "TourDebute").length;
    await expect.poll(turns).toBeGreaterThan(0);
    const to = await nodeIdOf((await ownerOf(combatId)) === (await nodeIdOf(one)) ? two : one);
    const path = `/admin/rooms/${combatId}/move`;
    expect((await call(one.apiUrl, path, "admin", { method: "POST", body: { to } })).status).toBe(200);
    const before = await turns();
    await expect.poll(turns).toBeGreaterThan(before);
    expect(await ownerOf(combatId)).toBe(to);
  });

  test("[MOVE-2] without a target a room goes to the other node, or else is loaded anew on its own; the fight goes on meanwhile", async () => {
    switchTo(one);
    const fight = await startFight(one.apiUrl);
    const sessions = await joinBoth(fight);
    const { seen } = watch(sessions);
    const [first, second] = [await nodeIdOf(one), await nodeIdOf(two)];
    const played = Promise.all([play(sessions[0], fight.alix), play(sessions[1], fight.bruno)]);
    const move = () => call(one.apiUrl, `/admin/rooms/${fight.combatId}/move`, "admin", { method: "POST", body: {} });
    const back = (times: number) => until(async () => seen.every((all) => all.length === 2 * times));
    expect(await move()).toEqual({ status: 200, body: { from: first, to: second } });
    await back(1);
    expect(await drain(one, two)).toBe(202);
    await until(() => isKnownToDrain(one));
    expect(await move()).toEqual({ status: 200, body: { from: second, to: second } });
    await back(2);
    expect(await ownerOf(fight.combatId)).toBe(second);
    await played;
    await finish(fight, sessions, two.apiUrl);
    for (const all of seen) expect(all).toEqual([...PAUSE, ...PAUSE, "closed left"]);
    expect(await drain(one, two, "DELETE")).toBe(202);
  });

  test("[MOVE-3] what does not run, or a node that does not live or serve, is refused, and nothing is moved", async () => {
    const fight = await startFight(one.apiUrl);
    const move = async (id: string, body: object = {}) =>
      (await call(one.apiUrl, `/admin/rooms/${id}/move`, "admin", { method: "POST", body })).status;
    expect(await move(crypto.randomUUID())).toBe(404);
    expect(await move("nobody")).toBe(400);
    expect(await move(fight.combatId, { to: "nobody" })).toBe(400);
    const session = await joinAs(one.gameUrl, fight.combatId, fight.alix);
    expect(await move(fight.combatId, { to: crypto.randomUUID() })).toBe(404);
    expect(await drain(two, one)).toBe(202);
    await until(() => isKnownToDrain(two));
    expect(await move(fight.combatId, { to: await nodeIdOf(two) })).toBe(404);
    expect(await drain(two, one, "DELETE")).toBe(202);
    expect(session.status).toBe("connected");
    await session.leave();
  });
});
