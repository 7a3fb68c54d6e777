import { demoCombat } from "../../../domain/combat/demo.ts";
import { isOver } from "../../support/fight.ts";
import { askRest } from "../rest.ts";
import { type Bot, type BotWorld, within } from "./bot.ts";
import { type Fighting, fight, joinFight } from "./fighting.ts";

/** Two strangers and their allies fight, again and again; now and then both walk away, and the combat has to end without them. */
export function createDuellists(name: string, world: BotWorld): Bot {
  const { journal, random, over, apiUrl } = world;
  const pace = (): number => within(random, 20, 200);

  async function duel(): Promise<void> {
    const pair = [crypto.randomUUID(), crypto.randomUUID()] as const;
    const [commandId, graine] = [crypto.randomUUID(), crypto.randomUUID()];
    const body = demoCombat(...pair, { graine, preparationMs: 15_000, dureeTourMs: 3_000, delaiPnjMs: 20 });
    const told = await askRest(apiUrl, journal, {
      ...{ method: "POST", path: "/combat/start", role: "service", userId: crypto.randomUUID(), body, commandId },
      ...{ subject: { type: "Combat", id: "" }, type: "CommencerCombat" },
    });
    const { combatId } = told;
    if (combatId === undefined) return;
    const fighters = await Promise.all(
      pair.map(async (userId): Promise<readonly [Fighting, string]> => {
        return [await joinFight(world, await world.client(userId), combatId), userId];
      }),
    );
    const walksAway = random() < 0.15 && !over();
    const turns = walksAway ? within(random, 0, 3) : Number.POSITIVE_INFINITY;
    await Promise.all(fighters.map(([fighting, userId]) => fight(fighting, userId, pace, turns)));
    if (!walksAway) await Promise.all(fighters.map(([fighting]) => fighting.until(isOver)));
    await Promise.all(fighters.map(([fighting]) => fighting.leave()));
  }

  return {
    name,
    async play() {
      while (!over()) await duel();
    },
    // Who is out of a combat has nothing to ask any more.
    askAgain: async () => undefined,
    leave: async () => undefined,
  };
}
