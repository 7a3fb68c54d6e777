import { expect, test, vi } from "vitest";
import { rowsOf } from "../support/client.ts";
import { create, isBegun, queue, type SeenTicket, until } from "../support/matchmaking-calls.ts";
import { expectWhole } from "../support/matchmaking-checks.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, type TestServerProcess, useServerProcess } from "../support/server-process.ts";

vi.setConfig({ testTimeout: 120_000 });

const database = useDatabase();
const env = { ...FAST, MATCHMAKING_MODES: JSON.stringify({ "1V1": { acceptationMs: 0 } }) };
const servers = [useServerProcess(database, env), useServerProcess(database, env)] as const;

const TAKE_OVERS = "aether_matchmaking_takeovers_total";

/** The one whose turn it is to match, and the other. */
async function inTurn(): Promise<readonly [TestServerProcess, TestServerProcess]> {
  const rows = await rowsOf<{ url: string }>(
    database.url,
    "SELECT url FROM matchmaker JOIN nodes USING (node_id) WHERE name = 'matchmaker'",
  );
  const [one, other] = servers;
  return rows[0]?.url === other.apiUrl ? [other, one] : [one, other];
}

/** As a client that does not give up, each time with the same key. */
async function queueStubbornly(apiUrl: () => string, id: string): Promise<SeenTicket> {
  const key = crypto.randomUUID();
  for (;;) {
    try {
      const { status, ticket, body } = await queue(apiUrl(), id, { mode: "1V1" }, key);
      if (status === 201) return ticket;
      if (body["retryable"] !== true) throw new RangeError(`refused: ${body["code"]}`);
    } catch (error) {
      if (error instanceof RangeError) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("[QUEUE-9] [QUEUE-10] [QUEUE-21] the node that matches is killed again and again while players come: each comes into one combat, every match has its own, and each take-over is counted", async () => {
  const everybody: string[] = [];
  for (let wave = 0; wave < 4; wave += 1) {
    const ids = await Promise.all(Array.from({ length: 12 }, () => create(servers[wave % 2 === 0 ? 0 : 1].apiUrl)));
    everybody.push(...ids);
    let alive: TestServerProcess | undefined;
    // Some through either, so that what the dead node was told is among them.
    const coming = ids.map((id, i) => {
      let asked = i;
      return queueStubbornly(() => {
        asked += 1;
        return (alive ?? servers[asked % 2 === 0 ? 0 : 1]).apiUrl;
      }, id);
    });
    await Promise.race(coming);
    await new Promise((resolve) => setTimeout(resolve, wave * 60));
    // Only now: a node that was slow may have lost its turn meanwhile.
    const [matching, other] = await inTurn();
    alive = other;
    const before = await other.metric(TAKE_OVERS);
    await matching.stop("SIGKILL");
    const tickets = await Promise.all(coming);
    const begun = await Promise.all(tickets.map((one, i) => until(other.apiUrl, ids[i] ?? "", one, isBegun)));
    const sizes = Map.groupBy(begun, ({ match }) => match?.combatId);
    expect([...sizes.values()].map((all) => all.length)).toEqual(Array<number>(6).fill(2));
    // All combats may have begun before the kill.
    await expect.poll(() => other.metric(TAKE_OVERS)).toBe(before + 1);
    await matching.start();
    await expectWhole(database.url);
  }
  const entered = await rowsOf<{ n: number }>(
    database.url,
    `SELECT count(*)::int AS n FROM evenements WHERE event_type = 'CombatEngage' AND aggregate_id = ANY ($1) GROUP BY aggregate_id`,
    [everybody],
  );
  expect(entered.map(({ n }) => n)).toEqual(everybody.map(() => 1));
});
