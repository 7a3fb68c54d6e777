import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { acceptMatch, cancelTicket, endLate, giveUp, readMatch } from "../../store/matches.ts";
import { insertMatches, joinGroup, leaveTurn, lockWaiting, type NewMatch, takeTurn } from "../../store/matchmaker.ts";
import { removeOldMatchmaking } from "../../store/matchmaking-upkeep.ts";
import { createRegistry } from "../../store/registry.ts";
import {
  expireTickets,
  insertTicket,
  joinParty,
  type NewTicket,
  readTicket,
  ticketsOfPlayers,
} from "../../store/tickets.ts";
import { inTransaction } from "../../store/transaction.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore } from "../support/store.ts";
import { definitions, gains, joueur } from "./fixtures.ts";

const database = useDatabase();
const pool = createPool({ url: database.url, poolSize: 8 });
const store = openStore({ url: database.url }, createRegistry(definitions));
afterAll(async () => {
  await store.close();
  await pool.end();
});
beforeEach(() =>
  withClient(database.url, (client) => client.query("TRUNCATE matchs, tickets_matchmaking, joueurs_ticket")),
);

const VERSUS = () => ({ group: false, minimum: 1 });
const GROUP = () => ({ group: true, minimum: 2 });

function newTicket(over: Partial<NewTicket> = {}): NewTicket {
  const place = { region: "eu", latences: {}, latenceMax: 100, cibleId: null, emetteurId: null };
  return { ticketId: uuidv7(), mode: "1V1", taille: 1, dureeMs: 60_000, ...place, ...over };
}

async function queued(joueurId = uuidv7(), over: Partial<NewTicket> = {}) {
  const ticket = newTicket(over);
  await insertTicket(pool, ticket, "EN_ATTENTE", [{ joueurId, cote: 1_000 }]);
  return { ticketId: ticket.ticketId, joueurId };
}

/** A match of tickets that wait, each on a side of its own. */
async function matched(tickets: readonly { ticketId: string }[], acceptationMs: number): Promise<string> {
  const match = matchOf(tickets);
  await inTransaction(pool, (client) => insertMatches(client, "1V1", [match], acceptationMs));
  return match.matchId;
}

function matchOf(all: readonly { ticketId: string }[]): NewMatch {
  const tickets = all.map(({ ticketId }, i) => ({ ticketId, equipe: i === 0 ? "A" : "B" }));
  return { matchId: uuidv7(), combatId: uuidv7(), region: "eu", cibleId: null, libres: 0, ecartCote: 0, tickets };
}

const accept = (matchId: string, joueurId: string) =>
  inTransaction(pool, (client) => acceptMatch(client, matchId, joueurId));
const cancel = (ticketId: string, sizes = VERSUS) =>
  inTransaction(pool, (client) => cancelTicket(client, ticketId, "JOUEUR", sizes));
const etats = async (...ids: readonly { ticketId: string }[]) =>
  Promise.all(ids.map(async ({ ticketId }) => (await readTicket(pool, ticketId))?.etat));
const late = (matchId: string) =>
  withClient(database.url, (client) =>
    client.query("UPDATE matchs SET echeance = now() - interval '1 s' WHERE match_id = $1", [matchId]),
  );

