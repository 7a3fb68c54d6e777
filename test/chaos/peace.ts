import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { tokenFor } from "../support/fight.ts";
import type { Bot } from "./bots/bot.ts";

interface Consumer {
  readonly name: string;
  readonly lagEvents: number;
  readonly failed: number;
  readonly parked: number;
}

/** ms within which everything that was begun has to come to its end once nothing is wrong any more. */
const SETTLE_MS = 120_000;
/** Times in a row that nothing was left to do and nothing new had come. */
const QUIET = 5;

/** What bots could not do in time, and why. */
export async function allOf(
  bots: readonly Bot[],
  work: (bot: Bot, i: number) => Promise<void> | undefined,
  what: string,
): Promise<readonly string[]> {
  const results = await Promise.all(
    bots.map(async (bot, i) => {
      const timer = new AbortController();
      const late = `${bot.name} ${what} within ${SETTLE_MS / 1_000} s`;
      const done = await Promise.race([
        work(bot, i)?.then(
          () => undefined,
          (error: unknown) => `${bot.name} failed: ${error instanceof Error ? error.stack : String(error)}`,
        ),
        sleep(SETTLE_MS, late, timer).catch(() => undefined),
      ]);
      timer.abort();
      return done;
    }),
  );
  return results.filter((one) => one !== undefined);
}

/** Until none is under way, also of those that everybody has left: their deadlines end them. */
export async function combatsEnd(pool: pg.Pool): Promise<readonly string[]> {
  const text = `SELECT count(DISTINCT aggregate_id)::int AS begun,
    count(DISTINCT aggregate_id) FILTER (WHERE event_type IN ('CombatTermine', 'CombatAbandonne'))::int AS ended
    FROM evenements WHERE aggregate_type = 'Combat'`;
  let left = 0;
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; await sleep(500)) {
    const { rows } = await pool.query<{ begun: number; ended: number }>(text);
    left = (rows[0]?.begun ?? 0) - (rows[0]?.ended ?? 0);
    if (left === 0) return [];
  }
  return [`${left} combats have not come to their end within ${SETTLE_MS / 1_000} s`];
}

/** Until sagas and read models have seen the whole log, and nothing comes to it any more. What they could not do. */
export async function comeToRest(apiUrl: string, lastSequence: () => Promise<number>): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${await tokenFor("admin")}` };
  const deadline = Date.now() + SETTLE_MS;
  let seen: readonly Consumer[] | undefined;
  for (let before = -1, quiet = 0; Date.now() < deadline; await sleep(200)) {
    const last = await lastSequence();
    seen = await consumers(`${apiUrl}/admin/projections`, headers);
    quiet = seen?.every(({ lagEvents }) => lagEvents === 0) === true && last === before ? quiet + 1 : 0;
    before = last;
    if (quiet < QUIET || seen === undefined) continue;
    return seen.flatMap(({ name, failed, parked }) =>
      failed + parked === 0 ? [] : [`${name} has ${failed} dead letters and ${parked} events behind them`],
    );
  }
  return [`sagas and read models have not come to rest: ${JSON.stringify(seen)}`];
}

async function consumers(url: string, headers: Record<string, string>): Promise<readonly Consumer[] | undefined> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
    return response.ok ? ((await response.json()) as { items: Consumer[] }).items : undefined;
  } catch {
    return undefined; // not up again yet
  }
}
