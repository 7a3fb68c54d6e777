import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { modeRules } from "../../domain/matchmaking/modes.ts";
import type { Matchmaking } from "../../server/matchmaking.ts";
import { createPool } from "../../store/database.ts";
import type { Ticket } from "../../store/tickets.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { type GameNode, gameNodes } from "../support/game-node.ts";
import { expectWhole } from "../support/matchmaking-checks.ts";
import { lifeUntil, mortalPool, openMatchmaking, type Where } from "../support/matchmaking-node.ts";
import { useDatabase } from "../support/postgres.ts";

// Only for machines under load.
vi.setConfig({ testTimeout: 240_000 });

const database = useDatabase();
const openGameNode = gameNodes(database);
const pool = createPool({ url: database.url, poolSize: 6 });
const RULES = modeRules({ "1V1": { acceptationMs: 0, preparationMs: 600_000 } });
let survivor: GameNode;

beforeAll(async () => {
  survivor = await openGameNode();
});
afterAll(async () => {
  await survivor.close();
  await pool.end();
});

async function create(pseudo = "Alix"): Promise<string> {
  const joueurId = uuidv7();
  const command = {
    type: "CreerJoueur",
    joueurId,
    username: `u${joueurId}`.slice(0, 20),
    pseudo,
    classe: "MAGE",
  } as const;
  const answer = await survivor.game.commands.send("Joueur", joueurId, { commandId: uuidv7(), command });
  expect(answer.ok).toBe(true);
  return joueurId;
}

async function queue(matchmaking: Matchmaking, joueurId: string): Promise<Ticket> {
  const made = await matchmaking.desk.askFor(
    { mode: "1V1", region: "eu", latences: {}, joueurs: [{ joueurId }] },
    uuidv7(),
    uuidv7(),
  );
  if (!made.ok) throw new Error(made.code);
  return made.ticket;
}

/** Elsewhere, by somebody who knows nothing of tickets. */
async function engage(joueurId: string): Promise<void> {
  const command = { type: "EngagerCombat", combatId: uuidv7(), typeCombat: "PVP" } as const;
  const answer = await survivor.game.commands.send("Joueur", joueurId, { commandId: uuidv7(), command });
  expect(answer.ok).toBe(true);
}

async function until(matchmaking: Matchmaking, ticket: Ticket, holds: (one: Ticket) => boolean): Promise<Ticket> {
  for (let now = ticket; ; ) {
    if (holds(now)) return now;
    now = (await matchmaking.watch.beyond(ticket.ticketId, now.revision, 30_000)) ?? now;
  }
}

/** As the time would that a node is silent for. */
const lapse = () =>
  withClient(database.url, (client) => client.query("UPDATE matchmaker SET seen_at = now() - interval '1 minute'"));

/**
 * Four players, two matches, of which one cannot begin: one of its players is in another combat. Whatever node does it, and however many of
 * them die on the way, three come to the same end. True: this node lived to see it.
 */
async function play(last: number, where: Where): Promise<boolean> {
  const desk = openMatchmaking(survivor, pool, RULES, false);
  const players = await Promise.all(["Alix", "Bruno", "Chloé", "Denis"].map(create));
  const tickets: Ticket[] = [];
  for (const one of players) {
    tickets.push(await queue(desk, one));
    // Those of one millisecond are matched in the order of their ids.
    await sleep(2);
  }
  await engage(players[3] ?? "");

  const life = lifeUntil(last, where);
  const mortal = await openGameNode({ cut: () => life.step() });
  await lapse();
  const doomed = openMatchmaking(mortal, mortalPool(pool, life), RULES);
  const ended = () =>
    Promise.all(tickets.slice(0, 2).map((one) => until(desk, one, ({ etat }) => etat === "LANCE"))).then(() =>
      until(desk, tickets[3] as Ticket, ({ etat }) => etat === "ANNULE"),
    );
  const lived = await Promise.race([
    ended().then(() => true),
    vi.waitUntil(() => life.dead, { timeout: 120_000, interval: 5 }).then(() => false),
  ]);
  if (lived) await doomed.close();
  await mortal.die();
  if (!lived) {
    await lapse();
    const next = openMatchmaking(survivor, pool, RULES);
    await ended();
    await next.close();
    await doomed.close();
  }
  const [a, b, c, d] = await Promise.all(tickets.map((one) => desk.desk.read(one.ticketId)));
  expect([a?.etat, b?.etat, c?.etat, d?.etat]).toEqual(["LANCE", "LANCE", "EN_ATTENTE", "ANNULE"]);
  expect(a?.match?.combatId).toBe(b?.match?.combatId);
  expect(d?.raison).toBe("IN_COMBAT");
  await desk.desk.cancel(c?.ticketId ?? "", "SERVICE");
  await desk.close();
  await expectWhole(database.url);
  return lived;
}

