import type { Redis } from "ioredis";
import type { GuardedRedis } from "../store/redis.ts";
import { createLooking } from "./looking.ts";
import type { Reader } from "./player-queries.ts";

/** What is counted: events of a type, or players of whom there is one. How far the log is taken, the read model says. */
const FIGURES = [
  { readModel: "combat", key: "stats:combats:today", eventType: "CombatDemarre", of: "events" },
  { readModel: "economy", key: "stats:transactions:today", eventType: "TransactionExecutee", of: "events" },
  { readModel: "players", key: "stats:active_players:today", eventType: "JoueurConnecte", of: "players" },
] as const;
type Figure = (typeof FIGURES)[number];

/** Events that are counted at once: their players are the arguments of one script. */
const PAGE = 5_000;
const LOOK_MS = 2_000;

/**
 * Moves a figure on, if it still stands where it is thought to. KEYS: the figure, and how far it goes of which day. ARGV: the day as s since
 * the epoch, how far it goes, how far it then goes, what is counted, and of events how many, of players who. An older day has nothing to
 * add to a newer one. Answers 1 if moved.
 */
const MOVE = `
local at = redis.call('HMGET', KEYS[2], 'day', 'upto')
local day, upto = tonumber(at[1] or '0'), at[2] or '0'
if day > tonumber(ARGV[1]) then return 0 end
if day < tonumber(ARGV[1]) or redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[1], KEYS[2])
  upto = '0'
end
if upto ~= ARGV[2] then return 0 end
if ARGV[4] == 'events' then redis.call('INCRBY', KEYS[1], ARGV[5]) else redis.call('PFADD', KEYS[1], unpack(ARGV, 5)) end
redis.call('HSET', KEYS[2], 'day', ARGV[1], 'upto', ARGV[3])
for _, key in ipairs(KEYS) do redis.call('EXPIREAT', key, tonumber(ARGV[1]) + 86400) end
return 1`;

/**
 * The day's figures in Redis (contract: "Redis keys and channels"), until midnight UTC by the database's clock. Each stands beside how far
 * of the log it counts, and moves with it from where the writer has seen it: any node may count, and each event is counted once.
 */
export interface DayFigures {
  /** A read model has moved on. Never waits. */
  taken(readModel: string): void;
  close(): Promise<void>;
}

export interface DayFiguresOptions {
  readonly reader: Reader;
  readonly redis: GuardedRedis;
  readonly onFault: (error: unknown) => void;
  /** Events that are counted at once; default 5,000. */
  readonly pageSize?: number;
  /** ms; default 2,000. */
  readonly lookMs?: number;
}

export function createDayFigures(options: DayFiguresOptions): DayFigures {
  const { reader, redis, onFault, pageSize = PAGE } = options;
  let closed = false;

  // On a cluster a script's keys are in one slot: the second is where the first's whole name puts it.
  const keysOf = ({ key }: Figure): [figure: string, upto: string] => [
    redis.key(key),
    redis.key(`upto:{${redis.key(key)}}`),
  ];

  /** How far it goes of this day: 0 if it has not begun. Undefined: Redis is not there. */
  async function uptoOf(figure: Figure, day: number): Promise<number | undefined> {
    const [key, upto] = keysOf(figure);
    const found = await redis.use((client: Redis) =>
      Promise.all([client.hmget(upto, "day", "upto"), client.exists(key)]),
    );
    if (found === undefined) return undefined;
    const [[of, at], there] = found.value;
    return Number(of) === day && there === 1 ? Number(at) : 0;
  }

  /** Up to where the read model is: no event before that is still on its way into the log. */
  async function moveOn(figure: Figure, day: number, end: number): Promise<void> {
    for (let from = await uptoOf(figure, day); from !== undefined && from < end && !closed; ) {
      const { rows } = await reader.query<{ sequence: number; id: string }>({
        name: "day_figure",
        text: `SELECT event_sequence AS sequence, payload->>'joueurId' AS id FROM evenements
               WHERE event_type = $1 AND event_sequence > $2 AND event_sequence <= $3
                 AND "timestamp" >= to_timestamp($4) AND "timestamp" < to_timestamp($4 + 86400)
               ORDER BY event_sequence LIMIT $5`,
        values: [figure.eventType, from, end, day, pageSize],
      });
      const upto = rows.length < pageSize ? end : (rows.at(-1)?.sequence ?? end);
      const counted = figure.of === "events" ? [rows.length] : new Set(rows.map(({ id }) => id));
      const args = [day, from, upto, figure.of, ...counted];
      const moved = await redis.use((client) => client.eval(MOVE, 2, ...keysOf(figure), ...args));
      if (moved?.value !== 1) return;
      from = upto;
    }
  }

  async function work(): Promise<void> {
    if (!redis.usable) return;
    const { rows } = await reader.query<{ name: string; position: number; day: number }>({
      name: "day_positions",
      text: `SELECT name, position, extract(epoch FROM date_trunc('day', now()))::int AS day FROM consumer_checkpoints
             WHERE name = ANY ($1)`,
      values: [FIGURES.map(({ readModel }) => readModel)],
    });
    for (const figure of FIGURES) {
      const row = rows.find(({ name }) => name === figure.readModel);
      if (row !== undefined) await moveOn(figure, row.day, row.position);
    }
  }

  const looking = createLooking(work, { everyMs: options.lookMs ?? LOOK_MS, onFault });
  const unsubscribe = redis.onConnect(() => looking.soon());

  return {
    taken(readModel) {
      if (FIGURES.some((figure) => figure.readModel === readModel)) looking.soon();
    },
    async close() {
      closed = true;
      unsubscribe();
      await looking.close();
    },
  };
}
