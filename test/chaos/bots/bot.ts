import type { AetherClient } from "../../../client/client.ts";
import type { Journal } from "../journal.ts";

/** What a bot is given. */
export interface BotWorld {
  readonly apiUrl: string;
  readonly journal: Journal;
  /** From 0 to 1, the bot's own. */
  random(): number;
  /** Whether it is time to bring to an end what was begun, and begin nothing more. */
  over(): boolean;
  client(userId: string): Promise<AetherClient>;
}

/** A bot plays until it is over. Whatever it meets, it never gives up by itself. */
export interface Bot {
  readonly name: string;
  /** The player that others may exchange things with, once it is there. */
  readonly playerId?: string | undefined;
  /** Resolves when what it has begun has come to an end. */
  play(): Promise<void>;
  /** Asks again for commands that it sent after `since` (ms since 1970), which have to be answered as before. */
  askAgain(since: number): Promise<void>;
  /** Leaves; to be called when everything has come to rest. */
  leave(): Promise<void>;
}

export function within(random: () => number, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

export function oneOf<T>(random: () => number, all: readonly T[]): T | undefined {
  return all[Math.floor(random() * all.length)];
}
