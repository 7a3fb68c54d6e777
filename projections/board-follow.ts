import type { GuardedRedis } from "../store/redis.ts";
import { changesAfter, type Head } from "./board-changes.ts";
import type { BoardKeys } from "./board-keys.ts";
import { placingsOf } from "./board-placings.ts";
import { type Mark, move } from "./board-scripts.ts";
import type { Board } from "./leaderboard.ts";
import type { Reader } from "./player-queries.ts";

export interface BoardServices {
  readonly reader: Reader;
  readonly redis: GuardedRedis;
  /** Changes, and rows, that are taken at once. */
  readonly pageSize: number;
  readonly isClosed: () => boolean;
}

/** A board, or one that is being filled, and how far it is. */
export interface Target {
  readonly board: Board;
  readonly keys: BoardKeys;
  readonly mark: Mark;
}

/** Whether what has changed since is still known. */
export function canFollow(mark: Mark, { generation, oldest, newest }: Head): boolean {
  return mark.generation === generation && mark.revision <= newest && mark.revision >= oldest - 1;
}

/**
 * Moves boards on to where the rows are, page by page, from the ones that are furthest behind. Answers those that are there; the others
 * somebody else has moved, or they are lost, or Redis is.
 * @param keptS for which they are kept; 0: for ever
 */
export async function follow(
  { reader, redis, pageSize, isClosed }: BoardServices,
  targets: readonly Target[],
  keptS = 0,
): Promise<readonly Target[]> {
  let behind = targets;
  const done: Target[] = [];

  async function moveOn(target: Target, page: Awaited<ReturnType<typeof changesAfter>>): Promise<Target | undefined> {
    const { board, keys, mark: from } = target;
    const { head, changes } = page;
    if (!canFollow(from, head)) return undefined;
    const whole = changes.length < pageSize;
    const to = {
      ...from,
      revision: changes.at(-1)?.revision ?? from.revision,
      position: whole ? Math.max(from.position, head.position) : from.position,
    };
    if (to.revision === from.revision && to.position === from.position) return target;
    const placings = await placingsOf(reader, board, changes);
    const moved = await redis.use((client) => move(client, board, { keys, from, to, placings, keptS }));
    return moved?.value === true ? { board, keys, mark: to } : undefined;
  }

  while (behind.length > 0 && !isClosed()) {
    const least = Math.min(...behind.map(({ mark }) => mark.revision));
    const page = await changesAfter(reader, least, pageSize);
    const ahead = behind.filter(({ mark }) => mark.revision > least);
    const moved = await Promise.all(
      behind.filter(({ mark }) => mark.revision === least).map((target) => moveOn(target, page)),
    );
    const on = moved.filter((target) => target !== undefined);
    if (page.changes.length < pageSize) done.push(...on);
    behind = page.changes.length < pageSize ? ahead : [...ahead, ...on];
  }
  return done;
}
