import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { listCatalogue } from "../projections/catalogue-queries.ts";
import { readBook } from "../projections/economy-queries.ts";
import { rankOf, readBoard } from "../projections/leaderboard.ts";
import { readInventory, readItems, readProfiles, searchPlayers } from "../projections/player-queries.ts";
import { signToken } from "../server/auth.ts";
import { DEVELOPMENT_SECRET } from "../server/config.ts";
import { startServerProcess } from "../server/demo-server.ts";
import { createPool } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import { startPrivateRedis } from "../test/support/redis.ts";
import { fillPlayers, ITEMS, itemId, playerId } from "./reads/fill.ts";
import { recording } from "./reads/plans.ts";
import { atLeast, atMost, type Bench, type Table } from "./report.ts";

const SIZES = [Number(process.env.BENCH_PLAYERS ?? 1_000_000) / 10, Number(process.env.BENCH_PLAYERS ?? 1_000_000)];
const PER_SECOND = 100;
const SECONDS = 8;
const HOT = 100;

interface Figures {
  readonly kind: string;
  readonly players: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

class Refused extends Error {}

interface Kind {
  readonly kind: string;
  path(n: number, players: number): string;
  /** ms at the 99th percentile that are wanted. */
  readonly p99?: number;
}

const somebody = (n: number, players: number): number => 1 + ((n * 7_919) % players);
const KINDS: readonly Kind[] = [
  { kind: "profile, hit", path: (n) => `/players/${playerId(1 + (n % HOT))}`, p99: 5 },
  { kind: "profile, miss", path: (n, players) => `/players/${playerId(somebody(n, players))}`, p99: 50 },
  {
    kind: "inventory, miss",
    path: (n, players) => `/players/${playerId(somebody(n + 1_000, players))}/inventory`,
    p99: 50,
  },
  { kind: "leaderboard, top", path: () => "/leaderboards/level?limit=50", p99: 50 },
  {
    kind: "leaderboard, around",
    path: (n, players) => `/leaderboards/level?limit=50&around=${playerId(somebody(n, players))}`,
    p99: 50,
  },
  { kind: "order book", path: (n) => `/market/items/${itemId(n % 4 === 0 ? 1 : 1 + (n % ITEMS))}/book`, p99: 50 },
  { kind: "player search", path: (n) => `/players?search=joueur${n % 1_000}`, p99: 50 },
  { kind: "catalogue page", path: (n) => `/items?limit=50&search=${n % 100}`, p99: 50 },
  { kind: "limit: a probe", path: () => "/healthz" },
];

/** The reads that are asked for most, over HTTP, at 100,000 players and at a million. */
export const reads: Bench = {
  name: "reads",
  async run({ databaseUrl, progress }) {
    await migrate({ url: databaseUrl });
    const redis = await startPrivateRedis();
    const owner = new pg.Client({ connectionString: databaseUrl });
    await owner.connect();
    const figures: Figures[] = [];
    const plans = new Map<string, string[]>();
    const headers = {
      authorization: `Bearer ${await signToken(DEVELOPMENT_SECRET, { userId: playerId(1), role: "admin", tenantId: "default" })}`,
    };
    try {
      for (const [i, players] of SIZES.entries()) {
        await fillPlayers(owner, i === 0 ? 0 : (SIZES[i - 1] ?? 0), players, progress);
        for (const view of ["vue_leaderboard_global", "vue_leaderboard_guildes", "vue_items_populaires"])
          await owner.query(`REFRESH MATERIALIZED VIEW ${view}`);
        for (const [name, shape] of await shapesAt(databaseUrl, players))
          plans.set(name, [...(plans.get(name) ?? []), shape]);
        const server = await startServerProcess({
          DATABASE_URL: databaseUrl,
          DEMO_WORLD: "false",
          COMMANDS_PER_SECOND: "100000",
          CONNECTIONS_PER_ADDRESS: "100000",
          ...(redis !== undefined && { REDIS_URL: redis.url, REDIS_PREFIX: `${players}:` }),
        });
        const api = server.apiUrl.replace("localhost", "127.0.0.1");
        const get = async (path: string): Promise<Record<string, unknown>> => {
          const response = await fetch(`${api}${path}`, { headers });
          const body = (await response.json()) as Record<string, unknown>;
          // A refusal is an answer that nobody can use: it counts as one that never came.
          if (response.status === 503) throw new Refused(`${path}: ${body["code"]}`);
          if (!response.ok) throw new Error(`${path}: ${response.status} ${body["detail"]}`);
          return body;
        };
        try {
          const filling = performance.now();
          while (redis !== undefined && (await get("/leaderboards/level?limit=1"))["live"] !== true) await sleep(250);
          progress(`${players}: leaderboards filled after ${Math.round((performance.now() - filling) / 1_000)} s`);
          for (let n = 0; n < HOT; n += 1) await get(`/players/${playerId(1 + n)}`);
          for (const { kind, path } of KINDS) {
            // Connections and plans of a server that has just started are not what is measured.
            for (let n = 0; n < 100; n += 1) await get(path(1_000_000 + n, players));
            const times = await paced((n) => get(path(n, players)));
            figures.push({ kind, players, ...times });
          }
        } finally {
          await server.stop();
        }
      }
      return {
        aims: [
          ...KINDS.flatMap(({ kind, p99 }) => {
            const most = figures.find((one) => one.kind === kind && one.players === SIZES[1]);
            return p99 === undefined || most === undefined
              ? []
              : [atMost(`${kind}, p99 ms at ${SIZES[1]} players`, most.p99, p99)];
          }),
          atLeast("queries with the same plan at ten times the rows", samePlans(plans), plans.size),
        ],
        figures: { figures, plans: Object.fromEntries(plans) },
        tables: [timesTable(figures), plansTable(plans)],
        notes: [
          `${PER_SECOND} calls a second for ${SECONDS} s each, open loop, over HTTP on this machine, with Redis ${redis === undefined ? "missing" : "beside"}.`,
          "rows are written into the read models' tables directly, as the projectors would write them.",
          "a miss reads PostgreSQL and fills Redis; players are not asked for twice.",
        ],
      };
    } finally {
      await owner.end();
      await redis?.stop();
    }
  },
};

/** Latencies from when a call was due, ms. */
async function paced(call: (n: number) => Promise<unknown>): Promise<Pick<Figures, "p50" | "p95" | "p99">> {
  const latencies: number[] = [];
  const start = performance.now();
  const calls: Promise<void>[] = [];
  for (let n = 0; n < PER_SECOND * SECONDS; n += 1) {
    const due = start + (n / PER_SECOND) * 1_000;
    if (due > performance.now()) await sleep(due - performance.now());
    const begun = performance.now();
    const answered = call(n).then(
      () => void latencies.push(performance.now() - begun),
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        latencies.push(Number.POSITIVE_INFINITY);
      },
    );
    calls.push(answered);
  }
  await Promise.all(calls);
  latencies.sort((one, other) => one - other);
  const of = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return { p50: of(0.5), p95: of(0.95), p99: of(0.99) };
}

