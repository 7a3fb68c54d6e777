import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { MatchmakingSession, MatchmakingSnapshot } from "../../client/client.ts";
import { PNJ, ZONE } from "../../domain/catalogue/demo/ids.ts";
import { arrive, call, clientFor } from "../support/adventure.ts";
import { tokenFor } from "../support/fight.ts";
import { create, isBegun, queue, type SeenTicket, until } from "../support/matchmaking-calls.ts";
import { expectWhole } from "../support/matchmaking-checks.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { sql } from "../support/sql.ts";

const LONG = 300_000;
const MODES = {
  "1V1": { acceptationMs: 0 },
  "2V2": { acceptationMs: LONG },
  PVE: { acceptationMs: LONG, patienceMs: 0 },
};
const database = useDatabase();
const server = useServerProcess(database, {
  ...FAST,
  DEMO_WORLD: "true",
  MATCHMAKING_MODES: JSON.stringify(MODES),
});

const asService = (path: string, body: unknown, id?: string) =>
  call(server.apiUrl, path, "service", { method: "POST", body, ...(id !== undefined && { id }) });

describe("REST", () => {
  test("[QUEUE-10] [QUEUE-14] [QUEUE-15] two players come into one combat; asked again, a ticket is the same", async () => {
    const [alix, bruno] = [await arrive(server.gameUrl, "MAGE"), await arrive(server.gameUrl, "MAGE", "Bruno")];
    const id = crypto.randomUUID();
    const made = await queue(server.apiUrl, alix.id, { mode: "1V1" }, id);
    expect(made.status).toBe(201);
    expect((await queue(server.apiUrl, alix.id, { mode: "1V1" }, id)).ticket).toEqual(made.ticket);
    expect((await queue(server.apiUrl, alix.id, { mode: "2V2" })).body["code"]).toBe("ALREADY_QUEUED");
    const waiting = until(server.apiUrl, alix.id, made.ticket, isBegun);
    const other = await queue(server.apiUrl, bruno.id, { mode: "1V1" });
    const [ours, theirs] = await Promise.all([waiting, until(server.apiUrl, bruno.id, other.ticket, isBegun)]);
    expect(ours.match?.combatId).toBe(theirs.match?.combatId);
    expect([ours.match?.equipe, theirs.match?.equipe].toSorted()).toEqual(["A", "B"]);
    for (const { client } of [alix, bruno]) {
      const fight = await client.joinCombat(String(ours.match?.combatId));
      await fight.until(({ etat }) => etat === "PREPARATION" || etat === "EN_COURS");
      await fight.leave();
    }
    expect((await queue(server.apiUrl, alix.id, { mode: "1V1" })).body["code"]).toBe("IN_COMBAT");
    await Promise.all([alix, bruno].map(({ session }) => session.leave()));
  });

  test("[QUEUE-12] [QUEUE-18] a ticket is cancelled by its player, and is no stranger's to see", async () => {
    const alix = await create(server.apiUrl);
    const { ticket } = await queue(server.apiUrl, alix, { mode: "1V1" });
    const path = `/matchmaking/tickets/${ticket.ticketId}`;
    const stranger = { userId: crypto.randomUUID() };
    expect((await call(server.apiUrl, path, "joueur", stranger)).status).toBe(404);
    expect((await call(server.apiUrl, path, "joueur", { ...stranger, method: "DELETE", body: {} })).status).toBe(404);
    const waiting = until(server.apiUrl, alix, ticket, ({ etat }) => etat === "ANNULE");
    for (let i = 0; i < 2; i += 1) {
      const gone = await call(server.apiUrl, path, "joueur", { userId: alix, method: "DELETE", body: {} });
      expect([gone.status, gone.body["etat"], gone.body["raison"]]).toEqual([200, "ANNULE", "JOUEUR"]);
    }
    expect((await waiting).raison).toBe("JOUEUR");
    const own = await call(server.apiUrl, "/matchmaking/tickets", "joueur", { userId: alix });
    expect(own.body["ticketId"]).toBe(ticket.ticketId);
  });

  test("[QUEUE-15] a look that waits for nothing is answered when its time is up", async () => {
    const alix = await create(server.apiUrl);
    const { ticket } = await queue(server.apiUrl, alix, { mode: "3V3" });
    const path = `/matchmaking/tickets/${ticket.ticketId}?wait=0.3`;
    expect((await call(server.apiUrl, path, "joueur", { userId: alix })).body).toEqual(ticket);
  });

  test("[QUEUE-2] [QUEUE-5] a wish that nobody could fulfil is refused", async () => {
    const alix = await create(server.apiUrl);
    for (const [wish, code] of [
      [{ mode: "4V4" }, "BAD_REQUEST"],
      [{ mode: "1V1", cote: 3_000 }, "BAD_REQUEST"],
      [{ mode: "1V1", joueurs: [{ joueurId: alix }] }, "BAD_REQUEST"],
      [{ mode: "1V1", region: "eu", latences: { eu: 151 } }, "BAD_REQUEST"],
      [{ mode: "1V1", groupe: { groupeId: crypto.randomUUID(), taille: 2 } }, "BAD_REQUEST"],
      [{ mode: "1V1", cibleId: PNJ.ratDesCaves }, "BAD_REQUEST"],
      [{ mode: "PVE" }, "BAD_REQUEST"],
      [{ mode: "PVE", cibleId: PNJ.oriane }, "NOT_FOUND"],
      [{ mode: "BOSS", cibleId: PNJ.ratDesCaves }, "NOT_FOUND"],
    ] as const)
      expect([wish, (await queue(server.apiUrl, alix, wish)).body["code"]]).toEqual([wish, code]);
    const nobody = await queue(server.apiUrl, crypto.randomUUID(), { mode: "1V1" });
    expect(nobody.body["code"]).toBe("NOT_FOUND");
  });

  test("[QUEUE-8] a group's free places are filled while it is to be accepted, and all of them fight", async () => {
    const wish = { mode: "PVE", cibleId: PNJ.ratDesCaves };
    const players: { id: string; ticket: SeenTicket }[] = [];
    const come = async (): Promise<void> => {
      const id = await create(server.apiUrl);
      players.push({ id, ticket: (await queue(server.apiUrl, id, wish)).ticket });
    };
    const found = () =>
      Promise.all(players.map(({ id, ticket }) => until(server.apiUrl, id, ticket, ({ etat }) => etat === "PROPOSE")));
    const answer = (who: string, matchId: string, accepte: boolean) =>
      call(server.apiUrl, `/matchmaking/matches/${matchId}/answer`, "joueur", {
        method: "POST",
        body: { accepte },
        userId: who,
      });
    await come();
    await come();
    const matchId = String((await found())[0]?.match?.matchId);
    await come();
    await come();
    expect(new Set((await found()).map(({ match }) => match?.matchId))).toEqual(new Set([matchId]));
    const decliner = players.splice(1, 1)[0];
    for (const { id } of players) expect((await answer(id, matchId, true)).status).toBe(200);
    const no = await answer(decliner?.id ?? "", matchId, false);
    expect([no.body["etat"], no.body["raison"]]).toEqual(["ANNULE", "REFUS"]);
    await come();
    expect((await found()).at(-1)?.match?.matchId).toBe(matchId);
    expect((await answer(players.at(-1)?.id ?? "", matchId, true)).status).toBe(200);
    const begun = await Promise.all(players.map(({ id, ticket }) => until(server.apiUrl, id, ticket, isBegun)));
    const combatId = String(begun[0]?.match?.combatId);
    const fight = await (await clientFor(server.gameUrl, players[0]?.id ?? "")).joinCombat(combatId);
    const kinds = Object.values(fight.state.participants).map(({ typeEntite, equipe }) => `${typeEntite} ${equipe}`);
    expect(kinds.toSorted()).toEqual([...Array<string>(4).fill("JOUEUR A"), ...Array<string>(4).fill("PNJ B")]);
    await fight.leave();
  });
});

