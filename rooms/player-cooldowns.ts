import type { PlayerState } from "../domain/player/state.ts";
import type { GuardedRedis } from "../store/redis.ts";
import type { Observer } from "./actors.ts";

/** ms between looks for what was lost, and between two writes of what stays the same: a flushed Redis tells nobody. */
const LOOK_MS = 1_000;
const SWEEP_MS = 60_000;
/** Writes under way at most, of those that are done again. */
const AT_ONCE = 100;

export interface PlayerCooldowns extends Observer<PlayerState> {
  close(): Promise<void>;
}

interface Locked {
  /** By skill, until when: ms since the epoch. */
  readonly until: ReadonlyMap<string, number>;
  readonly from: PlayerState["competences"];
  written: boolean;
}

/**
 * `player:{id}:cooldowns`, as others read it from Redis: the skills that a player cannot use yet. Written after the commit that
 * locks one, by the player's own node, and never waited for.
 */
export function createPlayerCooldowns({ redis }: { readonly redis: GuardedRedis }): PlayerCooldowns {
  const players = new Map<string, Locked>();
  let sweptAt = performance.now();
  let writing: Promise<void> | undefined;

  async function write(id: string, one: Locked): Promise<void> {
    one.written = true;
    const key = redis.key(`player:${id}:cooldowns`);
    const open = [...one.until].filter(([, until]) => until > Date.now());
    const done = await redis.use(async (client) => {
      const transaction = client.multi().unlink(key);
      if (open.length > 0)
        transaction.hset(key, Object.fromEntries(open)).pexpireat(key, Math.max(...open.map(([, until]) => until)));
      for (const [error] of (await transaction.exec()) ?? []) if (error !== null) throw error;
    });
    if (done === undefined) one.written = false;
    else if (open.length === 0 && players.get(id) === one) players.delete(id);
  }

  async function writeAll(all: readonly (readonly [string, Locked])[]): Promise<void> {
    for (let at = 0; at < all.length; at += AT_ONCE)
      await Promise.all(all.slice(at, at + AT_ONCE).map(([id, one]) => write(id, one)));
  }

  function look(): void {
    if (writing !== undefined) return;
    const now = performance.now();
    const sweep = now - sweptAt > SWEEP_MS;
    if (sweep) sweptAt = now;
    writing = writeAll([...players].filter(([, one]) => sweep || !one.written)).finally(() => {
      writing = undefined;
    });
  }

  const looking = setInterval(look, LOOK_MS);
  const unsubscribe = redis.onConnect(() => {
    for (const one of players.values()) one.written = false;
    look();
  });

  return {
    committed(id, { state: { competences } }) {
      const before = players.get(id);
      if (before?.from === competences) return;
      const now = Date.now();
      const until = new Map(
        competences.apprises.flatMap(({ competenceId, echeance }) => {
          const at = echeance === null ? 0 : Date.parse(echeance);
          return at > now ? [[`skill:${competenceId}`, at] as const] : [];
        }),
      );
      if (until.size === 0 && before === undefined) return;
      const one: Locked = { until, from: competences, written: false };
      players.set(id, one);
      void write(id, one);
    },
    stopped: (id) => void players.delete(id),
    async close() {
      clearInterval(looking);
      unsubscribe();
      players.clear();
      await writing;
    },
  };
}
