import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { keysOf, memberOf } from "../../projections/board-keys.ts";
import { move, readMark } from "../../projections/board-scripts.ts";
import { type BoardsOptions, createBoards } from "../../projections/boards.ts";
import { createBoardReads } from "../../projections/boards-reads.ts";
import { playerProjector } from "../../projections/player.ts";
import { rebuildProjection } from "../../projections/rebuild.ts";
import { createPool } from "../../store/database.ts";
import { createRedis } from "../../store/redis.ts";
import { seededRandom } from "../rooms/simulation.ts";
import { useDatabase } from "../support/postgres.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";
import { boardsIn, boardsOf, type Change, change, lateReader, playerId } from "./board-store.ts";

const PREFIX = "b:";
const database = useDatabase();
let pool: pg.Pool;
let server: PrivateRedis;
let client: Redis;
const closing: (() => Promise<void>)[] = [];
const faults: unknown[] = [];

beforeAll(async () => {
  const started = await startPrivateRedis();
  if (started === undefined) throw new Error("there is no redis-server");
  server = started;
  client = new Redis(server.url, { maxRetriesPerRequest: null });
  pool = createPool({ url: database.url, poolSize: 8 });
});
beforeEach(async () => {
  await client.flushall();
  await pool.query("DELETE FROM joueurs");
  await pool.query("DELETE FROM leaderboard_changes");
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  expect(faults.splice(0)).toEqual([]);
});
afterAll(async () => {
  client.disconnect();
  await pool.end();
  await server.stop();
});

async function node(options: Partial<BoardsOptions> = {}) {
  const redis = createRedis({ url: server.url, prefix: PREFIX, timeoutMs: 500, restMs: 50 });
  await until(() => redis.usable);
  const boards = createBoards({
    ...{ reader: pool, redis, onFault: (error: unknown) => faults.push(error), pageSize: 7, lookMs: 30 },
    ...options,
  });
  const close = async (): Promise<void> => {
    await boards.close();
    await redis.close();
  };
  closing.push(close);
  return { boards, redis, reads: createBoardReads(pool, boards), close };
}

async function until(holds: () => boolean | Promise<boolean>, what = "it"): Promise<void> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error(`${what} did not come about`);
}

async function asTheRows(): Promise<void> {
  const same = async () =>
    JSON.stringify(sorted(await boardsIn(client, PREFIX))) === JSON.stringify(sorted(await boardsOf(pool)));
  await until(same).catch(() => undefined);
  expect(sorted(await boardsIn(client, PREFIX))).toEqual(sorted(await boardsOf(pool)));
}

function sorted(boards: Awaited<ReturnType<typeof boardsOf>>) {
  return Object.entries(boards).map(([name, members]) => [name, Object.entries(members).toSorted()]);
}

const crowd = (count: number): Change[] =>
  Array.from({ length: count }, (_, n) => ({
    n,
    niveau: 1 + (n % 9),
    experience: 10_000 + n,
    guilde_id: `g${n % 3}`,
    guilde_nom: `G${n % 3}`,
  }));

/** Stays as long as no board is filled anew. */
const WITNESS = "witness:of the first filling";
const plant = () => client.zadd(`${PREFIX}leaderboard:level`, -1, WITNESS);
const witnessed = async () => (await client.zscore(`${PREFIX}leaderboard:level`, WITNESS)) !== null;

test("[CACHE-3] what a node had committed when it was killed before it wrote to Redis, another one writes, without filling anew", async () => {
  await change(pool, crowd(30));
  const first = await node();
  await asTheRows();
  await plant();
  await first.close();
  for (let n = 0; n < 20; n += 1) await change(pool, [{ n, niveau: 50 + n }]);
  await node();
  await until(async () => (await client.zscore(`${PREFIX}leaderboard:level`, memberOf(playerId(19), "p19"))) !== null);
  await until(async () => (await boardsIn(client, PREFIX)).guild["g0:G0"] === (await boardsOf(pool)).guild["g0:G0"]);
  expect(await witnessed()).toBe(true);
  await client.zrem(`${PREFIX}leaderboard:level`, WITNESS);
  await asTheRows();
});