describe("a node that dies", () => {
  for (const where of ["before", "after"] as const)
    test(`[QUEUE-9] [QUEUE-10] [QUEUE-11] ${where} any of its steps: nobody is in two matches, nothing is without its combat, the next node ends it`, async () => {
      // Every other step before it and the rest after it: between two of them nothing else is done.
      let last = where === "before" ? 1 : 2;
      while (!(await play(last, where))) last += 2;
      // It has steps: to take its turn, to look, to match, to begin twice and to give up once.
      expect(last).toBeGreaterThan(15);
    });
});

/** The same connections; before each statement of this name, something else is done. */
function poolBefore(name: string, act: () => Promise<unknown>): pg.Pool {
  return {
    query: (...args: Parameters<pg.Pool["query"]>) => pool.query(...args),
    async connect() {
      const client = await pool.connect();
      return {
        async query(...args: Parameters<pg.PoolClient["query"]>) {
          if ((args[0] as { readonly name?: string }).name === name) await act();
          return client.query(...args);
        },
        release: (gone?: boolean) => client.release(gone),
      };
    },
  } as unknown as pg.Pool;
}

test("[QUEUE-12] who cancels while the matcher thinks is left out, and whom it had found for them waits on", async () => {
  await lapse();
  const desk = openMatchmaking(survivor, pool, RULES, false);
  const [gone, other] = [await queue(desk, await create()), await queue(desk, await create())];
  let cancelled: string | undefined;
  const thinks = poolBefore("matchmaker_lock", async () => {
    if (cancelled !== undefined) return;
    const said = await desk.desk.cancel(gone.ticketId, "SERVICE");
    cancelled = said.ok ? said.ticket.etat : said.code;
  });
  const matchmaking = openMatchmaking(survivor, thinks, RULES);
  await vi.waitUntil(() => cancelled !== undefined, { timeout: 30_000 });
  expect(cancelled).toBe("ANNULE");
  const third = await queue(matchmaking, await create());
  for (const one of [other, third]) await until(desk, one, ({ etat }) => etat === "LANCE");
  expect((await desk.desk.read(gone.ticketId))?.etat).toBe("ANNULE");
  await matchmaking.close();
  await desk.close();
  await expectWhole(database.url);
});

test("[QUEUE-9] of two nodes one matches, and the other once the first is closed", async () => {
  await lapse();
  const first = openMatchmaking(survivor, pool, RULES);
  const node = await openGameNode();
  const second = openMatchmaking(node, pool, RULES);
  const owner = async () =>
    (await rowsOf<{ node_id: string }>(database.url, "SELECT node_id FROM matchmaker"))[0]?.node_id;
  const round = async (): Promise<void> => {
    const pair = [await queue(second, await create()), await queue(first, await create())];
    for (const one of pair) await until(second, one, ({ etat }) => etat === "LANCE");
  };
  await round();
  const before = await owner();
  await round();
  expect(await owner()).toBe(before);
  const [gone, left] = before === survivor.nodeId ? [first, node.nodeId] : [second, survivor.nodeId];
  await gone.close();
  const other = gone === first ? second : first;
  const pair = [await queue(other, await create()), await queue(other, await create())];
  for (const one of pair) await until(other, one, ({ etat }) => etat === "LANCE");
  expect(await owner()).toBe(left);
  await other.close();
  await node.close();
  await expectWhole(database.url);
});
