import { setTimeout as sleep } from "node:timers/promises";
import { demoWorld } from "../domain/catalogue/demo/demo-world.ts";
import { type Seed, seedsOf } from "../domain/catalogue/seed.ts";
import type { Answer } from "../domain/codes.ts";
import type { WorldCommand } from "../domain/world/commands.ts";
import { WORLD_ID } from "../domain/world/values.ts";
import { backOff } from "../store/pause.ts";

export type WorldSeed =
  | Seed
  | { readonly type: "WorldState"; readonly id: typeof WORLD_ID; readonly command: WorldCommand };

/** Commands under way at the same time. */
const AT_ONCE = 8;
/** ms for which what cannot be done now is tried again: a busy database is no reason not to start. */
const PATIENCE_MS = 30_000;
/** What is there already stays as it is, whoever has changed it since. */
const THERE_ALREADY: readonly string[] = ["DEFINITION_EXISTS", "WORLD_EXISTS", "EVENT_EXISTS"];

/**
 * Fills a server with the demo world. May be repeated: what is there changes nothing.
 * @returns how many commands were sent
 * @throws when one is refused for another reason, or for a passing one too long
 */
export async function loadDemoWorld(send: (seed: WorldSeed) => Promise<Answer>): Promise<number> {
  const definitions: WorldSeed[] = [...seedsOf(demoWorld)];
  const world: WorldSeed[] = [
    { type: "WorldState", id: WORLD_ID, command: { type: "CreerMonde", definition: demoWorld.monde } },
    ...Object.entries(demoWorld.evenements).map(
      ([evenementId, definition]): WorldSeed => ({
        type: "WorldState",
        id: WORLD_ID,
        command: { type: "DeclencherEvenement", evenementId, definition },
      }),
    ),
  ];
  const deadline = Date.now() + PATIENCE_MS;
  async function load(seed: WorldSeed): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const answer = await send(seed);
      if (answer.ok || THERE_ALREADY.includes(answer.code)) return;
      if (!answer.retryable || Date.now() > deadline)
        throw new Error(`${seed.command.type} ${seed.id}: ${answer.code} ${answer.message}`);
      await sleep(backOff(tries));
    }
  }
  const waiting = [...definitions];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) await load(seed);
    }),
  );
  for (const seed of world) await load(seed);
  return definitions.length + world.length;
}
