import type { Redis } from "ioredis";
import type { StoredEvent } from "../domain/envelope.ts";
import type { GuardedRedis } from "../store/redis.ts";
import { DELETE, FILL } from "./cache-scripts.ts";

/** s for which a fill that read before a deletion is told from one that read after it; longer than any read may take. */
export const FENCE_S = 60;
/** A set that others change meanwhile is asked for so often. */
const TRIES = 5;

export type Command = readonly [name: string, key: number, ...args: (string | number)[]];

export interface Cached<Value> {
  readonly value: Value;
  readonly generation: string;
}

/** Something that is kept in Redis under some keys, in front of rows. */
export interface CacheKind<Value> {
  readonly name: string;
  readonly ttlS: number;
  /** Of which its rows are. */
  readonly readModel: string;
  /** Which thing an event of the read model's changes. */
  idOf(event: StoredEvent): string;
  /** Beside the fence, a thing's own keys, which it always has. */
  keys(id: string): readonly string[];
  /** Keys that it has more or less of, named after the members of a set: that of this number among its own keys. */
  readonly parts?: {
    readonly set: number;
    key(id: string, member: string): string;
    members(value: Value): readonly string[];
  };
  /** Undefined: not there, or not whole. */
  get(redis: Redis, keys: readonly string[]): Promise<Cached<Value> | undefined>;
  /** Keys that live for another time than the thing: number of the key, s. */
  expiries?(value: Value): readonly (readonly [number, number])[];
  /** What writes a value; keys are numbered as own keys, then the parts of its members. */
  commands(value: Value, sequence: number, generation: string): readonly Command[];
}

export type AnyKind = Omit<CacheKind<never>, "get">;

export const fenceOf = ({ name }: Pick<AnyKind, "name">, id: string): string => `cache:fence:${name}:${id}`;

/** Runs a script that wants all of a thing's parts named until it has them. Undefined: they would not stand still. */
async function withParts(
  client: Redis,
  redis: GuardedRedis,
  script: string,
  { kind, id, members }: { readonly kind: AnyKind; readonly id: string; readonly members: readonly string[] },
  [sequence, seconds]: readonly [number, number],
  commands: readonly (string | number)[] = [],
): Promise<number | undefined> {
  const { parts } = kind;
  const own = [fenceOf(kind, id), ...kind.keys(id)];
  const set = parts === undefined ? "" : parts.set + 2;
  let named = members;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const keys = [...own, ...named.map((member) => parts?.key(id, member) ?? "")].map((key) => redis.key(key));
    const args = [sequence, seconds, set, named.length, ...named, ...commands];
    const answer = (await client.eval(script, keys.length, ...keys, ...args)) as number | readonly string[];
    if (typeof answer === "number") return answer;
    named = [...named, ...answer];
  }
  return undefined;
}

/** Answers 1, or 0 if it came too late; undefined: not done. */
export function fillKeys<Value>(
  client: Redis,
  redis: GuardedRedis,
  kind: CacheKind<Value>,
  id: string,
  { value, sequence, generation }: Cached<Value> & { readonly sequence: number },
): Promise<number | undefined> {
  const commands = kind
    .commands(value, sequence, generation)
    .flatMap(([name, key, ...rest]) => [2 + rest.length, name, key + 2, ...rest]);
  const expiries = (kind.expiries?.(value) ?? []).flatMap(([key, s]) => [3, "EXPIRE", key + 2, s]);
  const thing = { kind, id, members: kind.parts?.members(value) ?? [] };
  return withParts(client, redis, FILL, thing, [sequence, kind.ttlS], [...commands, ...expiries]);
}

/** Deletes all that there is of a thing, for an event of this sequence. */
export async function deleteKeys(
  client: Redis,
  redis: GuardedRedis,
  kind: AnyKind,
  id: string,
  sequence: number,
): Promise<void> {
  const done = await withParts(client, redis, DELETE, { kind, id, members: [] }, [sequence, FENCE_S]);
  if (done === undefined) throw new Error(`${kind.name} ${id} is filled again and again`);
}