describe("tickets", () => {
  test("[QUEUE-2] of many at once for one player, one is made, through whichever connection", async () => {
    const joueurId = uuidv7();
    const made = await Promise.allSettled(Array.from({ length: 20 }, () => queued(joueurId)));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const open = await rowsOf(database.url, "SELECT FROM joueurs_ticket WHERE joueur_id = $1 AND ouvert", [joueurId]);
    expect(open).toHaveLength(1);
    const left = await rowsOf(
      database.url,
      "SELECT FROM tickets_matchmaking t WHERE NOT EXISTS (SELECT FROM joueurs_ticket j WHERE j.ticket_id = t.ticket_id)",
    );
    expect(left).toEqual([]);
  });

  test("[QUEUE-2] parties that share players, in any order: one is made, and nobody hangs", async () => {
    const shared = Array.from({ length: 6 }, () => ({ joueurId: uuidv7(), cote: 1 }));
    const made = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        insertTicket(pool, newTicket({ taille: 6 }), "EN_ATTENTE", i % 2 === 0 ? shared : shared.toReversed()),
      ),
    );
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("[QUEUE-14] the same ticket again is the same ticket", async () => {
    const ticket = newTicket();
    const member = [{ joueurId: uuidv7(), cote: 1_000 }];
    const made = await Promise.all(Array.from({ length: 8 }, () => insertTicket(pool, ticket, "EN_ATTENTE", member)));
    expect(made.filter((one) => one)).toHaveLength(1);
    expect((await readTicket(pool, ticket.ticketId))?.joueurs).toHaveLength(1);
  });

  test("[QUEUE-13] friends who come at the same time make one party, and one too many is told", async () => {
    const party = newTicket({ taille: 3, mode: "3V3" });
    const join = () => inTransaction(pool, (client) => joinParty(client, party, { joueurId: uuidv7(), cote: 900 }));
    const outcomes = await Promise.all([join(), join(), join(), join()]);
    expect(outcomes.toSorted()).toEqual(["FULL", "JOINED", "JOINED", "JOINED"]);
    expect(await readTicket(pool, party.ticketId)).toMatchObject({ etat: "EN_ATTENTE", cote: 900 });
  });

  test("[QUEUE-19] is given up when its time is over, and its player is free", async () => {
    const [old, young] = [await queued(uuidv7(), { dureeMs: -1 }), await queued()];
    expect(await inTransaction(pool, (client) => expireTickets(client, 10))).toEqual([old.ticketId]);
    expect(await etats(old, young)).toEqual(["ANNULE", "EN_ATTENTE"]);
    await queued(old.joueurId);
    expect((await ticketsOfPlayers(pool, [old.joueurId])).get(old.joueurId)?.etat).toBe("EN_ATTENTE");
  });

  test("[QUEUE-19] what is over is removed after a week, and nothing else", async () => {
    const [a, b, c, d] = [await queued(), await queued(), await queued(), await queued()];
    const matchId = await matched([a, b], 0);
    await inTransaction(pool, (client) => giveUp(client, matchId, "BOSS_AWAY", [a.ticketId, b.ticketId]));
    await cancel(c.ticketId);
    const age = (table: string) =>
      withClient(database.url, (client) => client.query(`UPDATE ${table} SET cree_a = cree_a - interval '8 days'`));
    await removeOldMatchmaking(pool);
    expect(await etats(a, b, c, d)).toEqual(["ANNULE", "ANNULE", "ANNULE", "EN_ATTENTE"]);
    await Promise.all(["tickets_matchmaking", "matchs"].map(age));
    await removeOldMatchmaking(pool, { batchSize: 1 });
    expect(await etats(a, b, c, d)).toEqual([undefined, undefined, undefined, "EN_ATTENTE"]);
    expect(await readMatch(pool, matchId)).toBeUndefined();
  });
});

