import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { GuardedRedis } from "../store/redis.ts";
import { readHead } from "./board-changes.ts";
import { fillBoards } from "./board-fill.ts";
import { canFollow, follow, type Target } from "./board-follow.ts";
import { idOf, keysOf } from "./board-keys.ts";
import { type Mark, readMark, readWith } from "./board-scripts.ts";
import { BOARDS, type Board } from "./leaderboard.ts";
import { createLooking } from "./looking.ts";
import type { Reader } from "./player-queries.ts";

/** Changes that are taken at once. */
const PAGE = 1_000;
const LOOK_MS = 2_000;
/** ms between looks while a reader waits, and that it waits at most: a position may be written down a second late. */
const WAIT_LOOK_MS = 50;
const WAIT_MS = 2_000;

/**
 * Leaderboards in Redis (contract: "Redis keys and channels"), made from the players' rows and what has been noted of their changes.
 * Each has a mark that says how far it follows them, and moves with it in one script, only from where the writer has seen it: so any node
 * may write, whoever was killed or slow leaves nothing undone and overwrites nothing, and what Redis has lost it has lost with its mark.
 */
export interface Boards {
  /** A read model has moved on, and its rows are committed. Never waits. */
  taken(readModel: string): void;
  /**
   * Members after a rank, the highest score first; undefined: Redis is not there, not filled, or has not come as far as
   * `minSequence` in a while.
   */
  page(board: Board, after: number, limit: number, minSequence?: number): Promise<readonly RankedMember[] | undefined>;
  /**
   * From 1; null: not ranked; undefined: as above.
   * @param who a player's member; of the guilds' board, a guild's id
   */
  rankOf(board: Board, who: string, minSequence?: number): Promise<number | null | undefined>;
  close(): Promise<void>;
}

export interface RankedMember {
  readonly rang: number;
  readonly id: string;
  readonly score: number;
}

export interface BoardsOptions {
  readonly reader: Reader;
  readonly redis: GuardedRedis;
  readonly onFault: (error: unknown) => void;
  /** Changes, and rows, that are taken at once; default 1,000. */
  readonly pageSize?: number;
  /** ms; default 2,000. */
  readonly lookMs?: number;
  /** ms that a reader waits for what is fresh enough; default 2,000. */
  readonly waitMs?: number;
}

export function createBoards(options: BoardsOptions): Boards {
  const { reader, redis, onFault, waitMs = WAIT_MS } = options;
  let closed = false;
  const services = { reader, redis, pageSize: options.pageSize ?? PAGE, isClosed: () => closed };

  async function work(): Promise<void> {
    if (!redis.usable) return;
    const marks = await redis.use((client) =>
      Promise.all(BOARDS.map((board) => readMark(client, keysOf(redis, board)))),
    );
    if (marks === undefined) return;
    const head = await readHead(reader);
    const there: Target[] = [];
    const missing = new Map<Board, Mark | undefined>();
    for (const [n, board] of BOARDS.entries()) {
      const mark = marks.value[n];
      if (mark !== undefined && canFollow(mark, head)) there.push({ board, keys: keysOf(redis, board), mark });
      else missing.set(board, mark);
    }
    await follow(services, there);
    if (missing.size > 0) await fillBoards(services, missing);
  }

  const looking = createLooking(work, { everyMs: options.lookMs ?? LOOK_MS, onFault });
  const unsubscribe = redis.onConnect(() => looking.soon());

  async function read<T>(
    board: Board,
    minSequence: number,
    of: (client: Redis, key: string) => Promise<T>,
  ): Promise<T | undefined> {
    const keys = keysOf(redis, board);
    for (const until = performance.now() + waitMs; ; ) {
      const found = await redis.use((client) => readWith(client, keys, (key) => of(client, key)));
      if (found?.value === undefined) return undefined;
      if (found.value.mark.position >= minSequence) return found.value.value;
      if (performance.now() > until || closed) return undefined;
      await looking.now();
      await sleep(WAIT_LOOK_MS);
    }
  }

  return {
    taken(readModel) {
      if (readModel === "players") looking.soon();
    },
    async page(board, after, limit, minSequence = 0) {
      const found = await read(board, minSequence, (client, key) =>
        client.zrevrange(key, after, after + limit - 1, "WITHSCORES"),
      );
      return (
        found &&
        Array.from({ length: found.length / 2 }, (_, i) => {
          return { rang: after + i + 1, id: idOf(found[2 * i] ?? ""), score: Number(found[2 * i + 1]) };
        })
      );
    },
    async rankOf(board, who, minSequence = 0) {
      const rank = await read(board, minSequence, async (client, key) => {
        const member = board === "guild" ? await client.hget(keysOf(redis, board).members, who) : who;
        return member === null ? null : client.zrevrank(key, member);
      });
      return typeof rank === "number" ? rank + 1 : rank;
    },
    async close() {
      closed = true;
      unsubscribe();
      await looking.close();
    },
  };
}
