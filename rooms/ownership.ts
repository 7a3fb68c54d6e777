import { setTimeout as sleep } from "node:timers/promises";
import type { Claimed, Nodes } from "../store/nodes.ts";
import type { Telemetry } from "./telemetry.ts";

/** What ownership needs of the actors of one kind. */
export interface OwnedActors {
  get(id: string): unknown;
  refresh(id: string): void;
  ids(): Iterable<string>;
  /** It takes nothing. */
  readonly draining: boolean;
}

/** ms between looks for what nobody runs, how much one look takes at most, and the pause before the next when it took that much. */
const CLAIM_EVERY_MS = 500;
const CLAIMED_AT_ONCE = 50;
const CLAIM_AGAIN_MS = 50;
/** ms between looks at whether this node still owns what it runs. */
const REVIEW_EVERY_MS = 1_000;

/**
 * Keeps what is to be run at all times running, whoever is there to see it: combats have deadlines, orders run out, the world goes on.
 * What no live node runs, the next one to look takes. And what another node has taken, an actor here leaves, though nobody commands it.
 * @param kinds by the type of their main stream
 */
export function keepOwnership(
  kinds: Readonly<Record<string, OwnedActors>>,
  nodes: Pick<Nodes, "claim" | "unclaim" | "unowned" | "lost">,
  telemetry: Telemetry,
): { close(): Promise<void> } {
  const closing = new AbortController();
  const { signal } = closing;
  let unowned: readonly string[] = [];

  async function claim(): Promise<number> {
    if (Object.values(kinds).some(({ draining }) => draining)) return CLAIM_EVERY_MS;
    const claimed: readonly Claimed[] = await nodes.claim(CLAIMED_AT_ONCE, unowned);
    // A drain may have begun meanwhile.
    const refused = claimed.filter(({ id, type }) => kinds[type]?.get(id) === undefined);
    if (refused.length > 0) await nodes.unclaim(refused.map(({ id }) => id));
    if (claimed.length === CLAIMED_AT_ONCE) return CLAIM_AGAIN_MS;
    // Whoever has begun one activates it in the next moment: only one that is found twice was left.
    unowned = await nodes.unowned(CLAIMED_AT_ONCE);
    return CLAIM_EVERY_MS;
  }

  async function review(): Promise<number> {
    for (const actors of Object.values(kinds)) {
      for (const id of await nodes.lost([...actors.ids()])) actors.refresh(id);
    }
    return REVIEW_EVERY_MS;
  }

  async function every(what: string, work: () => Promise<number>): Promise<void> {
    while (!signal.aborted) {
      const next = await work().catch((error: unknown) => {
        telemetry.fault(what, error);
        return REVIEW_EVERY_MS;
      });
      await sleep(next, undefined, { signal }).catch(() => undefined);
    }
  }

  const loops = [every("claim", claim), every("review", review)];
  return {
    async close() {
      closing.abort();
      await Promise.all(loops);
    },
  };
}
