import { player } from "../../domain/player/player.ts";
import { envelop } from "../../rooms/envelop.ts";
import { appendsTo, streamsOf } from "../../rooms/streams.ts";
import type { EventStore } from "../../store/event-store.ts";
import { uuidv7 } from "../../store/uuid.ts";

/** Players in the log, as their creation leaves them. */
export async function createPlayers(store: EventStore, ids: readonly string[]): Promise<void> {
  await Promise.all(
    ids.map(async (joueurId) => {
      const names = { username: `u${joueurId.slice(-12)}`, pseudo: "Alix", classe: "MAGE" } as const;
      const decision = player.decide(player.initial, { type: "CreerJoueur", joueurId, ...names }, { now: Date.now() });
      if (!decision.ok) throw new Error(decision.rejection.code);
      const command = { commandId: uuidv7(), command: undefined as never };
      const events = envelop(player, decision.events, command, "default", Date.now());
      const streams = streamsOf(player, joueurId);
      const appends = appendsTo(
        player,
        streams,
        events,
        streams.map(() => 0),
      ).filter((one) => one.events.length > 0);
      const result = await store.append({ actorId: joueurId, streams: appends });
      if (!result.ok) throw new Error(result.reason);
    }),
  );
}
