import type pg from "pg";
import type { GuardedRedis } from "../store/redis.ts";
import { FIRST_ID } from "./due.ts";

/** ms between two looks at the day's row. */
const LOOK_MS = 2_000;
/** Players that are read and written at once. */
const PAGE = 2_000;

/** Counts only go up within a day: a node that read earlier and writes later changes nothing. KEYS: the count. ARGV: it, and the day's end. */
const RAISE = `
if tonumber(redis.call('GET', KEYS[1]) or '-1') >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EXAT', ARGV[2])
return 1`;

interface Today {
  readonly combats: number;
  readonly transactions: number;
  /** s since the epoch. */
  readonly begin: number;
  readonly end: number;
}

/** The day's figures in Redis (contract: `stats:…:today`), made from rows: nothing is counted there, so nothing is counted twice. */
export interface DayCounters {
  close(): Promise<void>;
}

export function createDayCounters(
  pool: Pick<pg.Pool, "query">,
  redis: GuardedRedis,
  onFault: (error: unknown) => void,
): DayCounters {
  let closed = false;
  let working: Promise<void> | undefined;

  async function today(): Promise<Today> {
    const { rows } = await pool.query<Today>(
      `WITH d AS (SELECT (now() AT TIME ZONE 'UTC')::date AS jour)
       SELECT coalesce(c.combats, 0)::float8 AS combats, coalesce(c.transactions, 0)::float8 AS transactions,
         extract(epoch FROM d.jour::timestamp AT TIME ZONE 'UTC')::float8 AS begin,
         extract(epoch FROM (d.jour + 1)::timestamp AT TIME ZONE 'UTC')::float8 AS end
       FROM d LEFT JOIN chiffres_jour c USING (jour)`,
    );
    const [row] = rows;
    if (row === undefined) throw new Error("there is no today");
    return row;
  }

  /** Who has come today. Rooms add those who do something; what a flush has taken comes back here. */
  async function fillActive({ begin, end }: Today): Promise<void> {
    const key = redis.key("stats:active_players:today");
    let after: readonly [seen: string, id: string] = [new Date(begin * 1_000).toISOString(), FIRST_ID];
    while (!closed) {
      const { rows } = await pool.query<{ id: string; seen: string }>(
        `SELECT joueur_id AS id, derniere_connexion::text AS seen FROM joueurs
         WHERE (derniere_connexion, joueur_id) >= ($1::timestamptz, $2::uuid) ORDER BY derniere_connexion, joueur_id LIMIT ${PAGE}`,
        [...after],
      );
      const ids = rows.map(({ id }) => id);
      if (ids.length > 0) {
        const done = await redis.use((client) => Promise.all([client.pfadd(key, ...ids), client.expireat(key, end)]));
        if (done === undefined) return;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) break;
      after = [last.seen, last.id];
    }
    await redis.use((client) => client.set(`${key}:filled`, "1", "EXAT", end));
  }

  async function look(): Promise<void> {
    if (!redis.usable) return;
    const day = await today();
    const filled = await redis.use(async (client) => {
      await client.eval(RAISE, 1, redis.key("stats:combats:today"), day.combats, day.end);
      await client.eval(RAISE, 1, redis.key("stats:transactions:today"), day.transactions, day.end);
      return client.exists(redis.key("stats:active_players:today:filled"));
    });
    if (filled?.value === 0) await fillActive(day);
  }

  const looking = setInterval(() => {
    working ??= look()
      .catch(onFault)
      .finally(() => {
        working = undefined;
      });
  }, LOOK_MS);

  return {
    async close() {
      closed = true;
      clearInterval(looking);
      await working;
    },
  };
}
