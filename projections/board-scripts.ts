import type { Redis } from "ioredis";
import type { BoardKeys } from "./board-keys.ts";
import type { Board } from "./leaderboard.ts";

export interface Mark {
  /** Of the changes that it follows (projections/board-changes.ts). */
  readonly generation: number;
  readonly revision: number;
  /** Of the log. */
  readonly position: number;
}

/** A player's or guild's member; `was` are members that it had. A score of null: it has no place. */
export interface Placing {
  readonly id: string;
  readonly member: string;
  readonly score: number | null;
  readonly was: readonly string[];
}

/** Whether the board is not there, or not whole: without it its mark says nothing. */
const LOST = `
local function lost()
  local mark = redis.call('HMGET', KEYS[2], 'generation', 'size')
  if not mark[1] then return true end
  if tonumber(mark[2]) == 0 or redis.call('EXISTS', KEYS[1]) == 1 then return false end
  redis.call('DEL', KEYS[2])
  return true
end`;

/**
 * Moves a board on, if it still stands where it is thought to. ARGV: generation, revision that it has, revision and position that it
 * then has, s for which it is kept (0: for ever), and the placings: id, member, score or '', how many it had, and those. Answers 1 if moved.
 */
const MOVE = `${LOST}
if lost() then return 0 end
local at = redis.call('HMGET', KEYS[2], 'generation', 'revision')
if at[1] ~= ARGV[1] or at[2] ~= ARGV[2] then return 0 end
local i = 6
while i <= #ARGV do
  local id, member, score, had = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  i = i + 4
  for n = 1, had do redis.call('ZREM', KEYS[1], ARGV[i]) i = i + 1 end
  if KEYS[3] then
    local was = redis.call('HGET', KEYS[3], id)
    if was and was ~= member then redis.call('ZREM', KEYS[1], was) end
    if score == '' then redis.call('HDEL', KEYS[3], id) else redis.call('HSET', KEYS[3], id, member) end
  end
  if score == '' then redis.call('ZREM', KEYS[1], member) else redis.call('ZADD', KEYS[1], score, member) end
end
redis.call('HSET', KEYS[2], 'revision', ARGV[3], 'position', ARGV[4], 'size', redis.call('ZCARD', KEYS[1]))
if ARGV[5] ~= '0' then for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[5]) end end
return 1`;

/**
 * Puts a board that was filled in the place of the one that is read. KEYS: those of the latter, then of the former. ARGV: the generation
 * that the latter had when the filling began; '': it was not there. One that has come further meanwhile stays.
 */
const PUT = `${LOST}
local half = #KEYS / 2
if not redis.call('HGET', KEYS[half + 2], 'generation') then return 0 end
if tonumber(redis.call('HGET', KEYS[half + 2], 'size')) > 0 and redis.call('EXISTS', KEYS[half + 1]) == 0 then return 0 end
if not lost() then
  local at = redis.call('HMGET', KEYS[2], 'generation', 'revision')
  local new = redis.call('HMGET', KEYS[half + 2], 'generation', 'revision')
  if at[1] ~= ARGV[1] and at[1] ~= new[1] then return 0 end
  if at[1] == new[1] and tonumber(at[2]) > tonumber(new[2]) then return 0 end
end
for n = 1, half do
  redis.call('UNLINK', KEYS[n])
  if redis.call('EXISTS', KEYS[half + n]) == 1 then
    redis.call('RENAME', KEYS[half + n], KEYS[n])
    redis.call('PERSIST', KEYS[n])
  end
end
return 1`;

const listOf = (board: Board, { board: name, mark, members }: BoardKeys): string[] =>
  board === "guild" ? [name, mark, members] : [name, mark];

export interface Move {
  readonly keys: BoardKeys;
  readonly from: Mark;
  readonly to: Mark;
  readonly placings: readonly Placing[];
  readonly keptS?: number;
}

/** A filling that has nothing yet, of the rows as they were before its first page is read. */
export async function begin(redis: Redis, { mark }: BoardKeys, at: Mark, keptS: number): Promise<void> {
  await redis.hset(mark, { ...at, size: 0 });
  await redis.expire(mark, keptS);
}

/** Whether it was moved: not if somebody else has moved it since. */
export async function move(redis: Redis, board: Board, { keys, from, to, placings, keptS = 0 }: Move) {
  const list = listOf(board, keys);
  const given = placings.flatMap(({ id, member, score, was }) => [id, member, score ?? "", was.length, ...was]);
  const args = [from.generation, from.revision, to.revision, to.position, keptS, ...given];
  return (await redis.eval(MOVE, list.length, ...list, ...args)) === 1;
}

export async function put(redis: Redis, board: Board, filling: BoardKeys, live: BoardKeys, seen: Mark | undefined) {
  const list = [...listOf(board, live), ...listOf(board, filling)];
  return (await redis.eval(PUT, list.length, ...list, seen?.generation ?? "")) === 1;
}

const FIELDS = ["generation", "revision", "position", "size"] as const;

/**
 * What is read of a board, and how far it was at least; undefined: it is not there, or not all of it. In this order, on one connection:
 * what is gone before the read ends is missed after it.
 */
export async function readWith<T>(
  redis: Redis,
  { board, mark }: BoardKeys,
  read: (board: string) => Promise<T>,
): Promise<{ readonly mark: Mark; readonly value: T } | undefined> {
  const [[generation, revision, position, size], value, there] = await Promise.all([
    redis.hmget(mark, ...FIELDS),
    read(board),
    redis.exists(board),
  ]);
  if (generation == null || (Number(size) > 0 && there === 0)) return undefined;
  return {
    mark: { generation: Number(generation), revision: Number(revision), position: Number(position) },
    value,
  };
}

export async function readMark(redis: Redis, keys: BoardKeys): Promise<Mark | undefined> {
  return (await readWith(redis, keys, async () => undefined))?.mark;
}
