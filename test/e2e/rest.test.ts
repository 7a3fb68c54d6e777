import { expect, test } from "vitest";
import type { CombatCommandMessage } from "../../client/combat.ts";
import { demoCombat } from "../../domain/combat/demo.ts";
import { signToken } from "../../server/auth.ts";
import { DEVELOPMENT_SECRET } from "../../server/config.ts";
import { type Fight, isTurnOf, joinAs, post, readLog, snapshotsOf, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { useServerProcess } from "../support/server-process.ts";

const server = useServerProcess(useDatabase());
const ME = crypto.randomUUID();
const DEFEND: CombatCommandMessage = { type: "ExecuterAction", typeAction: "DEFENSE" };

function definition(graine = "a seed that nobody is told") {
  return demoCombat(ME, crypto.randomUUID(), { graine, dureeTourMs: 600_000, delaiPnjMs: 60_000 });
}

/** Whose turn it is in a combat that has begun without anybody in its room. */
async function activePlayer({ combatId, alix, bruno }: Fight): Promise<{ active: string; other: string }> {
  for (;;) {
    const state = snapshotsOf(await readLog(server.apiUrl, combatId)).at(-1);
    if (state !== undefined && isTurnOf(state, alix)) return { active: alix, other: bruno };
    if (state !== undefined && isTurnOf(state, bruno)) return { active: bruno, other: alix };
  }
}

const act = (userId: string, body: object, headers = {}) =>
  post(`${server.apiUrl}/combat/action`, "joueur", body, headers, userId);
const start = (body: unknown, headers = {}, role: "service" | "joueur" = "service") =>
  post(`${server.apiUrl}/combat/start`, role, body, headers);

const problem = (status: number, code: string) => ({
  status,
  body: {
    type: "about:blank",
    title: code,
    status,
    code,
    detail: expect.stringMatching(/./),
    retryable: expect.any(Boolean),
  },
});

test("[REST-1] a combat is started once for one Idempotency-Key; the repeat gets the first answer, also after a restart", async () => {
  const headers = { "idempotency-key": crypto.randomUUID() };
  const first = await start(definition(), headers);
  expect(first).toMatchObject({ status: 201, body: { ok: true, combatId: expect.any(String) } });
  expect(JSON.stringify(first.body)).not.toContain("a seed");
  const [again, meanwhile] = await Promise.all([start(definition(), headers), start(definition("another"), headers)]);
  expect([again.body, meanwhile.body]).toEqual([first.body, first.body]);
  await server.stop("SIGTERM");
  await server.start();
  expect((await start(definition(), headers)).body).toEqual(first.body);
  const other = await start(definition());
  expect(other.body["combatId"]).not.toBe(first.body["combatId"]);
  expect(await readLog(server.apiUrl, String(first.body["combatId"]))).toHaveLength(
    (first.body["events"] as unknown[]).length,
  );
});

test("[REST-2] an action works in a combat that no room and no actor runs, once for one commandId, by header or in the body", async () => {
  const fight = await startFight(server.apiUrl, { preparationMs: 0 });
  const { active, other } = await activePlayer(fight);
  await server.stop("SIGTERM");
  await server.start();
  const { combatId } = fight;
  const commandId = crypto.randomUUID();
  const first = await act(active, { combatId, commandId, ...DEFEND });
  expect(first).toMatchObject({ status: 200, body: { ok: true, version: expect.any(Number) } });
  const repeats = [
    await act(active, { combatId, commandId, ...DEFEND }),
    await act(active, { combatId, ...DEFEND }, { "idempotency-key": commandId }),
  ];
  for (const repeat of repeats) expect(repeat.body).toEqual(first.body);
  const refusedId = crypto.randomUUID();
  const refused = await act(active === fight.alix ? fight.bruno : fight.alix, {
    combatId,
    commandId: refusedId,
    expectedVersion: 1,
    ...DEFEND,
  });
  expect(refused).toMatchObject(problem(409, "WRONG_VERSION"));
  expect((await act(other, { combatId, commandId: refusedId, ...DEFEND })).body).toEqual(refused.body);
  const log = await readLog(server.apiUrl, combatId);
  expect(log.filter(({ metadata }) => metadata.commandId === commandId)).toHaveLength(
    (first.body["events"] as unknown[]).length,
  );
});

test("[REST-3] who is in the room sees at once what came over REST", async () => {
  const fight = await startFight(server.apiUrl, { preparationMs: 0 });
  const session = await joinAs(server.gameUrl, fight.combatId, fight.alix);
  const { active } = await activePlayer(fight);
  const { body } = await act(active, { combatId: fight.combatId, ...DEFEND });
  await session.until(({ version }) => version >= Number(body["version"]));
  await session.leave();
});

test("[REST-4] only a valid token of this tenant gets in, and only its role's calls", async () => {
  const call = async (authorization: string | undefined) => {
    const headers = { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) };
    const response = await fetch(`${server.apiUrl}/combat/start`, { method: "POST", headers, body: "{}" });
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    return { status: response.status, challenge: response.headers.get("www-authenticate"), ...(await response.json()) };
  };
  const who = { userId: ME, role: "service", tenantId: "default" } as const;
  const unsigned = (await tokenFor("service")).replace(/[^.]+$/, "");
  for (const authorization of [
    undefined,
    "Bearer",
    "Bearer nonsense",
    "Basic c2VydmljZTpzZXJ2aWNl",
    `Bearer ${await signToken("another secret of thirty-two characters", who)}`,
    `Bearer ${await signToken(DEVELOPMENT_SECRET, { ...who, tenantId: "another" })}`,
    `Bearer ${await signToken(DEVELOPMENT_SECRET, who, "-1s")}`,
    `Bearer ${unsigned}`,
    `Bearer ${Buffer.from('{"alg":"none"}').toString("base64url")}.${unsigned.split(".")[1]}.`,
  ]) {
    expect(await call(authorization), authorization).toMatchObject({
      status: 401,
      code: "UNAUTHORIZED",
      challenge: "Bearer",
    });
  }
  expect(await start(definition(), {}, "joueur")).toMatchObject(problem(403, "FORBIDDEN"));
  expect(await post(`${server.apiUrl}/combat/action`, "service", { combatId: ME, ...DEFEND })).toMatchObject(
    problem(403, "FORBIDDEN"),
  );
  const events = await fetch(`${server.apiUrl}/events`, {
    headers: { authorization: `Bearer ${await tokenFor("joueur")}` },
  });
  expect(events.status).toBe(403);
});

