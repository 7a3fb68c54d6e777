import {
  AetherClient,
  type SpectateOptions,
  type SpectateSession,
  type SpectateSnapshot,
} from "../../client/client.ts";
import type { CombatSnapshot } from "../../client/combat.ts";
import type { Principal } from "../../rooms/principal.ts";
import { type Fight, joinAs, play, tokenFor } from "./fight.ts";
import { patiently } from "./patiently.ts";

export interface Spectator {
  readonly session: SpectateSession;
  /** Every state that it was shown, the first included, and when (ms since the epoch). */
  readonly seen: readonly { readonly state: SpectateSnapshot; readonly at: number }[];
}

export async function watch(
  gameUrl: string,
  combatId: string,
  options: SpectateOptions = {},
  { role = "spectateur", userId }: { readonly role?: Principal["role"]; readonly userId?: string } = {},
): Promise<Spectator> {
  const client = new AetherClient({ url: gameUrl, token: await tokenFor(role, userId) });
  const session = await patiently(() => client.spectate(combatId, options));
  const seen = [{ state: session.state, at: Date.now() }];
  session.onState((state) => seen.push({ state, at: Date.now() }));
  return { session, seen };
}

/** The combat in what is shown, without how it is watched. */
export function combatIn({ lecture: _, ...combat }: SpectateSnapshot): CombatSnapshot {
  return combat;
}

/** Both players join and play their turns, until the combat is over or `turns` of each. */
export async function playBoth(gameUrl: string, { combatId, alix, bruno }: Fight, turns?: number): Promise<void> {
  const sessions = [await joinAs(gameUrl, combatId, alix), await joinAs(gameUrl, combatId, bruno)] as const;
  await Promise.all([play(sessions[0], alix, turns), play(sessions[1], bruno, turns)]);
  await Promise.all(sessions.map((session) => session.leave()));
}
