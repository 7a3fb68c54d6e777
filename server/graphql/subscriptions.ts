import type { AnsweredEvent } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { player } from "../../domain/player/player.ts";
import { worldEvents } from "../../domain/world/events.ts";
import { type OrderBook, readBook } from "../../projections/economy-queries.ts";
import { publishCombatEvent } from "../../rooms/combat-room.ts";
import { publishWatchedEvent } from "../../rooms/spectate-publish.ts";
import { streamsOf } from "../../rooms/streams.ts";
import { publishWorldEvent } from "../../rooms/world-publish.ts";
import type { Topic } from "../../store/event-store.ts";
import { FollowError } from "../../store/live-events.ts";
import { bookId } from "../../store/uuid.ts";
import { type Builder, idOf, plain, refuse } from "./builder.ts";
import { headOf } from "./combats.ts";
import type { Context } from "./context.ts";
import { type economyTypes, LEVELS } from "./economy.ts";

/** An event as those who follow may see it. `type` is the event's. */
interface Told {
  readonly type: string;
  readonly version: number;
  readonly sequence: number;
  readonly timestamp: string;
  readonly payload: unknown;
}

/**
 * What `map` makes of each, left out where it makes nothing. Unlike a generator it can be returned from while it waits; `gone` tells
 * a map that waits so.
 */
function mapped<From, To>(
  events: AsyncIterableIterator<From, void, void>,
  map: (event: From, gone: () => boolean) => To | undefined | Promise<To | undefined>,
): AsyncIterableIterator<To, void, void> {
  let returned = false;
  return {
    async next() {
      try {
        for (;;) {
          const { done, value } = await events.next();
          if (done === true) return { done, value: undefined };
          const made = await map(value, () => returned);
          if (made !== undefined) return { done: false, value: made };
        }
      } catch (error) {
        await events.return?.();
        if (error instanceof FollowError) throw refuse(error.code, error.message);
        throw error;
      }
    },
    async return() {
      returned = true;
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function told(
  { live }: Context,
  topic: Topic,
  after: number | null | undefined,
  publish: (event: AnsweredEvent) => AnsweredEvent = (event) => event,
): AsyncIterableIterator<Told, void, void> {
  if (after !== undefined && after !== null && !(Number.isSafeInteger(after) && after >= 0))
    throw refuse("BAD_REQUEST", "after is a sequence");
  return mapped(live.follow(topic, { after: after ?? undefined }), (event: StoredEvent) => {
    const { eventType: type, version, sequence, payload } = publish(event);
    return { type, version, sequence, timestamp: event.timestamp, payload };
  });
}

/** The book after each change; changes that came while it was read are in the next one. */
function books({ live, freshness, readModels }: Context, itemId: string) {
  let shown = 0;
  const changes = live.follow({ aggregateIds: [bookId(itemId)] });
  return mapped(changes, async ({ sequence }, gone): Promise<OrderBook | undefined> => {
    if (sequence <= shown) return undefined;
    // The read model tells the book; it is asked once it has come as far as the event, however late that is.
    while (!(await freshness.reached(["economy"], sequence))) if (gone()) return undefined;
    shown = freshness.position("economy");
    return readBook(readModels, itemId, LEVELS);
  });
}

export function subscriptionTypes(builder: Builder, { book }: ReturnType<typeof economyTypes>): void {
  const event = builder.objectRef<Told>("Evenement").implement({
    description: "Something that has happened, and is durable.",
    fields: (t) =>
      plain(t, { type: "String!", version: "Int!", sequence: "Float!", timestamp: "String!", payload: "JSON!" }),
  });
  const AFTER = "A sequence: what has happened since is told first.";

  builder.subscriptionType({
    fields: (t) => ({
      combatUpdated: t.field({
        type: event,
        nullable: false,
        args: { combatId: t.arg.id({ required: true }), after: t.arg.float({ description: AFTER }) },
        resolve: (one) => one as Told,
        async subscribe(_, { combatId, after }, context) {
          const id = idOf(combatId);
          const head = await headOf(context, id);
          if (head === undefined) throw refuse("NOT_FOUND");
          const publish = head.access === "OWN" ? publishCombatEvent : publishWatchedEvent;
          return told(context, { aggregateIds: [id] }, after, publish);
        },
      }),
      playerNotified: t.field({
        type: event,
        nullable: false,
        description: "All that happens to the caller's own player.",
        args: { after: t.arg.float({ description: AFTER }) },
        resolve: (one) => one as Told,
        subscribe(_, { after }, context) {
          if (context.who.role !== "joueur") throw refuse("FORBIDDEN");
          const aggregateIds = streamsOf(player, context.who.userId).map(({ aggregateId }) => aggregateId);
          return told(context, { aggregateIds }, after);
        },
      }),
      worldEvent: t.field({
        type: event,
        nullable: false,
        args: { after: t.arg.float({ description: AFTER }) },
        resolve: (one) => one as Told,
        subscribe: (_, { after }, context) =>
          told(context, { eventTypes: Object.keys(worldEvents) }, after, publishWorldEvent),
      }),
      orderBookChanged: t.field({
        type: book,
        nullable: false,
        args: { itemId: t.arg.id({ required: true }) },
        resolve: (one) => one as OrderBook,
        subscribe: (_, { itemId }, context) => books(context, idOf(itemId)),
      }),
    }),
  });
}