test("[REST-5] whatever is wrong with a request, the answer is a problem document with its code, and is counted", async () => {
  const { combatId, alix } = await startFight(server.apiUrl);
  const stranger = crypto.randomUUID();
  const cases: readonly (readonly [Awaited<ReturnType<typeof start>>, number, string])[] = [
    [await start("{"), 400, "BAD_REQUEST"],
    [await start("null"), 400, "BAD_REQUEST"],
    [await start("[]"), 400, "BAD_REQUEST"],
    [await start({}), 400, "BAD_REQUEST"],
    [await start({ ...definition(), participants: [] }), 400, "BAD_REQUEST"],
    [await start({ ...definition(), graine: "x".repeat(65) }), 400, "BAD_REQUEST"],
    [await start('{"__proto__":{"admin":true}}'), 400, "BAD_REQUEST"],
    [await start(definition(), { "idempotency-key": "mine" }), 400, "BAD_REQUEST"],
    [await start(definition(), { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
    [await start({ ...definition(), graine: "x".repeat(300_000) }), 413, "TOO_LARGE"],
    [await act(alix, {}), 400, "BAD_REQUEST"],
    [await act(alix, { combatId: "here", ...DEFEND }), 400, "BAD_REQUEST"],
    [await act(alix, { combatId, type: "Tricher" }), 400, "BAD_REQUEST"],
    [await act(alix, { combatId, type: "Abandonner", raison: "not a player's to say" }), 400, "BAD_REQUEST"],
    [await act(alix, { combatId, ...DEFEND, joueurId: stranger }), 400, "BAD_REQUEST"],
    [await act(alix, { combatId, ...DEFEND, expectedVersion: -1 }), 400, "BAD_REQUEST"],
    [await act(alix, { combatId: crypto.randomUUID(), ...DEFEND }), 404, "NOT_FOUND"],
    [await act(alix, { combatId, ...DEFEND, expectedVersion: 99 }), 409, "WRONG_VERSION"],
    [await act(alix, { combatId, ...DEFEND }), 409, "COMBAT_NOT_STARTED"],
    [await act(stranger, { combatId, type: "Conceder" }), 409, "COMBAT_NOT_STARTED"],
    [await post(`${server.apiUrl}/combat/nowhere/at`, "service", {}), 404, "NOT_FOUND"],
    [await post(`${server.apiUrl}/combat/nowhere`, "service", {}), 405, "METHOD_NOT_ALLOWED"],
  ];
  for (const [response, status, code] of cases) {
    expect(response).toMatchObject(problem(status, code));
    expect(response.headers.get("content-type")).toContain("application/problem+json");
  }
  const counted = await server.metric("aether_refused_total", 'code="TOO_LARGE"');
  await start({ ...definition(), graine: "x".repeat(300_000) });
  expect(await server.metric("aether_refused_total", 'code="TOO_LARGE"')).toBe(counted + 1);
});

test("[REST-6] the correlation id is taken and returned, and stands in the events; without one, the one returned does", async () => {
  for (const given of [crypto.randomUUID(), undefined]) {
    const response = await start(definition(), given === undefined ? {} : { "x-correlation-id": given });
    const returned = response.headers.get("x-correlation-id");
    if (given !== undefined) expect(returned).toBe(given);
    const log = await readLog(server.apiUrl, String(response.body["combatId"]));
    for (const { metadata } of log) expect(metadata.correlationId).toBe(returned);
  }
});
