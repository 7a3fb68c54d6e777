import { createRoomClass, type RoomKind, type RoomServices } from "./aggregate-room.ts";
import type { Principal } from "./principal.ts";
import type { WatchedCombat, WatchedCombats } from "./spectate-combats.ts";
import type { Followers } from "./spectate-followers.ts";
import { publishWatchedEvent } from "./spectate-publish.ts";
import { createSpectateView, projectWatched, type SpectateView, type Watched } from "./spectate-view.ts";
import { nameOf, replayCommand, watchNamed, watchOf, wish } from "./spectate-watch.ts";
import { typesOf } from "./wire.ts";

export interface SpectateRoomServices extends RoomServices {
  readonly nodeId: string;
  readonly combats: WatchedCombats;
  readonly mayWatch: (who: Principal, combat: WatchedCombat) => boolean;
  /** Whether somebody is shown what happens without the delay that others have to bear. */
  readonly isExempt: (who: Principal) => boolean;
  /** ms, where the combat says nothing of it. */
  readonly delayMs: number;
}

/** The room `spectate`: a combat for those who only watch, live, delayed or from its log (contract: "Rooms"). */
export function createSpectateRoom(
  followers: Followers,
  { nodeId, combats, mayWatch, isExempt, delayMs, ...services }: SpectateRoomServices,
) {
  const kind: RoomKind<Watched, never, SpectateView> = {
    name: "spectate",
    key: "watch",
    actors: followers,
    async find(options, who) {
      const wished = wish.safeParse(options);
      if (!wished.success) return { refused: "BAD_REQUEST" };
      const combat = await combats.read(wished.data.combatId);
      if (combat === undefined) return { refused: "NOT_FOUND" };
      if (!mayWatch(who, combat)) return { refused: combat.prive ? "NOT_FOUND" : "FORBIDDEN" };
      return { name: nameOf(watchOf(nodeId, wished.data, isExempt(who) ? 0 : (combat.retardMs ?? delayMs))) };
    },
    createView: createSpectateView,
    project: projectWatched,
    refuseEntry: () => undefined,
    messages: typesOf(replayCommand),
    parse: () => undefined,
    handle(message, _who, { id }) {
      const command = replayCommand.safeParse(message);
      if (!command.success || watchNamed(id).replay === undefined) return undefined;
      return followers.control(id, command.data);
    },
    publish: publishWatchedEvent,
  };
  return createRoomClass(kind, services);
}
