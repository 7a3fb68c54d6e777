import { randomUUID } from "node:crypto";
import { guildsAfter, playersAfter, readHead } from "./board-changes.ts";
import { type BoardServices, follow, type Target } from "./board-follow.ts";
import { fillingKeysOf, keysOf } from "./board-keys.ts";
import { guildPlacing, placingOf } from "./board-placings.ts";
import { begin, type Mark, move, type Placing, put } from "./board-scripts.ts";
import type { Board } from "./leaderboard.ts";

/** s for which others leave the filling to one; renewed with each page. It saves work, no more. */
const LOCK_S = 10;
/** s for which a filling that nobody goes on with is kept. */
const KEPT_S = 60;
const NIL = "00000000-0000-0000-0000-000000000000";

interface Page {
  readonly placings: ReadonlyMap<Board, readonly Placing[]>;
  readonly last: string | undefined;
}

/**
 * Fills boards by pages beside those that are read, following what changes meanwhile, and puts them in their place.
 * @param seen the boards to fill, with the marks that they have
 */
export async function fillBoards(services: BoardServices, seen: ReadonlyMap<Board, Mark | undefined>): Promise<void> {
  const { reader, redis, pageSize, isClosed } = services;
  const token = randomUUID();
  const lock = redis.key("lock:leaderboard:fill");
  const got = await redis.use((client) => client.set(lock, token, "EX", LOCK_S, "NX"));
  if (got?.value !== "OK") return;

  async function players(after: string): Promise<Page> {
    const rows = await playersAfter(reader, after, pageSize);
    const placings = new Map(
      (["level", "arena"] as const).map((board) => [board, rows.map((row) => placingOf(board, row))]),
    );
    return { placings, last: rows.length < pageSize ? undefined : rows.at(-1)?.id };
  }

  async function guilds(after: string): Promise<Page> {
    const rows = await guildsAfter(reader, after, pageSize);
    const placings = new Map([["guild" as const, rows.map(guildPlacing)]]);
    return { placings, last: rows.length < pageSize ? undefined : rows.at(-1)?.id };
  }

  async function write(targets: readonly Target[], { placings }: Page): Promise<readonly Target[]> {
    const written = await Promise.all(
      targets.map(async ({ board, keys, mark }) => {
        const given = { keys, from: mark, to: mark, placings: placings.get(board) ?? [], keptS: KEPT_S };
        return (await redis.use((client) => move(client, board, given)))?.value === true;
      }),
    );
    await redis.use(async (client) => {
      if ((await client.get(lock)) === token) await client.expire(lock, LOCK_S);
    });
    return follow(
      services,
      targets.filter((_, n) => written[n]),
      KEPT_S,
    );
  }

  async function fill(boards: readonly Board[], from: string, read: (after: string) => Promise<Page>): Promise<void> {
    const some = boards.filter((board) => seen.has(board));
    if (some.length === 0) return;
    const { generation, newest: revision, position } = await readHead(reader);
    let targets: readonly Target[] = some.map((board) => ({
      board,
      keys: fillingKeysOf(redis, board, token),
      mark: { generation, revision, position },
    }));
    const begun = await redis.use((client) =>
      Promise.all(targets.map(({ keys, mark }) => begin(client, keys, mark, KEPT_S))),
    );
    for (let after: string | undefined = from; after !== undefined; ) {
      if (begun === undefined || isClosed() || targets.length === 0) return;
      const page = await read(after);
      targets = await write(targets, page);
      after = page.last;
    }
    for (const { board, keys } of targets)
      await redis.use((client) => put(client, board, keys, keysOf(redis, board), seen.get(board)));
  }

  try {
    await fill(["level", "arena"], NIL, players);
    await fill(["guild"], "", guilds);
  } finally {
    await redis.use(async (client) => {
      if ((await client.get(lock)) === token) await client.unlink(lock);
    });
  }
}
