import type { Redis } from "ioredis";
import type { GuardedRedis } from "../store/redis.ts";

/** s for which a fill that read before a deletion is told from one that read after it; longer than any read may take. */
const FENCE_S = 60;
/** Deletions that are remembered while Redis is away; more of them end the whole generation. */
const REMEMBERED = 10_000;

/**
 * Fills a thing's keys, unless it has been deleted for a newer event than the rows that were read, or the generation has ended.
 * KEYS: the fence, then what is filled. ARGV: the sequence, the ttl in s, then commands as their length, name, key number and arguments.
 */
const FILL = `
local fence = tonumber(redis.call('GET', KEYS[1]) or '0')
if fence > tonumber(ARGV[1]) then return 0 end
local at = 3
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
while at <= #ARGV do
  local length = tonumber(ARGV[at])
  local command = { ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])] }
  for i = at + 3, at + length do command[#command + 1] = ARGV[i] end
  redis.call(unpack(command))
  at = at + length + 1
end
for i = 2, #KEYS do if redis.call('TTL', KEYS[i]) == -1 then redis.call('EXPIRE', KEYS[i], ARGV[2]) end end
return 1`;

/** KEYS: the fence, then what is deleted. ARGV: the sequence of the event for which it is, and the fence's s. */
const DELETE = `
local fence = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > fence then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1`;

export type CacheOutcome = "hit" | "miss" | "stale" | "away";

export interface Cached<Value> {
  readonly value: Value;
  readonly sequence: number;
  readonly generation: string;
}

/** Something that is kept in Redis under some keys, in front of rows. */
export interface CacheKind<Value> {
  readonly name: string;
  readonly ttlS: number;
  /** Beside the fence, all keys that belong to a thing. */
  keys(id: string): readonly string[];
  /** Undefined: not there, or not whole. */
  get(
    redis: Redis,
    keys: readonly string[],
  ): Promise<{ readonly value: Value; readonly sequence: number; readonly generation: string } | undefined>;
  /** Keys of a value beside the thing's own. Never deleted: they are believed for as long as they say what the thing's own say. */
  parts?(id: string, value: Value): readonly string[];
  /** Parts that live for another time than the thing: number of the part, s. */
  expiries?(value: Value): readonly (readonly [number, number])[];
  /** Commands that write a value: name, number of the key among `keys` and `parts`, arguments. */
  commands(
    value: Value,
    sequence: number,
    generation: string,
  ): readonly (readonly [string, number, ...(string | number)[]])[];
}

export interface Cache<Value> {
  /** The value, from Redis or as `read` finds it; no older than `atLeast`. Whoever asks for one thing at a time gets one read. */
  get(id: string, atLeast?: number): Promise<Value | undefined>;
  /** The rows have changed by an event of this sequence. Never waits. */
  drop(id: string, sequence: number): void;
}

export interface Caches {
  of<Value>(
    kind: CacheKind<Value>,
    read: (id: string) => Promise<{ readonly value: Value; readonly sequence: number } | undefined>,
  ): Cache<Value>;
  close(): void;
}

const GENERATION = "cache:generation";

/**
 * Cache aside (contract: "Redis keys and channels"). Read, on a miss read PostgreSQL and fill; deleted after the commit that changed
 * the rows. A deletion leaves a fence behind it, so that a fill whose rows are older than it comes to nothing. Deletions that
 * Redis did not take are made up for when it is there again; where they were too many, or their node has died, the generation
 * ends, and with it everything that was filled before.
 */
