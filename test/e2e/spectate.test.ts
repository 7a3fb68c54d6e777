import { expect, test } from "vitest";
import { AetherClient, type SpectateOptions, type SpectateSession, type SpectateSnapshot } from "../../client/client.ts";
import type { Principal } from "../../rooms/principal.ts";
import { isOver, joinAs, play, readLog, snapshotsOf, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { useServerProcess } from "../support/server-process.ts";

const server = useServerProcess(useDatabase());

async function watch(
  combatId: string,
  options: SpectateOptions = {},
  role: Principal["role"] = "spectateur",
): Promise<SpectateSession> {
  const client = new AetherClient({ url: server.gameUrl, token: await tokenFor(role) });
  return client.spectate(combatId, options);
}

function combatOf({ lecture: _, ...combat }: SpectateSnapshot): object {
  return combat;
}

test("[WATCH-1] who watches is shown what the log says", async () => {
  const fight = await startFight(server.apiUrl);
  const players = [
    await joinAs(server.gameUrl, fight.combatId, fight.alix),
    await joinAs(server.gameUrl, fight.combatId, fight.bruno),
  ] as const;
  const session = await watch(fight.combatId, { events: true });
  const seen: SpectateSnapshot[] = [session.state];
  session.onState((state) => seen.push(state));
  await Promise.all([play(players[0], fight.alix), play(players[1], fight.bruno)]);
  await session.until(isOver);
  const shown = snapshotsOf(await readLog(server.apiUrl, fight.combatId));
  for (const state of seen) expect(combatOf(state)).toEqual(shown[state.version]);
  expect(seen.length).toBeGreaterThan(5);
  await Promise.all([session, ...players].map((one) => one.leave()));
});