test("[CACHE-3] … and what was committed while Redis was away, the same one", async () => {
  await change(pool, crowd(10));
  const { boards } = await node();
  await asTheRows();
  server.pause();
  await change(pool, [
    { n: 3, niveau: 80 },
    { n: 4, pseudo: "renamed" },
  ]);
  boards.taken("players");
  await sleep(700);
  server.resume();
  await asTheRows();
});

test("[CACHE-3] who was slow overwrites nothing: a board moves only from where it was seen", async () => {
  await change(pool, crowd(3));
  const { redis } = await node();
  await asTheRows();
  const keys = keysOf(redis, "level");
  const seen = await readMark(client, keys);
  if (seen === undefined) throw new Error("there is no board");
  await change(pool, [{ n: 1, niveau: 60 }]);
  await asTheRows();
  const placings = [{ id: playerId(1), member: memberOf(playerId(1), "p1"), score: 2_000_000, was: [] }];
  expect(
    await move(client, "level", { keys, from: seen, to: { ...seen, revision: seen.revision + 1 }, placings }),
  ).toBe(false);
  await asTheRows();
});

test("[CACHE-3] who is renamed, and guilds that are left, renamed, emptied or have any sign in their ids, leave nothing behind", async () => {
  await change(pool, crowd(9));
  const { boards, reads } = await node();
  await asTheRows();
  const steps: readonly (readonly Change[])[] = [
    [{ n: 0, pseudo: "Alix" }],
    [
      { n: 0, pseudo: "Bruno" },
      { n: 1, guilde_id: "g2", guilde_nom: "G2" },
    ],
    [{ n: 2, guilde_nom: "Zénith" }],
    [1, 4, 7].map((n) => ({ n, guilde_id: "a:b%3A:c", guilde_nom: "D:E" })),
    [{ n: 4, guilde_id: null, guilde_nom: null }],
    [{ n: 5, statistiques_jeu: { score_arene: 2_000 } }],
  ];
  for (const step of steps) {
    await change(pool, step);
    boards.taken("players");
    await asTheRows();
  }
  const found = await reads.guilds({ around: playerId(7), limit: 1 });
  expect(found).toMatchObject({ live: true, rows: [{ guildeId: "a:b%3A:c", nom: "D:E", membres: 2 }] });
  // A player whose guild's name the others of it do not have yet is of the same guild.
  expect(await reads.guilds({ around: playerId(5), limit: 1 })).toMatchObject({ rows: [{ guildeId: "g2" }, {}] });
});

test("[CACHE-3] what Redis has lost is not there until it is filled, and one board that was lost is filled", async () => {
  await change(pool, crowd(5));
  await node();
  await asTheRows();
  const { boards } = await node({ lookMs: 600_000 });
  await until(async () => (await boards.page("level", 0, 2))?.length === 2);
  await client.unlink(`${PREFIX}leaderboard:level`);
  expect(await boards.page("level", 0, 2)).toBeUndefined();
  await asTheRows();
  for (const close of closing.splice(0, 1)) await close();
  await client.flushall();
  expect(await boards.page("level", 0, 2)).toBeUndefined();
  expect(await boards.rankOf("guild", "g1")).toBeUndefined();
  boards.taken("players");
  await asTheRows();
  expect(await boards.rankOf("guild", "g1")).toBeGreaterThan(0);
});

test("[CACHE-3] who has missed more changes than are kept is filled anew, and so is everybody after a rebuild", async () => {
  await change(pool, crowd(8));
  const first = await node();
  await asTheRows();
  await plant();
  await first.close();
  await change(pool, [{ n: 1, niveau: 70 }]);
  await change(pool, [{ n: 2, niveau: 71 }]);
  await pool.query("DELETE FROM leaderboard_changes WHERE revision < (SELECT max(revision) FROM leaderboard_changes)");
  const second = await node();
  await until(async () => !(await witnessed()));
  await asTheRows();
  await second.close();
  const { rows } = await pool.query<{ last: number }>("SELECT max(revision) AS last FROM leaderboard_changes");
  // A log with nothing in it: the new tables are empty, and their changes soon have the numbers of the old ones.
  const store = { readAll: async () => [] };
  await rebuildProjection({ projector: playerProjector, nodeId: "n", database: { url: database.url }, store });
  await change(
    pool,
    crowd((rows[0]?.last ?? 0) + 20).map(({ n, ...one }) => ({ ...one, n: n + 1_000 })),
  );
  await node({ pageSize: 100 });
  await asTheRows();
});

