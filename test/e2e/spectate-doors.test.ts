import { describe, expect, test } from "vitest";
import type { SpectateOptions } from "../../client/client.ts";
import type { Principal } from "../../rooms/principal.ts";
import { call } from "../support/adventure.ts";
import { type Fight, readLog, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRoomRaw } from "../support/raw-client.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { playBoth, watch } from "../support/watch.ts";

const server = useServerProcess(useDatabase(), { ...FAST, SPECTATE_DELAY_MS: "3000" });

type Role = Principal["role"];
const INVITED = crypto.randomUUID();

async function statusFor(combatId: string, role: Role, userId?: string): Promise<number> {
  try {
    const { session } = await watch(server.gameUrl, combatId, {}, { role, ...(userId !== undefined && { userId }) });
    await session.leave();
    return 200;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

describe("who may watch", () => {
  test("[WATCH-8] anybody who plays or watches sees a public combat; services and authors see none", async () => {
    const { combatId, alix } = await startFight(server.apiUrl);
    expect(await statusFor(combatId, "joueur")).toBe(200);
    expect(await statusFor(combatId, "joueur", alix)).toBe(200);
    expect(await statusFor(combatId, "spectateur")).toBe(200);
    expect(await statusFor(combatId, "admin")).toBe(200);
    expect(await statusFor(combatId, "service")).toBe(403);
    expect(await statusFor(combatId, "auteur")).toBe(403);
    expect(await statusFor(crypto.randomUUID(), "spectateur")).toBe(404);
    expect(await statusFor(crypto.randomUUID(), "admin")).toBe(404);
  });

  test("[WATCH-8] a private combat is for those who take part, those invited, and operators", async () => {
    const observation = { prive: true, invites: [INVITED.toUpperCase()] };
    const { combatId, alix } = await startFight(server.apiUrl, { observation });
    for (const role of ["joueur", "spectateur", "service"] as const)
      expect(await statusFor(combatId, role), role).toBe(404);
    expect(await statusFor(combatId, "joueur", alix)).toBe(200);
    expect(await statusFor(combatId, "joueur", INVITED)).toBe(200);
    expect(await statusFor(combatId, "spectateur", INVITED)).toBe(200);
    expect(await statusFor(combatId, "admin")).toBe(200);
  });
});

test("[DOOR-2] the server's delay holds over HTTP as well: a running combat is not told of to who only watches", async () => {
  const usual = await startFight(server.apiUrl);
  const own = await startFight(server.apiUrl, { observation: { prive: false, invites: [], retardMs: 0 } });
  const read = (path: string, role: Role, userId?: string) =>
    call(server.apiUrl, path, role, userId === undefined ? {} : { userId });
  const ids = async (role: Role) =>
    ((await read("/combats?etat=PREPARATION&limit=500", role)).body["items"] as Fight[]).map((one) => one.combatId);
  await expect.poll(() => ids("service")).toEqual(expect.arrayContaining([usual.combatId, own.combatId]));
  const listed = await ids("spectateur");
  expect([listed.includes(usual.combatId), listed.includes(own.combatId)]).toEqual([false, true]);
  expect((await read(`/combat/${usual.combatId}`, "spectateur")).status).toBe(404);
  expect((await read(`/combat/${usual.combatId}`, "joueur", usual.alix)).status).toBe(200);
  expect((await read(`/combat/${own.combatId}`, "spectateur")).status).toBe(200);
  const body = {
    query: `{ combat(combatId: "${usual.combatId}") { etat } combats(etat: "PREPARATION", first: 100) { edges { node { combatId } } } }`,
  };
  const { data } = (await call(server.apiUrl, "/graphql", "spectateur", { method: "POST", body })).body as {
    data: { combat: unknown; combats: unknown };
  };
  expect(data.combat).toBeNull();
  expect(JSON.stringify(data.combats)).not.toContain(usual.combatId);
  expect(JSON.stringify(data.combats)).toContain(own.combatId);
});

describe("what they are shown", () => {
  const delayOf = async ({ combatId }: Fight, options: SpectateOptions, role: Role): Promise<number> => {
    const { session } = await watch(server.gameUrl, combatId, options, { role });
    const { retardMs } = session.state.lecture;
    await session.leave();
    return retardMs;
  };

  test("[WATCH-3] the server's delay holds for all but operators, the combat's own instead where it has one", async () => {
    const usual = await startFight(server.apiUrl);
    expect(await delayOf(usual, {}, "spectateur")).toBe(3_000);
    expect(await delayOf(usual, { delayMs: 1_000 }, "joueur")).toBe(3_000);
    expect(await delayOf(usual, { delayMs: 5_000 }, "spectateur")).toBe(5_000);
    expect(await delayOf(usual, { replay: true }, "spectateur")).toBe(3_000);
    expect(await delayOf(usual, {}, "admin")).toBe(0);
    const own = await startFight(server.apiUrl, { observation: { prive: false, invites: [], retardMs: 0 } });
    expect(await delayOf(own, {}, "spectateur")).toBe(0);
  });

  test("[WATCH-3] a replay of a running combat gets no further than those who watch it", async () => {
    const fight = await startFight(server.apiUrl);
    await playBoth(server.gameUrl, fight);
    const log = await readLog(server.apiUrl, fight.combatId);
    const { session } = await watch(server.gameUrl, fight.combatId, { replay: { speed: 16 }, delayMs: 600_000 });
    for (const to of [{ version: log.length }, { turn: 3 }, { time: new Date().toISOString() }])
      expect(await session.command({ type: "seek", to })).toMatchObject({ ok: true, version: 1 });
    expect(session.state.version).toBe(1);
    await session.leave();
  });

  test("[WATCH-9] of the events nothing of what fighters carry, can do or take home, nor of the seed", async () => {
    const fight = await startFight(server.apiUrl, { observation: { prive: false, invites: [INVITED], retardMs: 0 } });
    await playBoth(server.gameUrl, fight);
    const log = await readLog(server.apiUrl, fight.combatId);
    const { session } = await watch(server.gameUrl, fight.combatId, { replay: { speed: 16 }, events: true });
    const told = new Map<number, { eventType: string; payload: unknown }>();
    session.onEvents(({ events }) => {
      for (const event of events) told.set(event.version, event);
    });
    await session.command({ type: "seek", to: { version: 1 } });
    // It may have come to the end before it was sent back.
    const begun = log.find(({ eventType }) => eventType === "CombatDemarre")?.version ?? 0;
    await expect.poll(() => told.has(begun) && told.has(log.length)).toBe(true);
    expect(told.get(begun)?.eventType).toBe("CombatDemarre");
    const text = JSON.stringify([...told.values()]);
    for (const secret of [fight.graine, INVITED]) expect(text.includes(secret)).toBe(false);
    const secrets = ["graine", "observation", "invites", "objet", "objets", "competences", "statsCombat", "retours"];
    for (const name of [...secrets, "recompenses"]) expect(text.includes(`"${name}":`), name).toBe(false);
    await session.leave();
  });
});

describe("nonsense", () => {
  test("[WATCH-13] a wish that is none is refused, and makes no room", async () => {
    const { combatId } = await startFight(server.apiUrl);
    const rooms = () => server.metric("aether_rooms", 'room="spectate"');
    // Those that have been left are gone in a moment.
    await expect.poll(rooms).toBe(0);
    for (const wrong of [
      {},
      { combatId: "x" },
      { combatId: [combatId] },
      { combatId, delayMs: -1 },
      { combatId, delayMs: 1e9 },
      { combatId, delayMs: Number.NaN },
      { combatId, delayMs: "1" },
      { combatId, replay: 1 },
      { combatId, replay: { speed: 17 } },
      { combatId, replay: { speed: 0 } },
      { combatId, replay: { from: {} } },
      { combatId, replay: { from: { version: 0 } } },
      { combatId, replay: { from: { version: 1, turn: 1 } } },
      { combatId, replay: { from: { time: "yesterday" } } },
      { combatId, replay: { id: crypto.randomUUID() } },
    ]) {
      const response = await fetch(`${server.gameUrl.replace("ws:", "http:")}/matchmake/joinOrCreate/spectate`, {
        method: "POST",
        headers: { authorization: `Bearer ${await tokenFor("spectateur")}`, "content-type": "application/json" },
        body: JSON.stringify({ ...wrong, watch: JSON.stringify({ combatId, delayMs: 0 }) }),
      });
      expect(response.status, JSON.stringify(wrong)).toBe(400);
    }
    expect(await rooms()).toBe(0);
  });

  test("[WATCH-13] who names a room by itself gets the one that is its own to watch", async () => {
    const secret = await startFight(server.apiUrl, { observation: { prive: true, invites: [] } });
    const { combatId } = await startFight(server.apiUrl);
    const forged = JSON.stringify({ combatId: secret.combatId, delayMs: 0 });
    const client = await joinRoomRaw(server.gameUrl, "spectate", { combatId, watch: forged }, crypto.randomUUID());
    await client.roundTrip();
    const text = Buffer.concat(client.received).toString("latin1");
    expect(text).toContain(combatId);
    expect(text).not.toContain(secret.combatId);
    client.destroy();
  });

  test("[WATCH-13] a replay refuses what is no command of its own, and plays on", async () => {
    const { combatId } = await startFight(server.apiUrl);
    const client = await joinRoomRaw(server.gameUrl, "spectate", { combatId, replay: true }, crypto.randomUUID());
    for (const wrong of [
      {},
      { type: "play", speed: 2 },
      { type: "speed" },
      { type: "speed", speed: 100 },
      { type: "seek" },
      { type: "seek", to: { version: -1 } },
      { type: "seek", to: { turn: 1, time: "2026-01-01T00:00:00Z" } },
      { type: "Conceder" },
      { type: "ExecuterAction", typeAction: "DEFENSE" },
    ])
      expect(await client.request({ commandId: crypto.randomUUID(), ...wrong }), JSON.stringify(wrong)).toMatchObject({
        ok: false,
        code: "BAD_REQUEST",
      });
    expect(await client.request({ commandId: crypto.randomUUID(), type: "pause" })).toMatchObject({ ok: true });
    client.destroy();
  });
});
