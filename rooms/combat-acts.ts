import type { EventStore } from "../store/event-store.ts";
import type { Act } from "./combat-mirror.ts";

const WANTED = 20;
/** Versions that are read at once, and at most: an act comes with a few events of what it does, and bosses' with some more. */
const PAGE = 150;
const PAGES = 4;

/** A combat's last 20 actions up to a version, newest first, as its log has them. */
export async function newestActs(
  store: Pick<EventStore, "readStream">,
  combatId: string,
  version: number,
): Promise<readonly Act[]> {
  let acts: Act[] = [];
  for (let to = version; to > 0 && to > version - PAGE * PAGES && acts.length < WANTED; to -= PAGE) {
    const page: Act[] = [];
    for await (const event of store.readStream(combatId, Math.max(1, to - PAGE + 1), to))
      if (event.eventType === "ActionExecutee") page.push(event);
    acts = [...acts, ...page.reverse()];
  }
  return acts.slice(0, WANTED);
}
