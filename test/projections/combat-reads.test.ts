import Fastify from "fastify";
import { v5 as uuidv5 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import type { CombatEvent, PayloadOf } from "../../domain/combat/events.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { combatProjector } from "../../projections/combat.ts";
import { combatHeads } from "../../projections/combat-access.ts";
import type { Principal } from "../../rooms/principal.ts";
import { createDoor } from "../../server/http.ts";
import { createMetrics } from "../../server/metrics.ts";
import { combatReads } from "../../server/routes/combat-reads.ts";
import { createPool } from "../../store/database.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";
import { randomLog, tourLog } from "./combat-log.ts";
import { take } from "./take.ts";

const database = useDatabase();
const release = useReleasers();
const pool = createPool({ url: database.url, poolSize: 2 });
release(() => pool.end());

const NOBODY = "00000000-0000-4000-8000-000000000009";
/** A token says its role, and whose it is. */
const authenticate = async (token: string | undefined): Promise<Principal | undefined> => {
  const [role, userId = NOBODY] = token?.split(" ") ?? [];
  return role === undefined ? undefined : { role: role as Principal["role"], userId, tenantId: "test" };
};
const api = Fastify();
combatReads(api, createDoor(authenticate, createMetrics()), pool, 0);
release(() => api.close());

const tour = tourLog() as readonly (StoredEvent & CombatEvent)[];
/** Behind the tour's, combats that are under way. */
const half = randomLog(3)
  .slice(0, 150)
  .map((event) => ({
    ...event,
    eventId: event.eventId.replace("e0", "e1"),
    sequence: event.sequence + 100_000,
  }));
beforeAll(async () => {
  await take(pool, combatProjector, tour);
  await take(pool, combatProjector, half);
});

const INVITED = "00000000-0000-4000-8000-000000000008";
const HOUR_MS = 3_600_000;

/** The combat of that event once more, under ids of its own, up to a version, watched so. */
async function copied(
  name: string,
  { aggregateId }: StoredEvent,
  observation: Readonly<Record<string, unknown>>,
  upTo = Number.POSITIVE_INFINITY,
): Promise<{ readonly id: string; readonly player: string }> {
  const shift = 1_000_000 + Number.parseInt(uuidv5(name, NOBODY).slice(0, 6), 16) * 1_000;
  const own = (text: string) =>
    text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, (id) => uuidv5(id + name, NOBODY));
  const events = tour
    .filter((event) => event.aggregateId === aggregateId && event.version <= upTo)
    .map((event) => JSON.parse(own(JSON.stringify(event))) as StoredEvent & CombatEvent)
    .map((event) => ({
      ...event,
      sequence: event.sequence + shift,
      payload: {
        ...event.payload,
        ...("graine" in event.payload && { observation: { prive: false, invites: [], ...observation } }),
      },
    }));
  await take(pool, combatProjector, events as StoredEvent[]);
  return { id: own(aggregateId), player: own(playerOf(aggregateId)) };
}

/** How each of the combat's doors answers, and whether the list of its state has it. */
async function answersOf(id: string, token: string, etat: string) {
  const answers = await Promise.all(["", "/history", "/actions"].map((path) => get(`/combat/${id}${path}`, token)));
  const listed = (await pages(`/combats?etat=${etat}&`, 100, token)).flat().some(({ combatId }) => combatId === id);
  return { statuses: answers.map(({ status }) => status), bodies: answers.map(({ body }) => body), listed };
}

async function get(url: string, token = "admin", headers: Record<string, string> = {}) {
  const answer = await api.inject({ url, headers: { authorization: `Bearer ${token}`, ...headers } });
  return { status: answer.statusCode, headers: answer.headers, body: answer.body === "" ? {} : answer.json() };
}

function ended(): StoredEvent & { readonly payload: PayloadOf<"CombatTermine"> } {
  const found = tour.find((event) => event.eventType === "CombatTermine");
  if (found?.eventType !== "CombatTermine") throw new Error("no combat has ended");
  return found;
}

function playerOf(combatId: string): string {
  const begun = tour.find((event) => event.aggregateId === combatId && event.eventType === "CombatPrepare");
  if (begun?.eventType !== "CombatPrepare") throw new Error("no such combat");
  return begun.payload.participants.find((one) => one.typeEntite === "JOUEUR")?.entiteId ?? "";
}

async function pages(path: string, limit: number, token?: string): Promise<Record<string, unknown>[][]> {
  const found: Record<string, unknown>[][] = [];
  for (let after = ""; ; ) {
    const { status, body } = await get(`${path}limit=${limit}${after}`, token);
    expect(status).toBe(200);
    found.push(body.items);
    if (body.next === undefined) return found;
    after = `&after=${body.next}`;
  }
}