describe("the room", () => {
  const accept = async (session: MatchmakingSession): Promise<MatchmakingSnapshot> => {
    const { matchId } = await session.until(({ etat }) => etat === "PROPOSE");
    expect(await session.command({ type: "RepondreMatch", matchId, accepte: true })).toMatchObject({ ok: true });
    return session.until(({ etat }) => etat === "LANCE");
  };
  const join = async (mode: "1V1" | "2V2", id: string) => (await clientFor(server.gameUrl, id)).joinMatchmaking(mode);

  test("[QUEUE-7] [QUEUE-13] [QUEUE-17] two friends and two alone find each other, all say yes, and the friends are on one side", async () => {
    const ids = await Promise.all([1, 2, 3, 4].map(() => create(server.apiUrl)));
    const sessions = await Promise.all(ids.map((id) => join("2V2", id)));
    const groupe = { groupeId: crypto.randomUUID(), taille: 2 };
    for (const [i, session] of sessions.entries()) {
      const wish = { type: "ChercherMatch", ...(i < 2 && { groupe }) } as const;
      const commandId = crypto.randomUUID();
      const first = await session.command(wish, { commandId });
      expect(first).toMatchObject({ ok: true });
      expect(await session.command(wish, { commandId })).toMatchObject({ ok: true });
      if (i === 0) expect((await session.until(({ etat }) => etat !== "")).etat).toBe("FORMATION");
    }
    const states = await Promise.all(sessions.map(accept));
    expect(new Set(states.map(({ combatId }) => combatId)).size).toBe(1);
    expect(states[0]?.ticketId).toBe(states[1]?.ticketId);
    expect(states[0]?.equipe).not.toBe(states[2]?.equipe);
    expect(states[2]?.equipe).toBe(states[3]?.equipe);
    await Promise.all(sessions.map((one) => one.leave()));
  });

  test("[QUEUE-13] [QUEUE-18] a party that is full refuses; nobody answers for another", async () => {
    const ids = await Promise.all([1, 2, 3].map(() => create(server.apiUrl)));
    const sessions = await Promise.all(ids.map((id) => join("2V2", id)));
    const groupe = { groupeId: crypto.randomUUID(), taille: 2 };
    const come = (i: number) => sessions[i]?.command({ type: "ChercherMatch", groupe });
    expect(await come(0)).toMatchObject({ ok: true });
    expect(await come(1)).toMatchObject({ ok: true });
    expect(await come(2)).toMatchObject({ ok: false, code: "PARTY_FULL" });
    const matchId = crypto.randomUUID();
    expect(await sessions[2]?.command({ type: "RepondreMatch", matchId, accepte: true })).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await sessions[0]?.command({ type: "AnnulerRecherche" })).toMatchObject({ ok: true });
    await sessions[1]?.until(({ etat }) => etat === "ANNULE");
    expect(await come(2)).toMatchObject({ code: "PARTY_OVER" });
    await Promise.all(sessions.map((one) => one.leave()));
  });

  test("[QUEUE-17] nonsense is refused, and a mode that there is not", async () => {
    const id = await create(server.apiUrl);
    const session = await join("1V1", id);
    for (const message of [{ type: "ChercherMatch", cote: 9 }, { type: "Gagner" }, { type: "RepondreMatch" }])
      expect(await session.command(message as never)).toMatchObject({ ok: false, code: "BAD_REQUEST" });
    expect(session.state.etat).toBe("");
    await session.leave();
    const client = await clientFor(server.gameUrl, id);
    await expect(client.joinMatchmaking("9V9" as never)).rejects.toMatchObject({ code: 400 });
  });

  test("[QUEUE-9] [QUEUE-17] after a kill the ticket is as it was, and leads to its combat", async () => {
    const ids = await Promise.all([1, 2].map(() => create(server.apiUrl)));
    const [session, other] = await Promise.all(ids.map((id) => join("1V1", id)));
    if (session === undefined || other === undefined) throw new Error("two");
    await session.command({ type: "ChercherMatch" });
    const before = await session.until(({ etat }) => etat === "EN_ATTENTE");
    await server.stop("SIGKILL");
    await server.start();
    await other.command({ type: "ChercherMatch" });
    const after = await session.until(({ etat }) => etat === "LANCE");
    expect([after.ticketId, after.creeA]).toEqual([before.ticketId, before.creeA]);
    await Promise.all([session.leave(), other.leave()]);
  });
});

