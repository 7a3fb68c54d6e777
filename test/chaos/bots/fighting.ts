import { setTimeout as sleep } from "node:timers/promises";
import type { AetherClient, CombatCommandMessage, CombatSnapshot } from "../../../client/client.ts";
import { isOver, isTurnOf, wishes } from "../../support/fight.ts";
import { type Recorded, record } from "../recorded.ts";
import type { BotWorld } from "./bot.ts";

export type Fighting = Recorded<CombatSnapshot, CombatCommandMessage>;

export async function joinFight(world: BotWorld, client: AetherClient, combatId: string): Promise<Fighting> {
  const join = () => client.joinCombat(combatId, { events: true });
  return record(world.journal, { type: "Combat", id: combatId }, join);
}

/** Plays this player's turns until the combat is over, or for so many. */
export async function fight(
  fighting: Fighting,
  userId: string,
  paceMs: () => number,
  turns = Number.POSITIVE_INFINITY,
): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    const state = await fighting.until((s) => isOver(s) || isTurnOf(s, userId));
    const me = state.participants[state.participantActifId];
    if (isOver(state) || me === undefined) return;
    await sleep(paceMs());
    for (const wish of wishes(state, me)) {
      if ((await fighting.command(wish)).ok) break;
    }
  }
}