test("[PCOMBAT-4] a combat is read with everyone in it, and how it ended", async () => {
  const { aggregateId, payload, timestamp, sequence } = ended();
  const { status, body } = await get(`/combat/${aggregateId}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    combatId: aggregateId,
    etat: "TERMINE",
    typeCombat: payload.typeCombat,
    heureFin: timestamp,
    echeance: null,
    participantActifId: null,
    sequence,
    fin: { resultat: payload.resultat, raison: payload.raison, equipesVictorieuses: payload.equipesVictorieuses },
    recompenses: { attribuees: payload.recompenses },
  });
  expect(body.participants).toHaveLength(payload.vainqueurs.length + payload.vaincus.length);
  expect(body.participants[0]).toMatchObject({ nom: expect.any(String), hpActuel: expect.any(Number), effets: [] });
});

test("[PCOMBAT-10] the seed is in no answer", async () => {
  for (const combatId of new Set([...tour, ...half].map((event) => event.aggregateId))) {
    const answers = [
      (await get(`/combat/${combatId}`)).body,
      await pages(`/combat/${combatId}/history?`, 500),
      await pages(`/combat/${combatId}/actions?`, 500),
    ];
    expect(JSON.stringify(answers)).not.toMatch(/graine/);
  }
});

test("[PCOMBAT-13] a player looks into its own combats, others into any, nobody without a token into one", async () => {
  const { aggregateId } = ended();
  const own = `joueur ${playerOf(aggregateId)}`;
  for (const path of ["", "/history", "/actions"]) {
    const url = `/combat/${aggregateId}${path}`;
    for (const token of [own, "spectateur", "service", "admin"]) expect((await get(url, token)).status).toBe(200);
    for (const token of [`joueur ${NOBODY}`, "auteur"])
      expect(await get(url, token)).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    expect((await api.inject({ url })).statusCode).toBe(401);
    for (const id of [NOBODY, "nonsense"])
      expect(await get(`/combat/${id}${path}`)).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
  }
  expect((await get("/combats", `joueur ${NOBODY}`)).status).toBe(200);
});

test("[PCOMBAT-13] everyone sees a player's figures; who never fought has none", async () => {
  const { payload } = ended();
  const winner = payload.vainqueurs.find((one) => one.typeEntite === "JOUEUR");
  const { body } = await get(`/players/${winner?.entiteId}/statistics`, `joueur ${NOBODY}`);
  expect(body.victoires).toBeGreaterThan(0);
  expect(body.combats).toBe(body.victoires + body.defaites + body.nuls);
  expect((await get(`/players/${NOBODY}/statistics`)).body).toMatchObject({ combats: 0, morts: 0 });
  expect((await get("/players/nonsense/statistics")).status).toBe(400);
});

test("[PCOMBAT-14] history and acts come page by page, each once, in the order of the log", async () => {
  for (const { aggregateId } of [ended(), half[0] ?? ended()]) {
    const events = [...tour, ...half].filter((event) => event.aggregateId === aggregateId);
    for (const limit of [1, 7, events.length]) {
      const history = await pages(`/combat/${aggregateId}/history?`, limit);
      expect(history.every((page) => page.length <= limit)).toBe(true);
      expect(history.flat().map((item) => item["eventId"])).toEqual(events.map((event) => event.eventId));
      const acts = await pages(`/combat/${aggregateId}/actions?`, limit);
      const done = events.filter((event) => event.eventType === "ActionExecutee") as {
        payload: { actionId: string };
      }[];
      expect(acts.flat().map((item) => item["actionId"])).toEqual(done.map(({ payload }) => payload.actionId));
    }
  }
});

test("[PCOMBAT-14] combats are listed by state and zone", async () => {
  const ids = async (query: string) =>
    (await pages(`/combats?${query}`, 2)).flat().map((one) => String(one["combatId"]));
  const all = new Set([...tour, ...half].map((event) => event.aggregateId));
  const byState = await Promise.all(
    ["PREPARATION", "EN_COURS", "TERMINE", "ABANDONNE"].map((etat) => ids(`etat=${etat}&`)),
  );
  expect(new Set(byState.flat())).toEqual(all);
  expect(byState.flat()).toHaveLength(all.size);
  for (const list of byState) expect(list).toEqual([...list].sort());
  expect(await ids("")).toEqual(byState[1]);
  const { payload } = ended();
  const zone = await ids(`etat=TERMINE&zone=${payload.zone.zoneId}&`);
  const ends = tour.filter(
    (event) => event.eventType === "CombatTermine" && event.payload.zone.zoneId === payload.zone.zoneId,
  );
  expect(zone).toEqual(expect.arrayContaining(ends.map((event) => event.aggregateId)));
  expect(await ids(`zone=${NOBODY}&`)).toEqual([]);
});

test("[PCOMBAT-14] what is not of the form of a query is refused", async () => {
  const { aggregateId } = ended();
  const unfit = [
    "/combats?etat=FINI",
    "/combats?limit=0",
    "/combats?zone=here",
    "/combats?limit=501",
    "/combats?more=1",
  ];
  for (const after of ["-1.5", "1", "1.2.3", "1e9.1", "9999999999.1"])
    unfit.push(`/combat/${aggregateId}/history?after=${after}`);
  for (const url of unfit) expect(await get(url)).toMatchObject({ status: 400, body: { code: "BAD_REQUEST" } });
});

test("[PCOMBAT-15] who has the newest is not sent it again", async () => {
  const { aggregateId, sequence } = ended();
  for (const path of ["", "/history", "/actions"]) {
    const url = `/combat/${aggregateId}${path}`;
    const tag = String((await get(url)).headers.etag);
    expect(tag).toBe(`"${sequence}"`);
    for (const known of [tag, `W/${tag}`, `"1", ${tag}`, "*"])
      expect(await get(url, "admin", { "if-none-match": known })).toMatchObject({ status: 304, body: {} });
    expect((await get(url, "admin", { "if-none-match": '"1"' })).status).toBe(200);
    expect((await get(url, `joueur ${NOBODY}`, { "if-none-match": tag })).status).toBe(403);
  }
});

// The combats that these add are in the lists from here on.
const SEEN = { statuses: [200, 200, 200], listed: true };
const HIDDEN = { statuses: [404, 404, 404], listed: false };
const LISTED = { statuses: [403, 403, 403], listed: true };

test("[DOOR-1] a private combat is there for its players, those invited, services and operators, and for nobody else", async () => {
  const { id, player } = await copied("private", ended(), { prive: true, invites: [INVITED] });
  for (const token of [`joueur ${player}`, `joueur ${INVITED}`, `spectateur ${INVITED}`, "service", "admin"])
    expect(await answersOf(id, token, "TERMINE"), token).toMatchObject(SEEN);
  for (const token of [`joueur ${NOBODY}`, `spectateur ${NOBODY}`]) {
    const unknown = await answersOf(INVITED, token, "TERMINE");
    expect(unknown).toMatchObject(HIDDEN);
    expect(await answersOf(id, token, "TERMINE"), token).toEqual(unknown);
  }
  expect(await answersOf(id, `auteur ${NOBODY}`, "TERMINE")).toMatchObject({
    statuses: [403, 403, 403],
    listed: false,
  });
  // No tag tells of it either.
  const tag = String((await get(`/combat/${id}`)).headers.etag);
  expect((await get(`/combat/${id}`, `spectateur ${NOBODY}`, { "if-none-match": tag })).status).toBe(404);
});

test("[DOOR-2] a delayed combat is there for others once it has been over for so long", async () => {
  const watcher = `spectateur ${NOBODY}`;
  const endedAt = (id: string, msAgo: number) =>
    pool.query("UPDATE instances_combat SET heure_fin = now() - $2 * interval '1 ms' WHERE combat_id = $1", [
      id,
      msAgo,
    ]);
  const running = await copied("running", ended(), { retardMs: 1_000 }, 8);
  const over = await copied("over", ended(), { retardMs: HOUR_MS });
  const invited = await copied("invited", ended(), { prive: true, invites: [INVITED], retardMs: HOUR_MS });
  for (const id of [over.id, invited.id]) await endedAt(id, HOUR_MS - 60_000);
  for (const token of [`joueur ${running.player}`, "service", "admin"])
    expect(await answersOf(running.id, token, "EN_COURS"), token).toMatchObject(SEEN);
  expect(await answersOf(running.id, watcher, "EN_COURS")).toMatchObject(HIDDEN);
  for (const { id } of [over, invited]) {
    for (const token of [watcher, `spectateur ${INVITED}`, `joueur ${INVITED}`])
      expect(await answersOf(id, token, "TERMINE"), token).toMatchObject(HIDDEN);
    await endedAt(id, HOUR_MS + 60_000);
  }
  expect(await answersOf(over.id, watcher, "TERMINE")).toMatchObject(SEEN);
  expect(await answersOf(over.id, `joueur ${NOBODY}`, "TERMINE")).toMatchObject(LISTED);
  expect(await answersOf(invited.id, `joueur ${INVITED}`, "TERMINE")).toMatchObject(SEEN);
  expect(await answersOf(invited.id, watcher, "TERMINE")).toMatchObject(HIDDEN);
});

test("[DOOR-2] a combat that says nothing of it bears the server's delay; one that says none bears none", async () => {
  const own = await copied("own", ended(), { retardMs: 0 }, 8);
  const usual = await copied("usual", ended(), {}, 8);
  const viewer = { userId: NOBODY, seesAll: false };
  const seen = async (delayMs: number) => [
    ...(await combatHeads(pool, [own.id, usual.id], { ...viewer, delayMs })).keys(),
  ];
  expect((await seen(0)).sort()).toEqual([own.id, usual.id].sort());
  expect(await seen(1)).toEqual([own.id]);
});

test("[DOOR-3] no read model tells who is invited", async () => {
  const { id, player } = await copied("guests", ended(), { prive: false, invites: [INVITED] });
  for (const token of ["admin", `joueur ${player}`, `spectateur ${NOBODY}`]) {
    const { bodies } = await answersOf(id, token, "TERMINE");
    expect(JSON.stringify(bodies)).toContain("CombatPrepare");
    expect(JSON.stringify(bodies)).not.toMatch(new RegExp(`${INVITED}|observation`));
  }
});
