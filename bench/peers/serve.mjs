// What all peers share: orders come as JSON lines on stdin ({ inFlight, pool, ms }), answers go as JSON lines to stdout.
import { createInterface } from "node:readline";
import { createCombats } from "../combat-events.ts";
import { closedLoop, summarise } from "../load.ts";

// Some libraries talk on the console; stdout is for answers.
console.log = console.info = console.debug = console.error;

/**
 * @param open (poolSize) → { append(combat), close() }; append adds one event at the combat's version, as the library's users would
 */
export async function serve(open) {
  let store;
  let poolOpen;
  const actors = new Map();
  const reply = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  reply({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const { inFlight, pool, ms } = JSON.parse(line);
      if (pool !== poolOpen) {
        await store?.close();
        store = await open(pool);
        poolOpen = pool;
      }
      if (!actors.has(inFlight)) actors.set(inFlight, createCombats(inFlight));
      reply(
        summarise(
          await closedLoop(actors.get(inFlight), ms, async (combat) => {
            await store.append(combat);
            combat.version += 1;
          }),
        ),
      );
    } catch (error) {
      reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  await store?.close();
  process.exit(0);
}
