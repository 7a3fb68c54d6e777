import fc from "fast-check";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { WorldCommand } from "../../domain/world/commands.ts";
import type { WorldState } from "../../domain/world/state.ts";
import { typeEvenement } from "../../domain/world/values.ts";
import { world } from "../../domain/world/world.ts";
import { contribute, createWorld, defeat, discover, gather, HOUR, trigger, vid, zid } from "../domain/world/helper.ts";
import { stored } from "./world-support.ts";

const int = (min: number, max: number) => fc.integer({ min, max });

const command: fc.Arbitrary<WorldCommand> = fc.oneof(
  fc.tuple(int(0, 30), int(1, 2)).map(([player, zone]) => discover(player, zone)),
  fc.tuple(int(0, 9), int(1, 60), int(1, 2)).map(([player, n, which]) => gather(player, n, which)),
  fc
    .tuple(int(0, 50), fc.constantFrom(...typeEvenement.options), int(1, 40), int(1, 5), int(0, 2))
    .map(([n, type, objectif, hours, zone]) =>
      trigger(n, { type, objectif, dureeMs: hours * 20_000, ...(zone > 0 ? { zoneId: zid(zone) } : {}) }),
    ),
  fc.tuple(int(0, 50), int(0, 30), int(1, 9)).map(([n, who, much]) => contribute(n, who, much)),
  fc.tuple(int(0, 9), int(0, 3), int(1, 2)).map(([combat, winner, boss]) => defeat(combat, [winner, winner + 1], boss)),
  int(0, 50).map((n): WorldCommand => ({ type: "AnnulerEvenement", evenementId: vid(n), raison: "test" })),
);

/** A command and the ms since the one before; undefined: what the world itself wants next, at its time. */
const moves = fc.array(
  fc.tuple(fc.option(command, { nil: undefined, freq: 3 }), fc.constantFrom(0, 0, 1_000, 15_000, HOUR, 40 * HOUR)),
  { minLength: 20, maxLength: 150, size: "max" },
);

export interface WorldLog {
  readonly log: readonly StoredEvent[];
  readonly state: WorldState;
}

export const worldLog: fc.Arbitrary<WorldLog> = moves.map((list) => {
  const log: StoredEvent[] = [];
  let state = world.initial;
  let now = 0;
  for (const [chosen, wait] of [[createWorld, 0] as const, ...list]) {
    const wish = world.wakeUp?.(state);
    const next = chosen ?? wish?.command;
    if (next === undefined) continue;
    now = chosen === undefined && wish !== undefined ? Math.max(now, wish.at) : now + wait;
    const decision = world.decide(state, next, { now });
    if (!decision.ok) continue;
    for (const event of decision.events) log.push(stored(event, log.length * 2 + 1, now, "WorldState"));
    state = decision.events.reduce(world.evolve, state);
  }
  return { log, state };
});