test("[CACHE-3] a read waits for what the caller knows of, on any node, and is refused where that does not come", async () => {
  await change(pool, crowd(5));
  const [told, other] = [await node({ lookMs: 600_000 }), await node({ lookMs: 600_000, waitMs: 2_000 })];
  await asTheRows();
  await sleep(100);
  const sequence = await change(pool, [{ n: 4, niveau: 99 }]);
  const found = await other.reads.players("level", { limit: 1, minSequence: sequence });
  expect(found).toMatchObject({ live: true, rows: [{ joueurId: playerId(4), niveau: 99, rang: 1 }, { rang: 2 }] });
  expect(await other.boards.rankOf("level", memberOf(playerId(4), "p4"), sequence)).toBe(1);
  expect(await other.reads.players("level", { limit: 1, minSequence: sequence + 1 })).toBe("NOT_YET");
  expect(await createBoardReads(pool, undefined).players("level", { limit: 1, minSequence: 1 })).toBe("NOT_YET");
  expect(await told.reads.players("arena", { limit: 1, around: playerId(77) })).toBe("NOT_RANKED");
});

test.each([1, 2, 3])(
  "[CACHE-3] two nodes that fill and write, slow as they are, while Redis is flushed and stopped, seed %i: right in the end, and no newer rank gives way to an older",
  async (seed) => {
    const chance = seededRandom(seed);
    const pick = <One>(of: readonly One[]): One => of[Math.floor(chance() * of.length)] as One;
    await change(pool, crowd(25));
    const nodes = [];
    for (let n = 0; n < 2; n += 1) nodes.push(await node({ reader: lateReader(pool, chance, 25), lookMs: 5 }));
    let flushes = 0;
    // Ranks only rise here, so that a fall between two looks is an older row over a newer one.
    let stop = false;
    const falls: string[] = [];
    const watching = (async () => {
      let [seen, at] = [new Map<string, number>(), 0];
      while (!stop) {
        const before = flushes;
        const { level } = await boardsIn(client, PREFIX);
        if (at !== before || before !== flushes) [seen, at] = [new Map(), flushes];
        for (const [member, score] of Object.entries(level)) {
          const id = member.slice(0, 36);
          if (score < (seen.get(id) ?? 0) && flushes === at) falls.push(`${id} ${seen.get(id)} → ${score}`);
          seen.set(id, Math.max(score, seen.get(id) ?? 0));
        }
        await sleep(1);
      }
    })();
    const niveaux = new Map<number, number>();
    for (let step = 0; step < 120; step += 1) {
      const n = Math.floor(chance() * 40);
      const roll = chance();
      niveaux.set(n, (niveaux.get(n) ?? 10) + 1);
      const niveau = niveaux.get(n) ?? 0;
      const guild = pick(["g0", "g1", "a:b", null]);
      if (roll < 0.5) await change(pool, [{ n, niveau, experience: 10_000 }]);
      else if (roll < 0.65) await change(pool, [{ n, niveau, pseudo: pick(["x", "y:z", "ö"]) }]);
      else if (roll < 0.85)
        await change(pool, [{ n, niveau, guilde_id: guild, guilde_nom: guild === null ? null : pick(["K", "L:M"]) }]);
      else if (roll < 0.9) {
        flushes += 1;
        await client.flushall();
      } else if (roll < 0.93) {
        server.pause();
        await sleep(chance() * 700);
        server.resume();
      } else await sleep(chance() * 60);
      if (chance() < 0.5) pick(nodes).boards.taken("players");
    }
    await asTheRows();
    stop = true;
    await watching;
    expect(falls).toEqual([]);
  },
);
