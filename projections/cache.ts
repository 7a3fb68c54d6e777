import type { StoredEvent } from "../domain/envelope.ts";
import { type Cached, type CacheKind, FENCE_S, fillKeys } from "./cache-keys.ts";
import { type CacheServices, createCacheUpkeep } from "./cache-upkeep.ts";

export type CacheOutcome = "hit" | "miss" | "stale" | "away";

interface Found<Value> {
  readonly value: Value;
  readonly sequence: number;
}

/** What Redis said before the rows were read, and when and over which connection. */
interface Asked {
  readonly connection: number;
  readonly at: number;
  readonly generation: string;
}

export interface Cache<Value> {
  /**
   * The value, from Redis or as `read` finds it. Whoever asks for one thing at a time gets one read.
   * @param atLeast of an event that must be in it: then `read` is asked
   */
  get(id: string, atLeast?: number): Promise<Value | undefined>;
}

export interface Caches {
  of<Value>(kind: CacheKind<Value>, read: (id: string) => Promise<Found<Value> | undefined>): Cache<Value>;
  /** A read model's rows have been committed from one position to another, by these events. Never waits. */
  taken(readModel: string, events: readonly StoredEvent[], from: number, to: number): void;
  close(): Promise<void>;
}

/**
 * Cache aside (contract: "Redis keys and channels"). Read, on a miss read PostgreSQL and fill; deleted after the commit that changed
 * the rows. A deletion leaves a fence behind it, so that a fill whose rows are older than it comes to nothing. An entry is of the
 * generation that was there before its rows were read, and is nothing in another.
 */
export function createCaches({
  told,
  ...services
}: CacheServices & { readonly told: (kind: string, outcome: CacheOutcome) => void }): Caches {
  const { redis } = services;
  const upkeep = createCacheUpkeep(services);

  return {
    of(kind, read) {
      type Value = Parameters<typeof kind.commands>[0];
      const reading = new Map<string, Promise<Found<Value> | undefined>>();
      upkeep.add(kind, (id) => reading.delete(id));

      /** Nobody waits for it. */
      async function fill(id: string, entry: Found<Value> & Cached<Value>, { connection, at }: Asked): Promise<void> {
        const filled = await redis.use(async (client) => {
          // Another Redis, or a process that has slept: the fences are not there that would tell how old this is.
          const late = redis.connection !== connection || performance.now() - at > (FENCE_S * 1_000) / 2;
          return late ? undefined : fillKeys(client, redis, kind, id, entry);
        });
        if (filled?.value === 0) told(kind.name, "stale");
      }

      async function readAndFill(id: string, asked: Asked | undefined): Promise<Found<Value> | undefined> {
        const found = await read(id);
        if (found !== undefined && asked !== undefined && !upkeep.doubts(kind, id))
          void fill(id, { ...found, generation: asked.generation }, asked);
        return found;
      }

      function readOnce(id: string, asked: Asked | undefined): ReturnType<typeof readAndFill> {
        const known = reading.get(id);
        if (known !== undefined) return known;
        const own = readAndFill(id, asked).finally(() => {
          if (reading.get(id) === own) reading.delete(id);
        });
        reading.set(id, own);
        return own;
      }

      /** The generation, and the entry if it is to be believed; undefined: Redis is of no use for this. */
      async function ask(id: string, entry: boolean) {
        if (upkeep.doubts(kind, id)) return undefined;
        const asked = await redis.use(async (client) => {
          const { connection } = redis;
          if (connection !== upkeep.trusted) return undefined;
          const at = performance.now();
          const keys = kind.keys(id).map((key) => redis.key(key));
          const [generation, known] = await Promise.all([
            upkeep.generation(client),
            entry ? kind.get(client, keys) : undefined,
          ]);
          if (generation === undefined) return undefined;
          return { connection, at, generation, known: known?.generation === generation ? known : undefined };
        });
        return asked?.value;
      }

      return {
        async get(id, atLeast = 0) {
          const asked = await ask(id, atLeast === 0);
          if (asked?.known !== undefined) {
            told(kind.name, "hit");
            return asked.known.value;
          }
          told(kind.name, asked === undefined ? "away" : "miss");
          // Who asks for something newer than what is being read must not be given that.
          const found = atLeast > 0 ? readAndFill : readOnce;
          return (await found(id, asked))?.value;
        },
      };
    },
    taken: upkeep.taken,
    close: upkeep.close,
  };
}
