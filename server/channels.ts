import { combatEvents } from "../domain/combat/events.ts";
import { playerEvents } from "../domain/player/state.ts";
import { worldEvents } from "../domain/world/events.ts";
import { publishCombatEvent } from "../rooms/combat-room.ts";
import { publishWorldEvent } from "../rooms/world-publish.ts";
import type { ChatLine } from "../rooms/world-room.ts";
import type { AppendedEvent } from "../store/postgres-store.ts";
import type { GuardedRedis } from "../store/redis.ts";

/** Messages that wait for Redis at most; more are dropped, as everything is while it is away. */
const WAITING = 10_000;
const AT_ONCE = 500;
/** What names or describes a person, beside every kind of `pseudo…`: whoever is told reads it where it may be read. */
const PERSONAL: ReadonlySet<string> = new Set(["username", "email", "ipAddress"]);

export interface Channels {
  /** What was written on this node, in the order of the log. */
  tell(events: readonly AppendedEvent[]): void;
  chat(line: ChatLine): void;
  close(): Promise<void>;
}

/** Tells others, over Redis, what has become durable (contract: "Channels"): at most once, in the order of each aggregate's events. */
export function createChannels(redis: GuardedRedis, onDropped: (messages: number) => void): Channels {
  let waiting: (readonly [channel: string, message: string])[] = [];
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const now = waiting.splice(0, AT_ONCE);
      const sent = await redis.use((client) =>
        Promise.all(now.map(([channel, message]) => client.publish(redis.key(channel), message))),
      );
      if (sent === undefined) onDropped(now.length);
    }
    sending = undefined;
  }

  /** @param message made only where it is sent: most of the work of a commit would be to make it */
  function put(channel: string, message: () => object): void {
    if (!redis.usable || waiting.length >= WAITING) {
      onDropped(1);
      return;
    }
    waiting.push([channel, JSON.stringify(message())]);
    sending ??= Promise.resolve().then(send);
  }

  return {
    tell(events) {
      for (const event of events) {
        const channel = channelOf(event);
        if (channel !== undefined) put(channel, () => messageOf(event));
      }
    },
    // What is said is kept nowhere: it is no event, and has no place in the log.
    chat: ({ zoneId, joueurId, texte }) =>
      put(`zone:${zoneId}:chat`, () => ({ type: "Parler", version: 0, sequence: 0, joueurId, texte })),
    async close() {
      await sending;
      waiting = [];
    },
  };
}

function channelOf({ eventType, aggregateId, payload }: AppendedEvent): string | undefined {
  if (eventType in combatEvents) return `combat:${aggregateId}:updates`;
  if (eventType in worldEvents) return "world:events";
  // Of a player's streams only the main one has the player's id; each of its events names it.
  const { joueurId } = payload as { readonly joueurId?: unknown };
  return eventType in playerEvents && typeof joueurId === "string" ? `player:${joueurId}:notifications` : undefined;
}

function messageOf(event: AppendedEvent): object {
  const published = event.eventType in worldEvents ? publishWorldEvent(event) : publishCombatEvent(event);
  const { eventType: type, version, sequence, payload } = published;
  return { type, version, sequence, ...(withoutPersons(payload) as object) };
}

function withoutPersons(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPersons);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key]) => !PERSONAL.has(key) && !key.startsWith("pseudo"));
  // A player in a combat goes by its pseudo.
  const named = (value as { readonly typeEntite?: unknown }).typeEntite === "JOUEUR";
  return Object.fromEntries(
    entries.filter(([key]) => !(named && key === "nom")).map(([key, one]) => [key, withoutPersons(one)]),
  );
}
