import type { PlayerState } from "../domain/player/state.ts";
import type { GuardedRedis } from "../store/redis.ts";
import type { Observer } from "./actors.ts";

const SESSION_TTL_S = 3_600;
/** ms between two writes of one session's last activity. */
const ACTIVITY_MS = 30_000;
/** ms between a node's counts of who is on it, and s for which such a count is believed. */
const COUNT_MS = 5_000;
const COUNT_TTL_S = 20;

export interface PlayerMirror extends Observer<PlayerState> {
  close(): Promise<void>;
}

interface PlayerMirrorOptions {
  readonly redis: GuardedRedis;
  readonly nodeId: string;
}

/** Sessions, cooldowns and who is online, as others read them from Redis; written after commits, never waited for. */
export function createPlayerMirror({ redis, nodeId }: PlayerMirrorOptions): PlayerMirror {
  const seen = new Map<
    string,
    { sessions: readonly string[]; cooldowns: PlayerState["competences"]; activeAt: number }
  >();

  async function writeSessions(id: string, now: readonly string[], before: readonly string[]): Promise<void> {
    const at = new Date().toISOString();
    const own = redis.key(`user:${id}:sessions`);
    await redis.use(async (client) => {
      const gone = before.filter((one) => !now.includes(one));
      await Promise.all([
        ...gone.flatMap((one) => [client.unlink(redis.key(`session:${one}`)), client.srem(own, one)]),
        ...now.flatMap((one) => {
          const key = redis.key(`session:${one}`);
          return [
            client.hsetnx(key, "created_at", at),
            client.hset(key, { user_id: id, last_activity: at }),
            client.expire(key, SESSION_TTL_S),
            client.sadd(own, one),
          ];
        }),
        client.expire(own, SESSION_TTL_S),
      ]);
    });
  }

  async function writeCooldowns(id: string, { apprises }: PlayerState["competences"]): Promise<void> {
    const now = Date.now();
    const open = apprises.flatMap(({ competenceId, echeance }) =>
      echeance !== null && Date.parse(echeance) > now ? [[`skill:${competenceId}`, Date.parse(echeance)] as const] : [],
    );
    const key = redis.key(`player:${id}:cooldowns`);
    await redis.use(async (client) => {
      const transaction = client.multi().unlink(key);
      if (open.length > 0)
        transaction.hset(key, Object.fromEntries(open)).pexpireat(key, Math.max(...open.map(([, until]) => until)));
      for (const [error] of (await transaction.exec()) ?? []) if (error !== null) throw error;
    });
  }

  /** Each node tells how many it has; together they are the figure. A node that died is forgotten with its count. */
  async function countOnline(): Promise<void> {
    const online = [...seen.values()].filter(({ sessions }) => sessions.length > 0).length;
    const byNode = redis.key("stats:players:online:nodes");
    await redis.use(async (client) => {
      await client.hset(byNode, nodeId, `${online} ${Date.now()}`);
      await client.expire(byNode, COUNT_TTL_S);
      const counts = Object.entries(await client.hgetall(byNode)).map(([node, text]) => {
        const [count = 0, at = 0] = text.split(" ").map(Number);
        return { node, count, fresh: Date.now() - at < COUNT_TTL_S * 1_000 };
      });
      const dead = counts.filter(({ fresh }) => !fresh).map(({ node }) => node);
      if (dead.length > 0) await client.hdel(byNode, ...dead);
      const total = counts.reduce((sum, { count, fresh }) => sum + (fresh ? count : 0), 0);
      await client.set(redis.key("stats:players:online"), total, "EX", COUNT_TTL_S);
    });
  }

  const counting = setInterval(() => void countOnline(), COUNT_MS);

  return {
    committed(id, { state }) {
      const { sessions } = state.joueur;
      const before = seen.get(id);
      const now = performance.now();
      const changed = before?.sessions !== sessions;
      const active = sessions.length > 0 && now - (before?.activeAt ?? 0) > ACTIVITY_MS;
      if (changed || active) void writeSessions(id, sessions, before?.sessions ?? []);
      if (before !== undefined && before.cooldowns !== state.competences) void writeCooldowns(id, state.competences);
      seen.set(id, {
        sessions,
        cooldowns: state.competences,
        activeAt: changed || active ? now : (before?.activeAt ?? 0),
      });
    },
    stopped: (id) => void seen.delete(id),
    async close() {
      clearInterval(counting);
      seen.clear();
      await redis.use((client) => client.hdel(redis.key("stats:players:online:nodes"), nodeId));
    },
  };
}