describe("a service", () => {
  const fight = (participants: readonly object[], over: object = {}) => ({
    typeCombat: "PVE",
    zone: { zoneId: ZONE.bourgClochette },
    preparationMs: 600_000,
    participants,
    ...over,
  });
  const player = (entiteId: string, position = 5) => ({ entiteId, typeEntite: "JOUEUR", equipe: "A", position });
  const rat = { entiteId: PNJ.ratDesCaves, typeEntite: "PNJ", equipe: "B", position: 8 };

  test("[QUEUE-14] [QUEUE-16] makes a match of its own, once, with seats", async () => {
    const [alix, bruno] = [await create(server.apiUrl), await create(server.apiUrl)];
    const id = crypto.randomUUID();
    const body = fight([player(alix), player(bruno, 4), rat]);
    const made = await Promise.all([1, 2, 3].map(() => asService("/matchmaking/matches", body, id)));
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
    for (const one of made) expect(one.body).toEqual(made[0]?.body);
    const { combatId, matchId, seats } = (made[0]?.body ?? {}) as {
      combatId: string;
      matchId: string;
      seats: unknown[];
    };
    const seat = (joueurId: string) => ({ joueurId, equipe: "A", room: "combat", options: { combatId } });
    expect(seats).toHaveLength(2);
    expect(seats).toEqual(expect.arrayContaining([seat(alix), seat(bruno)]));
    const match = await call(server.apiUrl, `/matchmaking/matches/${matchId}`, "service");
    expect(match.body).toMatchObject({ matchId, combatId, etat: "LANCE" });
    // What was asked for is forgotten, and asked again it is the same match.
    expect(await sql(database, "SELECT definition FROM matchs WHERE match_id = $1", [matchId])).toEqual([
      { definition: null },
    ]);
    expect((await asService("/matchmaking/matches", body, id)).body).toEqual(made[0]?.body);
    const session = await (await clientFor(server.gameUrl, alix)).joinCombat(combatId);
    expect(session.state.typeCombat).toBe("PVE");
    await session.leave();
  });

  test("[QUEUE-2] [QUEUE-16] takes nobody out of a queue, and what refuses the combat frees the others", async () => {
    const [alix, bruno] = [await create(server.apiUrl), await create(server.apiUrl)];
    const { ticket } = await queue(server.apiUrl, alix, { mode: "3V3" });
    const both = fight([player(alix), player(bruno, 4), rat]);
    expect((await asService("/matchmaking/matches", both)).body["code"]).toBe("ALREADY_QUEUED");
    await call(server.apiUrl, `/matchmaking/tickets/${ticket.ticketId}`, "service", { method: "DELETE", body: {} });
    expect((await asService("/matchmaking/matches", fight([player(alix), rat]))).status).toBe(201);
    const id = crypto.randomUUID();
    for (let i = 0; i < 2; i += 1)
      expect((await asService("/matchmaking/matches", both, id)).body["code"]).toBe("IN_COMBAT");
    expect((await queue(server.apiUrl, bruno, { mode: "3V3" })).status).toBe(201);
    const none = fight([player(crypto.randomUUID()), rat]);
    expect((await asService("/matchmaking/matches", none)).body["code"]).toBe("PLAYER_NOT_FOUND");
  });

  test("[QUEUE-2] [QUEUE-18] queues parties with ratings of its own, and answers for players by name", async () => {
    const ids = await Promise.all([1, 2, 3, 4].map(() => create(server.apiUrl)));
    const parties = [ids.slice(0, 2), ids.slice(2)].map((party) =>
      party.map((joueurId) => ({ joueurId, cote: 4_000 })),
    );
    const made: SeenTicket[] = [];
    for (const joueurs of parties) {
      const one = await asService("/matchmaking/tickets", { mode: "2V2", joueurs });
      expect(one.status, JSON.stringify(one.body)).toBe(201);
      made.push(one.body as unknown as SeenTicket);
    }
    const found = await until(server.apiUrl, ids[0] ?? "", made[0] as SeenTicket, ({ etat }) => etat === "PROPOSE");
    const path = `/matchmaking/matches/${found.match?.matchId}/answer`;
    expect((await asService(path, { accepte: true })).status).toBe(400);
    expect((await asService(path, { accepte: true, joueurId: crypto.randomUUID() })).status).toBe(404);
    for (const joueurId of ids) expect((await asService(path, { accepte: true, joueurId })).status).toBe(200);
    await until(server.apiUrl, ids[3] ?? "", made[1] as SeenTicket, isBegun);
    const twice = [{ joueurId: ids[0] }, { joueurId: ids[0] }];
    expect((await asService("/matchmaking/tickets", { mode: "2V2", joueurs: twice })).status).toBe(400);
  });

  test("[QUEUE-20] goes the way of the example", async () => {
    const ids = [await create(server.apiUrl), await create(server.apiUrl)];
    const file = fileURLToPath(new URL("../../docs/examples/matchmaking-service.ts", import.meta.url));
    const env = { ...process.env, AETHER_API: server.apiUrl, SERVICE_TOKEN: await tokenFor("service") };
    const { stdout } = await promisify(execFile)(process.execPath, [file, ...ids], { env });
    const [, one, other] = /from the queue: (\S+) and (\S+)/.exec(stdout) ?? [];
    expect(one).toBe(other);
    const [, made, again] = /a match of its own: (\S+), asked for again: (\S+)/.exec(stdout) ?? [];
    expect(made).toBe(again);
    expect(stdout.match(/ joins combat /g)).toHaveLength(2);
  });
});

test("[QUEUE-21] all of it is measured", async () => {
  const mode = 'mode="1V1"';
  const { ticket } = await queue(server.apiUrl, await create(server.apiUrl), { mode: "BOSS", cibleId: PNJ.grumgor });
  expect(ticket.etat).toBe("EN_ATTENTE");
  expect(await server.metric("aether_matchmaking_tickets", 'mode="BOSS",etat="EN_ATTENTE"')).toBe(1);
  expect(await server.metric("aether_matches_total", `${mode},outcome="begun"`)).toBeGreaterThan(0);
  const matches = await server.metric("aether_matchmaking_spread_points_count", mode);
  expect(matches).toBeGreaterThan(0);
  expect(await server.metric("aether_matchmaking_wait_seconds_count", mode)).toBe(2 * matches);
  expect(await server.metric("aether_matchmaking_pass_seconds_count")).toBeGreaterThan(0);
});

test("[QUEUE-10] after all of it matches, combats, tickets and players say the same", async () => {
  await expectWhole(database.url);
});
