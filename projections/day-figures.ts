import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import type { GuardedRedis } from "../store/redis.ts";

/** What is counted, by the read model that takes it, and the event that counts. */
const COUNTED = [
  { readModel: "combat", key: "stats:combats:today", eventType: "CombatDemarre" },
  { readModel: "economy", key: "stats:transactions:today", eventType: "TransactionExecutee" },
] as const;
type Counted = (typeof COUNTED)[number];

const ACTIVE = "stats:active_players:today";
/** Players of the day that are counted anew after a flush, at most: it is an estimate all the same. */
const ACTIVE_AT_MOST = 100_000;
const RETRY_MS = 2_000;

/**
 * Adds events to the day's count, each once. KEYS: the count, and how far it goes. ARGV: when the day ends, s since the epoch, then the events'
 * sequences, rising. Answers 0 where it has no beginning to add to.
 */
const ADD = `
local upto = redis.call('GET', KEYS[2])
if not upto then return 0 end
local fresh = 0
for i = 2, #ARGV do
  if tonumber(ARGV[i]) > tonumber(upto) then fresh = fresh + 1 end
end
redis.call('INCRBY', KEYS[1], fresh)
if tonumber(ARGV[#ARGV]) > tonumber(upto) then redis.call('SET', KEYS[2], ARGV[#ARGV]) end
redis.call('EXPIREAT', KEYS[1], ARGV[1])
redis.call('EXPIREAT', KEYS[2], ARGV[1])
return 1`;

/** Puts a count in the place of one that goes less far. KEYS as above. ARGV: when the day ends, the count, how far it goes. */
const BEGIN = `
local upto = tonumber(redis.call('GET', KEYS[2]) or '-1')
if upto > tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[3])
redis.call('EXPIREAT', KEYS[1], ARGV[1])
redis.call('EXPIREAT', KEYS[2], ARGV[1])
return 1`;

/** The day's figures in Redis (contract: "Redis keys and channels"), until midnight UTC. */
export interface DayFigures {
  /** A read model has taken these, and its rows are committed. Never waits. */
  taken(readModel: string, events: readonly StoredEvent[]): void;
  close(): Promise<void>;
}

export function createDayFigures(
  pool: Pick<pg.Pool, "query">,
  redis: GuardedRedis,
  onFault: (error: unknown) => void,
): DayFigures {
  /** Figures that Redis does not have, or may have wrongly: they are counted anew from the log. */
  const broken = new Set<Counted>(COUNTED);
  let activeBroken = true;
  let working: Promise<void> = Promise.resolve();
  let closed = false;

  const midnight = (): Date => {
    const day = new Date();
    day.setUTCHours(0, 0, 0, 0);
    return day;
  };
  const dayEnds = (): number => midnight().getTime() / 1_000 + 86_400;
  // On a cluster a script's keys are in one slot: the second is where the first's whole name puts it.
  const keysOf = ({ key }: Counted): [string, string] => [redis.key(key), redis.key(`upto:{${redis.key(key)}}`)];

  async function countAnew(figure: Counted): Promise<void> {
    // What is counted up to must be whole: a lower number may still be on its way into the log behind a higher one.
    const marked = await pool.query<{ upto: number }>("SELECT high_water_mark() AS upto");
    const upto = marked.rows[0]?.upto ?? 0;
    const { rows } = await pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM evenements
       WHERE event_type = $1 AND "timestamp" >= $2 AND event_sequence <= $3`,
      [figure.eventType, midnight().toISOString(), upto],
    );
    const { count = 0 } = rows[0] ?? {};
    const done = await redis.use((client) => client.eval(BEGIN, 2, ...keysOf(figure), dayEnds(), count, upto));
    if (done !== undefined) broken.delete(figure);
  }

  async function add(figure: Counted, sequences: readonly number[]): Promise<void> {
    const done = await redis.use((client) => client.eval(ADD, 2, ...keysOf(figure), dayEnds(), ...sequences));
    if (done?.value !== 1) broken.add(figure);
  }

  async function addActive(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const key = redis.key(ACTIVE);
    const done = await redis.use(async (client) => {
      await client.pfadd(key, ...ids);
      await client.expireat(key, dayEnds());
    });
    if (done === undefined) activeBroken = true;
  }

  async function mend(): Promise<void> {
    if (!redis.usable || closed) return;
    for (const figure of COUNTED) {
      const there = broken.has(figure) ? undefined : await redis.use((client) => client.exists(keysOf(figure)[1]));
      // Flushed, or a new day: it begins with what the log has of today.
      if (broken.has(figure) || there?.value === 0) await countAnew(figure);
    }
    if (!activeBroken && (await redis.use((client) => client.exists(redis.key(ACTIVE))))?.value !== 0) return;
    activeBroken = false;
    const { rows } = await pool.query<{ id: string }>(
      "SELECT joueur_id AS id FROM joueurs WHERE derniere_connexion >= $1 ORDER BY derniere_connexion DESC LIMIT $2",
      [midnight().toISOString(), ACTIVE_AT_MOST],
    );
    for (let at = 0; at < rows.length; at += 1_000) await addActive(rows.slice(at, at + 1_000).map(({ id }) => id));
  }

  /** One thing after another: what is added is added in the order of the log. */
  function next(work: () => Promise<void>): void {
    working = working.then(work).catch(onFault);
  }

  const mending = setInterval(() => next(mend), RETRY_MS);
  next(mend);

  return {
    taken(readModel, events) {
      for (const figure of COUNTED) {
        if (figure.readModel !== readModel) continue;
        const since = midnight().toISOString();
        const counted = events.filter(
          ({ eventType, timestamp }) => eventType === figure.eventType && timestamp >= since,
        );
        const sequences = counted.map(({ sequence }) => sequence);
        if (sequences.length > 0) next(() => add(figure, sequences));
      }
      if (readModel !== "players") return;
      const ids = events
        .filter(({ eventType }) => eventType === "JoueurConnecte")
        .map(({ payload }) => (payload as { readonly joueurId: string }).joueurId);
      next(() => addActive(ids));
    },
    async close() {
      closed = true;
      clearInterval(mending);
      await working;
    },
  };
}