describe("accepting", () => {
  test("[QUEUE-7] all at the same time: it is ready", async () => {
    const all = [await queued(), await queued()];
    const matchId = await matched(all, 60_000);
    expect(await etats(...all)).toEqual(["PROPOSE", "PROPOSE"]);
    const said = await Promise.all([...all, ...all].map(({ joueurId }) => accept(matchId, joueurId)));
    expect(said).toEqual(["DONE", "DONE", "DONE", "DONE"]);
    expect(await etats(...all)).toEqual(["APPARIE", "APPARIE"]);
    expect((await readMatch(pool, matchId))?.etat).toBe("PRET");
  });

  test("[QUEUE-7] one says no: it is out, the other waits on as long as it has waited", async () => {
    const [no, yes] = [await queued(), await queued()];
    const before = (await readTicket(pool, yes.ticketId))?.creeA;
    const matchId = await matched([no, yes], 60_000);
    expect(await accept(matchId, yes.joueurId)).toBe("DONE");
    expect(await cancel(no.ticketId)).toBe("DONE");
    expect(await readTicket(pool, yes.ticketId)).toMatchObject({
      etat: "EN_ATTENTE",
      creeA: before,
      match: null,
      joueurs: [{ acceptee: false }],
    });
    expect(await etats(no)).toEqual(["ANNULE"]);
    expect(await accept(matchId, yes.joueurId)).toBe("NOT_FOUND");
    await queued(no.joueurId);
  });

  test("[QUEUE-7] the time is up: who has not answered is out, and a late yes changes nothing", async () => {
    const [absent, yes] = [await queued(), await queued()];
    const matchId = await matched([absent, yes], 60_000);
    await accept(matchId, yes.joueurId);
    await late(matchId);
    expect(await accept(matchId, absent.joueurId)).toBe("OVER");
    expect(await inTransaction(pool, (client) => endLate(client, 10, VERSUS))).toBe(1);
    expect(await etats(absent, yes)).toEqual(["ANNULE", "EN_ATTENTE"]);
    expect((await readTicket(pool, absent.ticketId))?.raison).toBe("ABSENCE");
  });

  test("[QUEUE-7] a stranger's yes is none", async () => {
    const matchId = await matched([await queued(), await queued()], 60_000);
    expect(await accept(matchId, uuidv7())).toBe("NOT_FOUND");
  });

  test("[QUEUE-8] a group waits for others in the place of one who leaves, and goes in the end with those who accepted", async () => {
    const all = [await queued(), await queued(), await queued()];
    const matchId = await matched(all, 60_000);
    const [one, two, three] = all;
    if (one === undefined || two === undefined || three === undefined) throw new Error("three");
    for (const { joueurId } of [two, three]) await accept(matchId, joueurId);
    expect(await cancel(one.ticketId, GROUP)).toBe("DONE");
    expect(await etats(...all)).toEqual(["ANNULE", "PROPOSE", "PROPOSE"]);
    await late(matchId);
    await inTransaction(pool, (client) => endLate(client, 10, GROUP));
    expect(await etats(...all)).toEqual(["ANNULE", "APPARIE", "APPARIE"]);
  });

  test("[QUEUE-8] a place that became free is waited for; who comes has time to say yes, and then it goes", async () => {
    const [gone, two, three, comes] = [await queued(), await queued(), await queued(), await queued()];
    const matchId = await matched([gone, two, three], 60_000);
    await cancel(gone.ticketId, GROUP);
    for (const { joueurId } of [two, three]) expect(await accept(matchId, joueurId)).toBe("DONE");
    expect(await etats(two, three)).toEqual(["PROPOSE", "PROPOSE"]);
    expect(await rowsOf(database.url, "SELECT libres FROM matchs")).toEqual([{ libres: 1 }]);
    await late(matchId);
    await inTransaction(pool, (client) => joinGroup(client, matchId, [comes.ticketId], 1, 60_000));
    expect(await accept(matchId, comes.joueurId)).toBe("DONE");
    expect(await etats(two, three, comes)).toEqual(["APPARIE", "APPARIE", "APPARIE"]);
  });

  test("[QUEUE-8] too few have accepted: the group comes to nothing", async () => {
    const all = [await queued(), await queued(), await queued()];
    const matchId = await matched(all, 60_000);
    await accept(matchId, all[0]?.joueurId ?? "");
    await late(matchId);
    await inTransaction(pool, (client) => endLate(client, 10, GROUP));
    expect(await etats(...all)).toEqual(["EN_ATTENTE", "ANNULE", "ANNULE"]);
  });
});

describe("races", () => {
  test("[QUEUE-12] a cancellation and a match at the same time: one of them wins, and the other player is never left behind", async () => {
    for (let round = 0; round < 30; round += 1) {
      const [a, b] = [await queued(), await queued()];
      const [said] = await Promise.all([
        cancel(a.ticketId),
        inTransaction(pool, async (client) => {
          const waiting = await lockWaiting(client, [a.ticketId, b.ticketId]);
          if (waiting.size < 2) return;
          await insertMatches(client, "1V1", [matchOf([a, b])], 0);
        }),
      ]);
      expect(await etats(a, b)).toEqual(said === "BEGUN" ? ["APPARIE", "APPARIE"] : ["ANNULE", "EN_ATTENTE"]);
    }
  });

  test("[QUEUE-12] a ticket that is put into a match while it is cancelled is out of that match too", async () => {
    const [a, b] = [await queued(), await queued()];
    const [locked, found] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const matching = inTransaction(pool, async (client) => {
      await lockWaiting(client, [a.ticketId, b.ticketId]);
      locked.resolve();
      await found.promise;
      await insertMatches(client, "1V1", [matchOf([a, b])], 60_000);
    });
    await locked.promise;
    const said = cancel(a.ticketId);
    const waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    await expect.poll(() => rowsOf(database.url, waits)).toHaveLength(1);
    found.resolve();
    await matching;
    expect(await said).toBe("DONE");
    expect(await etats(a, b)).toEqual(["ANNULE", "EN_ATTENTE"]);
  });

  test("[QUEUE-7] [QUEUE-12] a yes and a cancellation at the same time: ready with both, or neither", async () => {
    for (let round = 0; round < 30; round += 1) {
      const [a, b] = [await queued(), await queued()];
      const matchId = await matched([a, b], 60_000);
      await accept(matchId, a.joueurId);
      const [yes, no] = await Promise.all([accept(matchId, b.joueurId), cancel(a.ticketId)]);
      if (no === "BEGUN") expect([yes, ...(await etats(a, b))]).toEqual(["DONE", "APPARIE", "APPARIE"]);
      else expect([no, ...(await etats(a, b))]).toEqual(["DONE", "ANNULE", "EN_ATTENTE"]);
    }
  });
});

