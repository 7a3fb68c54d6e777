import type { GuardedRedis } from "../store/redis.ts";

const SESSION_TTL_S = 3_600;
/** ms between two writes of a session that goes on: with its last activity, and because a flushed Redis tells nobody. */
const SWEEP_MS = 30_000;
/** ms between a node's counts of who is on it, and between looks for what was lost. */
const LOOK_MS = 5_000;
/** s for which a node's count is believed: one that has died is soon forgotten. */
const COUNT_TTL_S = 20;
/** Sessions that are written at once. */
const AT_ONCE = 100;
/** Sessions that have ended and are kept until Redis has forgotten them; more of them run out by themselves. */
const ENDED_AT_MOST = 10_000;

/** A player that has come; whoever tells of it tells of what becomes of it, too. */
export interface Presence {
  active(): void;
  left(): void;
}

export interface Arrival {
  readonly sessionId: string;
  readonly userId: string;
  /** Where the connection comes from; undefined where nobody knows. */
  readonly address?: string | undefined;
}

export interface SessionMirror {
  came(arrival: Arrival): Presence;
  close(): Promise<void>;
}

export interface SessionMirrorOptions {
  readonly redis: GuardedRedis;
  readonly nodeId: string;
  /** An address as it may be kept: the same for the same address, and of no use to anybody who does not know it. */
  readonly disguise: (address: string) => string;
  /** ms; default 30,000. */
  readonly sweepMs?: number;
}

interface Session {
  readonly sessionId: string;
  readonly userId: string;
  readonly ip: string;
  readonly createdAt: string;
  lastActivity: string;
  written: boolean;
}

/**
 * Who is in the game, as others read it from Redis: `session:{id}`, `user:{id}:sessions` and
 * `stats:players:online`. Told by the players' rooms; never waited for. What is there no longer because its node has died
 * runs out by itself.
 */
export function createSessionMirror({
  redis,
  nodeId,
  disguise,
  sweepMs = SWEEP_MS,
}: SessionMirrorOptions): SessionMirror {
  const sessions = new Map<string, Session>();
  /** Sessions that have ended, and may still stand there. */
  const ended = new Map<string, Session>();
  let sweptAt = performance.now();
  let looking: Promise<void> | undefined;

  const sessionKey = (sessionId: string): string => redis.key(`session:${sessionId}`);
  const userKey = (userId: string): string => redis.key(`user:${userId}:sessions`);

  async function write(those: readonly Session[]): Promise<boolean> {
    const some = those.filter((one) => sessions.get(one.sessionId) === one);
    if (some.length === 0) return true;
    const done = await redis.use((client) =>
      Promise.all(
        some.flatMap(({ sessionId, userId, ip, createdAt, lastActivity }) => [
          client.hset(sessionKey(sessionId), {
            ...{ user_id: userId, ip, created_at: createdAt, last_activity: lastActivity },
          }),
          client.expire(sessionKey(sessionId), SESSION_TTL_S),
          client.sadd(userKey(userId), sessionId),
          client.expire(userKey(userId), SESSION_TTL_S),
        ]),
      ),
    );
    if (done !== undefined) for (const one of some) one.written = true;
    return done !== undefined;
  }

  async function remove(some: readonly Session[]): Promise<boolean> {
    const done = await redis.use((client) =>
      Promise.all(
        some.flatMap(({ sessionId, userId }) => [
          client.unlink(sessionKey(sessionId)),
          client.srem(userKey(userId), sessionId),
        ]),
      ),
    );
    if (done !== undefined) for (const { sessionId } of some) ended.delete(sessionId);
    return done !== undefined;
  }

  /** A player has one session: what else is named there was left behind by a node that died. */
  async function replace(session: Session): Promise<void> {
    await redis.use(async (client) => {
      const others = (await client.smembers(userKey(session.userId))).filter((id) => id !== session.sessionId);
      if (others.length === 0) return;
      await Promise.all([
        client.srem(userKey(session.userId), ...others),
        ...others.map((id) => client.unlink(sessionKey(id))),
      ]);
    });
    await write([session]);
  }

  /** Each node tells how many it has; together they are the figure. */
  async function countOnline(): Promise<void> {
    const online = new Set([...sessions.values()].map(({ userId }) => userId)).size;
    const byNode = redis.key("stats:players:online:nodes");
    await redis.use(async (client) => {
      const [seconds] = await client.time();
      const now = Number(seconds);
      await client.hset(byNode, nodeId, `${online} ${now}`);
      await client.expire(byNode, COUNT_TTL_S);
      const counts = Object.entries(await client.hgetall(byNode)).map(([node, text]) => {
        const [count = 0, at = 0] = text.split(" ").map(Number);
        return { node, count, fresh: now - at < COUNT_TTL_S };
      });
      const dead = counts.filter(({ fresh }) => !fresh).map(({ node }) => node);
      if (dead.length > 0) await client.hdel(byNode, ...dead);
      const total = counts.reduce((sum, { count, fresh }) => sum + (fresh ? count : 0), 0);
      await client.set(redis.key("stats:players:online"), total, "EX", COUNT_TTL_S);
    });
  }

  async function inParts(all: readonly Session[], work: (some: readonly Session[]) => Promise<boolean>): Promise<void> {
    for (let at = 0; at < all.length; at += AT_ONCE) if (!(await work(all.slice(at, at + AT_ONCE)))) return;
  }

  async function lookOnce(): Promise<void> {
    const now = performance.now();
    const sweep = now - sweptAt > sweepMs;
    if (sweep) sweptAt = now;
    await inParts([...ended.values()], remove);
    await inParts(
      [...sessions.values()].filter(({ written }) => sweep || !written),
      write,
    );
    await countOnline();
  }

  function look(): void {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
  }

  const timer = setInterval(look, Math.min(LOOK_MS, sweepMs));
  const unsubscribe = redis.onConnect(() => {
    for (const one of sessions.values()) one.written = false;
    look();
  });

  return {
    came({ sessionId, userId, address }) {
      const at = new Date().toISOString();
      const ip = address === undefined ? "" : disguise(address);
      const session: Session = { sessionId, userId, ip, createdAt: at, lastActivity: at, written: false };
      ended.delete(sessionId);
      sessions.set(sessionId, session);
      void replace(session);
      return {
        active() {
          session.lastActivity = new Date().toISOString();
        },
        left() {
          // Somebody may have come back under the same id before it was noticed that they were gone.
          if (sessions.get(sessionId) !== session) return;
          sessions.delete(sessionId);
          if (ended.size < ENDED_AT_MOST) ended.set(sessionId, session);
          void remove([session]);
        },
      };
    },
    async close() {
      clearInterval(timer);
      unsubscribe();
      await looking;
      await redis.use((client) => client.hdel(redis.key("stats:players:online:nodes"), nodeId));
      sessions.clear();
      ended.clear();
    },
  };
}
