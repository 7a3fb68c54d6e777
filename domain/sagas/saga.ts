import type { Unfilled } from "../catalogue/lookup.ts";
import type { StoredEvent } from "../envelope.ts";
import type { MarketCommand } from "../market/commands.ts";
import type { PlayerCommand } from "../player/commands.ts";
import type { WorldCommand } from "../world/commands.ts";

/** A command to an aggregate of another kind than the event's. */
export type Order =
  | { readonly to: "Joueur"; readonly id: string; readonly command: Unfilled<PlayerCommand> }
  | { readonly to: "Economy"; readonly id: string; readonly command: MarketCommand }
  | { readonly to: "WorldState"; readonly id: string; readonly command: WorldCommand };

/** One thing that an event leads to. */
export type Step = Order & {
  /** Its own among the saga's steps for one event. The command's id is derived from it and from `key`. */
  readonly name: string;
  /** What the id is derived from; default the event's id. */
  readonly key?: string;
  /** What makes up for it when it is refused for good; without any, its event goes to the dead letters. */
  readonly otherwise?: readonly Step[];
  /** Refusals that are no failure: there is nothing to do. */
  readonly fine?: readonly string[];
};

/**
 * Events in, commands out. Pure: the same event leads to the same steps, whoever asks and however often. The steps of one event
 * do not rest on each other.
 */
export interface Saga {
  /** The name of its checkpoint, and part of its commands' ids: never renamed. */
  readonly name: string;
  readonly eventTypes: readonly string[];
  react(event: StoredEvent): readonly Step[];
}

/** The payload of an event whose type is known; the registry has held it against its schema. */
export function payloadOf<Payload>(event: StoredEvent): Payload {
  return event.payload as Payload;
}
