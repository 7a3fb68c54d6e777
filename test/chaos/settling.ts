import { setTimeout as sleep } from "node:timers/promises";
import { tokenFor } from "../support/fight.ts";

interface Consumer {
  readonly name: string;
  readonly lagEvents: number;
  readonly failed: number;
  readonly parked: number;
}

/** Until sagas and read models have seen the whole log, and nothing comes to it any more. What they could not do, or `undefined` when time is up. */
export async function comeToRest(
  apiUrl: string,
  lastSequence: () => Promise<number>,
  timeoutMs: number,
): Promise<readonly string[] | undefined> {
  const deadline = Date.now() + timeoutMs;
  const headers = { authorization: `Bearer ${await tokenFor("admin")}` };
  for (let before = -1, quiet = 0; Date.now() < deadline; await sleep(200)) {
    const last = await lastSequence();
    const items = await consumers(`${apiUrl}/admin/projections`, headers);
    const done = items?.every(({ lagEvents }) => lagEvents === 0) === true;
    quiet = done && last === before ? quiet + 1 : 0;
    before = last;
    if (quiet < 5 || items === undefined) continue;
    return items.flatMap(({ name, failed, parked }) =>
      failed + parked === 0 ? [] : [`${name} has ${failed} dead letters and ${parked} events behind them`],
    );
  }
  return undefined;
}

async function consumers(url: string, headers: Record<string, string>): Promise<readonly Consumer[] | undefined> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
    return response.ok ? ((await response.json()) as { items: Consumer[] }).items : undefined;
  } catch {
    return undefined; // not up again yet
  }
}