describe("a match begins", () => {
  const begin = (match: string, combat: string) =>
    store.append({
      actorId: combat,
      streams: [joueur(combat, 0, gains(1))],
      match,
    });

  test("[QUEUE-10] in the commit of its first event; a second time nothing is written", async () => {
    const all = [await queued(), await queued()];
    const matchId = await matched(all, 0);
    expect(await begin(matchId, uuidv7())).toMatchObject({ ok: true });
    expect(await etats(...all)).toEqual(["LANCE", "LANCE"]);
    const again = uuidv7();
    expect(await begin(matchId, again)).toMatchObject({ ok: false, reason: "CONFLICT", aggregateId: matchId });
    expect(await store.head(again)).toBeUndefined();
    await queued(all[0]?.joueurId);
  });

  test("[QUEUE-10] not where its stream is in the way: match and tickets stay as they are", async () => {
    const all = [await queued(), await queued()];
    const matchId = await matched(all, 0);
    const combat = uuidv7();
    await store.append({
      actorId: combat,
      streams: [joueur(combat, 0, gains(1))],
    });
    expect(await begin(matchId, combat)).toMatchObject({ ok: false, reason: "CONFLICT", aggregateId: combat });
    expect(await etats(...all)).toEqual(["APPARIE", "APPARIE"]);
  });

  test("[QUEUE-10] in one batch with others, each has its own fate", async () => {
    const pairs = await Promise.all(Array.from({ length: 12 }, async () => [await queued(), await queued()] as const));
    const matches = await Promise.all(pairs.map((pair) => matched(pair, 0)));
    const given = new Set(matches.filter((_, i) => i % 3 === 0));
    for (const match of given) await inTransaction(pool, (client) => giveUp(client, match, "IN_COMBAT", []));
    const plain = Array.from({ length: 6 }, () => uuidv7());
    const results = await Promise.all([
      ...matches.map((match) => begin(match, uuidv7())),
      ...plain.map((id) =>
        store.append({
          actorId: id,
          streams: [joueur(id, 0, gains(1))],
        }),
      ),
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([
      ...matches.map((match) => !given.has(match)),
      ...plain.map(() => true),
    ]);
    for (const [i, pair] of pairs.entries())
      expect(await etats(...pair)).toEqual(i % 3 === 0 ? ["EN_ATTENTE", "EN_ATTENTE"] : ["LANCE", "LANCE"]);
  });

  test("[QUEUE-10] [QUEUE-11] or is given up: one of the two, at the same time", async () => {
    for (let round = 0; round < 20; round += 1) {
      const all = [await queued(), await queued()];
      const [matchId, combat] = [await matched(all, 0), uuidv7()];
      const [begun, given] = await Promise.all([
        begin(matchId, combat),
        inTransaction(pool, (client) => giveUp(client, matchId, "IN_COMBAT", [])),
      ]);
      expect(begun.ok).toBe(!given);
      expect(await etats(...all)).toEqual(given ? ["EN_ATTENTE", "EN_ATTENTE"] : ["LANCE", "LANCE"]);
      expect((await store.head(combat)) !== undefined).toBe(begun.ok);
    }
  });
});

describe("the turn", () => {
  const pass = async (): Promise<string> => "passed";
  const lapse = () =>
    withClient(database.url, (client) => client.query("UPDATE matchmaker SET seen_at = now() - interval '1 minute'"));

  test("[QUEUE-9] is one node's until it leaves it or is silent for too long", async () => {
    await lapse();
    expect(await takeTurn(pool, "a", pass)).toBe("passed");
    expect(await takeTurn(pool, "b", pass)).toBeUndefined();
    expect(await takeTurn(pool, "a", pass)).toBe("passed");
    await lapse();
    expect(await takeTurn(pool, "b", async (_, taken) => taken)).toBe(true);
    expect(await takeTurn(pool, "a", pass)).toBeUndefined();
    await leaveTurn(pool, "b");
    expect(await takeTurn(pool, "a", pass)).toBe("passed");
    await leaveTurn(pool, "a");
  });

  test("[QUEUE-9] no other node matches while a pass is under way, though its node seems silent", async () => {
    const under = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    await lapse();
    const first = takeTurn(pool, "a", async () => {
      begun.resolve();
      await under.promise;
      return "first";
    });
    await begun.promise;
    expect(await takeTurn(pool, "b", pass)).toBeUndefined();
    under.resolve();
    expect(await first).toBe("first");
    await leaveTurn(pool, "a");
  });
});
