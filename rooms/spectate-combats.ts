import type { CombatEvent } from "../domain/combat/events.ts";
import type { EventStore } from "../store/event-store.ts";
import { Recent } from "./recent.ts";

/** What decides over who may watch a combat; it stands in its first event, and never changes. */
export interface WatchedCombat {
  readonly participants: readonly { readonly typeEntite: string; readonly entiteId: string }[];
  readonly prive: boolean;
  /** User ids. */
  readonly invites: readonly string[];
  /** ms; undefined: as the server has it. */
  readonly retardMs?: number | undefined;
}

export interface WatchedCombats {
  /** Undefined if there is no such combat. */
  read(combatId: string): Promise<WatchedCombat | undefined>;
}

export function createWatchedCombats(store: Pick<EventStore, "readStream">): WatchedCombats {
  const known = new Recent<WatchedCombat>();
  return {
    async read(combatId) {
      const recent = known.get(combatId);
      if (recent !== undefined) return recent;
      for await (const event of store.readStream(combatId, 1, 1)) {
        const { eventType, payload } = event as unknown as CombatEvent;
        if (eventType !== "CombatPrepare") return undefined;
        const participants = payload.participants.map(({ typeEntite, entiteId }) => ({ typeEntite, entiteId }));
        known.set(combatId, { ...payload.observation, participants });
        return known.get(combatId);
      }
      return undefined;
    },
  };
}