export function createCaches(redis: GuardedRedis, told: (kind: string, outcome: CacheOutcome) => void): Caches {
  const missed = new Map<string, { readonly keys: readonly string[]; readonly sequence: number }>();
  /** Known to have ended; undefined until Redis has told of one. */
  let generation: string | undefined;
  let ending = true;

  /** A node that starts cannot know what its predecessor did not come to delete. */
  async function endGeneration(): Promise<void> {
    const next = crypto.randomUUID();
    if ((await redis.use((client) => client.set(redis.key(GENERATION), next))) === undefined) return;
    generation = next;
    ending = false;
  }

  async function remove(keys: readonly string[], sequence: number): Promise<boolean> {
    const named = keys.map((key) => redis.key(key));
    return (await redis.use((client) => client.eval(DELETE, named.length, ...named, sequence, FENCE_S))) !== undefined;
  }

  async function mend(): Promise<void> {
    if (ending) await endGeneration();
    for (const [fence, { keys, sequence }] of [...missed]) {
      if (!(await remove(keys, sequence))) return;
      if (missed.get(fence)?.sequence === sequence) missed.delete(fence);
    }
  }

  const unsubscribe = redis.onConnect(() => void mend());
  const mending = setInterval(() => {
    if ((ending || missed.size > 0) && redis.usable) void mend();
  }, 250);

  return {
    of(kind, read) {
      const reading = new Map<string, Promise<{ readonly value: never; readonly sequence: number } | undefined>>();
      type Value = Parameters<typeof kind.commands>[0];
      const fenceOf = (id: string): string => `cache:fence:${kind.name}:${id}`;

      async function readAndFill(
        id: string,
      ): Promise<{ readonly value: Value; readonly sequence: number } | undefined> {
        const found = await read(id);
        if (found === undefined || generation === undefined || missed.has(fenceOf(id))) return found;
        const parts = kind.parts?.(id, found.value) ?? [];
        const keys = [fenceOf(id), ...kind.keys(id), ...parts].map((key) => redis.key(key));
        const commands = kind
          .commands(found.value, found.sequence, generation)
          .flatMap(([name, key, ...rest]) => [2 + rest.length, name, key + 2, ...rest]);
        const first = 2 + kind.keys(id).length;
        const expiries = (kind.expiries?.(found.value) ?? []).flatMap(([part, s]) => [3, "EXPIRE", first + part, s]);
        // Nobody waits for the fill.
        void redis
          .use((client) => client.eval(FILL, keys.length, ...keys, found.sequence, kind.ttlS, ...commands, ...expiries))
          .then((filled) => {
            if (filled?.value === 0) told(kind.name, "stale");
          });
        return found;
      }

      function readOnce(id: string): ReturnType<typeof readAndFill> {
        const known = reading.get(id) as ReturnType<typeof readAndFill> | undefined;
        if (known !== undefined) return known;
        const own = readAndFill(id).finally(() => reading.delete(id));
        reading.set(id, own as never);
        return own;
      }

      return {
        async get(id, atLeast = 0) {
          // What this node could not delete it does not read.
          const asked =
            ending || missed.has(fenceOf(id))
              ? undefined
              : await redis.use(async (client) => {
                  const [known, now] = await Promise.all([
                    kind.get(
                      client,
                      kind.keys(id).map((key) => redis.key(key)),
                    ),
                    client.get(redis.key(GENERATION)),
                  ]);
                  // Flushed, or another Redis than before.
                  if (now === null) ending = true;
                  else generation = now;
                  return known?.generation === now ? known : undefined;
                });
          const known = asked?.value;
          if (known !== undefined && known.sequence >= atLeast) {
            told(kind.name, "hit");
            return known.value;
          }
          told(kind.name, asked === undefined ? "away" : "miss");
          // Who asks for something newer than what is being read must not be given that.
          return (atLeast > 0 ? await readAndFill(id) : await readOnce(id))?.value;
        },
        drop(id, sequence) {
          const fence = fenceOf(id);
          const keys = [fence, ...kind.keys(id)];
          // Until Redis has taken it, this node trusts nothing that it finds there.
          missed.set(fence, { keys, sequence });
          reading.delete(id);
          if (missed.size > REMEMBERED) {
            missed.clear();
            ending = true;
            return;
          }
          void remove(keys, sequence).then((done) => {
            if (done && missed.get(fence)?.sequence === sequence) missed.delete(fence);
          });
        },
      };
    },
    close() {
      unsubscribe();
      clearInterval(mending);
    },
  };
}
