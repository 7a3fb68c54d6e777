import { Redis } from "ioredis";
import { createLocalWakeUps, type WakeUps } from "./wake-ups.ts";

export interface RedisWakeUpsOptions {
  readonly url: string;
  /** The tenant's prefix, before every key and channel. */
  readonly prefix?: string;
  /** Told of every error; hints are lost meanwhile, nothing else. */
  readonly onFault?: (error: unknown) => void;
}

export interface RedisWakeUps extends WakeUps {
  close(): Promise<void>;
}

const CHANNEL = "log:appended";
const LONGEST_RETRY_MS = 2_000;

/** Hints to and from the other processes of a tenant, over one channel with empty messages. Connects by itself, again and again. */
export function createRedisWakeUps({ url, prefix = "", onFault }: RedisWakeUpsOptions): RedisWakeUps {
  const channel = `${prefix}${CHANNEL}`;
  const local = createLocalWakeUps();
  const options = {
    retryStrategy: (tries: number) => Math.min(LONGEST_RETRY_MS, 50 * 2 ** tries),
    maxRetriesPerRequest: null,
  };
  // A hint that cannot go out now is worth nothing later.
  const publisher = new Redis(url, { ...options, enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
  const subscriber = new Redis(url, options);
  for (const connection of [publisher, subscriber]) connection.on("error", (error: unknown) => onFault?.(error));
  subscriber.on("message", () => local.notify());
  // Kept over reconnections; fails only when the connection is closed for good.
  subscriber.subscribe(channel).catch((error: unknown) => onFault?.(error));
  let publishing = false;
  let again = false;

  async function publish(): Promise<void> {
    publishing = true;
    do {
      again = false;
      try {
        await publisher.publish(channel, "");
      } catch (error) {
        onFault?.(error);
      }
    } while (again);
    publishing = false;
  }

  return {
    notify() {
      if (publisher.status !== "ready") return;
      if (publishing) again = true;
      else void publish();
    },
    subscribe: local.subscribe,
    async close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
