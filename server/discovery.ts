import { type IRoomCache, LocalDriver, LocalPresence, type MatchMakerDriver, type Presence } from "@colyseus/core";
import { RedisDriver } from "@colyseus/redis-driver";
import { RedisPresence } from "@colyseus/redis-presence";
import { Redis } from "ioredis";

export interface Discovery {
  readonly presence: Presence;
  readonly driver: MatchMakerDriver;
  /** Takes the listings of nodes off that are not among these. Rejects when Redis does not answer. */
  forget(liveNodes: readonly string[]): Promise<void>;
  close(): void;
}

interface DiscoveryOptions {
  readonly url: string;
  readonly prefix: string;
  readonly nodeId: string;
  readonly onFault: (error: unknown) => void;
}

/** ms that the making of a room waits until other nodes can call it; they find it later all the same. */
const SUBSCRIBED_WITHIN_MS = 100;
const LONGEST_RETRY_MS = 2_000;
/** Of joins that wait for a room that is being made, which is made here or not at all. */
const OF_THIS_PROCESS = "concurrent:";

/**
 * Colyseus' presence and listings over Redis. What a node needs of its own rooms it has itself, and Redis is told: a node whose Redis
 * is gone or lies goes on as if it were alone, since where a room belongs is written in the database.
 */
export function openDiscovery({ url, prefix, nodeId, onFault }: DiscoveryOptions): Discovery {
  const client = new Redis(url, {
    keyPrefix: prefix,
    // Nothing waits for a connection.
    enableOfflineQueue: false,
    maxRetriesPerRequest: null,
    retryStrategy: (tries: number) => Math.min(LONGEST_RETRY_MS, 50 * 2 ** tries),
    commandTimeout: 1_000,
  });
  const others = new EndingPresence(client);
  const shared = new RedisDriver(client);
  const presence = new SharedPresence(others, prefix, () => client.status === "ready");

  /** While there is no connection nothing is told: the listing is written whole with its next change. */
  function tell(work: () => Promise<unknown>): void {
    if (client.status === "ready") work().catch(onFault);
  }
  const listed = (room: IRoomCache): IRoomCache => ({ ...room, nodeId }) as IRoomCache;

  class MirroredDriver extends LocalDriver {
    override update(room: IRoomCache, operations: Parameters<LocalDriver["update"]>[1]): boolean {
      const updated = super.update(room, operations);
      tell(() => shared.persist(listed(room)));
      return updated;
    }

    override async insert(room: IRoomCache): Promise<boolean> {
      const inserted = await super.insert(room);
      if (inserted) tell(() => shared.persist(listed(room)));
      return inserted;
    }

    override persist(room: IRoomCache, create?: boolean): boolean {
      tell(() => shared.persist(listed(room)));
      return super.persist(room, create);
    }

    override remove(roomId: string): boolean {
      tell(() => shared.remove(roomId));
      return super.remove(roomId);
    }

    override async cleanup(processId: string): Promise<void> {
      for (const room of [...this.rooms]) if (room.processId === processId) this.remove(room.roomId);
    }

    /** The rooms of all nodes, as far as Redis knows: some of them may be gone. */
    override query(...query: Parameters<MatchMakerDriver["query"]>) {
      if (client.status !== "ready") return super.query(...query);
      return shared.query(...query).catch(() => super.query(...query)) as unknown as ReturnType<LocalDriver["query"]>;
    }
  }
  const driver = new MirroredDriver();
  client.on("ready", () => {
    for (const room of driver.rooms) tell(() => shared.persist(listed(room)));
  });

  return {
    presence,
    driver,
    async forget(liveNodes) {
      const all = (await shared.query({})) as unknown as readonly (IRoomCache & { readonly nodeId: string })[];
      const gone = all.filter((one) => !liveNodes.includes(one.nodeId));
      await Promise.all(gone.map(({ roomId }) => shared.remove(roomId)));
    },
    close: () => others.end(),
  };
}

class EndingPresence extends RedisPresence {
  /** As `shutdown`, which fails where there is no connection. */
  end(): void {
    this.sub.disconnect();
    this.pub.disconnect();
  }
}

/** Messages go over Redis while it can be had, to this process too, and else within the process. Everything else is this process' own. */
class SharedPresence extends LocalPresence {
  readonly #others: RedisPresence;
  readonly #prefix: string;
  readonly #isUp: () => boolean;

  constructor(others: RedisPresence, prefix: string, isUp: () => boolean) {
    super();
    this.#others = others;
    this.#prefix = prefix;
    this.#isUp = isUp;
  }

  override async subscribe(topic: string, callback: (...args: unknown[]) => void): Promise<Awaited<this>> {
    const self = await super.subscribe(topic, callback);
    if (topic.startsWith(OF_THIS_PROCESS)) return self;
    // One that Redis does not take now is taken when there is a connection again.
    const subscribed = this.#others.subscribe(this.#prefix + topic, callback).catch(() => undefined);
    const timer = Promise.withResolvers<void>();
    const waiting = setTimeout(timer.resolve, this.#isUp() ? SUBSCRIBED_WITHIN_MS : 0);
    await Promise.race([subscribed, timer.promise]);
    clearTimeout(waiting);
    return self;
  }

  override unsubscribe(topic: string, callback?: (...args: unknown[]) => void) {
    super.unsubscribe(topic, callback);
    if (!topic.startsWith(OF_THIS_PROCESS))
      this.#others.unsubscribe(this.#prefix + topic, callback).catch(() => undefined);
    return this;
  }

  override publish(topic: string, data: unknown) {
    if (topic.startsWith(OF_THIS_PROCESS) || !this.#isUp()) return super.publish(topic, data);
    // Whoever waits for it does not wait for long.
    this.#others.publish(this.#prefix + topic, data).catch(() => undefined);
    return this;
  }
}