async function shapesAt(databaseUrl: string, players: number): Promise<ReadonlyMap<string, string>> {
  const pool = createPool({ url: databaseUrl, poolSize: 1 });
  const { reader, shapes } = recording(pool);
  const one = playerId(somebody(77, players));
  const asked: Readonly<Record<string, () => Promise<unknown>>> = {
    profile: () => readProfiles(reader, [one]),
    inventory: async () => {
      const inventory = await readInventory(reader, one);
      return readItems(reader, inventory?.inventaireId ?? "", { limit: 50 });
    },
    "leaderboard, top": () => readBoard(reader, "level", { limit: 50 }),
    "leaderboard, deep": () => readBoard(reader, "level", { after: players / 2, limit: 50 }),
    "rank of a player": () => rankOf(reader, "level", one),
    "order book": () => readBook(reader, itemId(1), 20),
    "player search": () => searchPlayers(reader, "joueur77", { limit: 50 }),
    "catalogue page": () => listCatalogue(reader, "items", { retire: false }, { limit: 50 }),
  };
  const found = new Map<string, string>();
  for (const [name, ask] of Object.entries(asked)) {
    await ask();
    found.set(name, (await shapes()).join("; "));
  }
  await pool.end();
  return found;
}

function samePlans(plans: ReadonlyMap<string, readonly string[]>): number {
  return [...plans.values()].filter((shapes) => new Set(shapes).size === 1).length;
}

function timesTable(figures: readonly Figures[]): Table {
  return {
    title: "Over HTTP",
    columns: ["read", "players", "p50 ms", "p95 ms", "p99 ms"],
    rows: figures.map(({ kind, players, p50, p95, p99 }) => [kind, players, p50, p95, p99]),
  };
}

function plansTable(plans: ReadonlyMap<string, readonly string[]>): Table {
  return {
    title: "Plans",
    columns: ["query", "the same at both sizes", "plan"],
    rows: [...plans].map(([name, shapes]) => [
      name,
      new Set(shapes).size === 1 ? "yes" : "no",
      [...new Set(shapes)].join(" → "),
    ]),
  };
}
