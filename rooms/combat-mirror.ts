import type { CombatState, Participant } from "../domain/combat/state.ts";
import type { GuardedRedis } from "../store/redis.ts";
import type { Commit } from "./actor.ts";
import type { Observer } from "./actors.ts";

/** s for which a combat's keys stay after the last write. */
const COMBAT_TTL_S = 3_600;
const ZONE_TTL_S = 7_200;
const RECENT = 20;
/** ms between looks for combats whose last write was lost, and between writes of those that rest. */
const MEND_MS = 1_000;
const SWEEP_MS = 60_000;

/**
 * Writes all of a combat's keys anew, unless a newer version stands there. KEYS: the state, then the others.
 * ARGV: the version, then commands, each as its length, its name, the number of its key, and its arguments.
 */
const WRITE = `
local known = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if known > tonumber(ARGV[1]) then return 0 end
for i = 1, #KEYS do redis.call('UNLINK', KEYS[i]) end
local at = 2
while at <= #ARGV do
  local length = tonumber(ARGV[at])
  local command = { ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])] }
  for i = at + 3, at + length do command[#command + 1] = ARGV[i] end
  redis.call(unpack(command))
  at = at + length + 1
end
return 1`;

interface Mirrored {
  state: CombatState;
  /** JSON, newest first. */
  recent: string[];
  /** Effects that may stand in Redis; undefined: not known yet, from before this node. */
  effects: ReadonlySet<string> | undefined;
  writing: boolean;
  dirty: boolean;
  writtenAt: number;
  stopped: boolean;
}

export interface CombatMirror extends Observer<CombatState> {
  close(): Promise<void>;
}

interface CombatMirrorOptions {
  readonly redis: GuardedRedis;
  /** Around a combat's id in its keys: on a cluster braces, so that they are all in one slot. */
  readonly tag: (id: string) => string;
}

/**
 * Combats as others read them from Redis (contract: "Redis keys and channels"): written after each commit by the node that runs
 * them, never before, and never waited for. Of several commits that come while one is written the last one is.
 */
export function createCombatMirror({ redis, tag }: CombatMirrorOptions): CombatMirror {
  const mirrored = new Map<string, Mirrored>();

  const keyOf = (id: string, rest: string): string => redis.key(`combat:${tag(id)}:${rest}`);

  /** What an earlier owner has left, so that nothing of it stays behind. */
  async function learn(id: string, one: Mirrored): Promise<boolean> {
    const participants = Object.keys(one.state.participants);
    const learnt = await redis.use(async (client) => {
      const sets = await Promise.all(
        participants.map((pid) => client.smembers(keyOf(id, `participant:${pid}:effects`))),
      );
      const recent = await client.lrange(keyOf(id, "recent_actions"), 0, RECENT - 1);
      return { effects: sets.flat(), recent };
    });
    if (learnt === undefined) return false;
    one.effects = new Set(learnt.value.effects);
    const newest = new Set(one.recent);
    one.recent = [...one.recent, ...learnt.value.recent.filter((line) => !newest.has(line))].slice(0, RECENT);
    return true;
  }

  async function write(id: string, one: Mirrored): Promise<boolean> {
    if (one.effects === undefined && !(await learn(id, one))) return false;
    const { state } = one;
    const written = contentsOf(state, one.recent);
    const stale = [...(one.effects ?? [])].filter((effect) => !written.effects.has(effect));
    const keys = [...written.keys, ...stale.map((effect) => `effect:${effect}`)].map((rest) => keyOf(id, rest));
    const { zoneId } = state.zone;
    const over = state.fin !== null || state.etat === "ABANDONNE";
    const done = await redis.use(async (client) => {
      const applied = await client.eval(WRITE, keys.length, ...keys, String(state.version), ...written.commands);
      // Another key than the combat's, in another slot: only who may write the combat writes there.
      if (applied !== 1 || zoneId === "") return;
      const zone = redis.key(`zone:${zoneId}:active_combats`);
      if (over) await client.srem(zone, id);
      else await Promise.all([client.sadd(zone, id), client.expire(zone, ZONE_TTL_S)]);
    });
    if (done === undefined) return false;
    one.effects = written.effects;
    one.writtenAt = performance.now();
    if (over && one.state === state) mirrored.delete(id);
    return true;
  }

  async function writeOn(id: string, one: Mirrored): Promise<void> {
    one.writing = true;
    while (one.dirty) {
      one.dirty = false;
      if (await write(id, one)) continue;
      // Whether it was written nobody knows; the mending does it again.
      one.dirty = true;
      break;
    }
    one.writing = false;
    if (one.stopped && !one.dirty) mirrored.delete(id);
  }

  function look(): void {
    if (!redis.usable) return;
    const now = performance.now();
    for (const [id, one] of mirrored) {
      if (one.writing) continue;
      // A flushed Redis tells nobody.
      if (now - one.writtenAt > SWEEP_MS && !one.stopped) one.dirty = true;
      if (one.dirty) void writeOn(id, one);
    }
  }

  const mending = setInterval(look, MEND_MS);
  const unsubscribe = redis.onConnect(() => {
    for (const one of mirrored.values()) {
      one.dirty = true;
      one.effects = undefined;
    }
    look();
  });

  return {
    committed(id, { state, events }: Commit<CombatState>) {
      const one = mirrored.get(id) ?? {
        state,
        recent: [],
        effects: undefined,
        writing: false,
        dirty: false,
        writtenAt: performance.now(),
        stopped: false,
      };
      mirrored.set(id, one);
      one.state = state;
      one.stopped = false;
      one.dirty = true;
      const acts = events.filter(({ eventType }) => eventType === "ActionExecutee");
      const lines = acts.map(({ version, sequence, payload }) =>
        JSON.stringify({ version, sequence, ...(payload as object) }),
      );
      if (lines.length > 0) one.recent = [...lines.reverse(), ...one.recent].slice(0, RECENT);
      if (!one.writing) void writeOn(id, one);
    },
    stopped(id) {
      const one = mirrored.get(id);
      if (one === undefined) return;
      one.stopped = true;
      if (!one.writing && !one.dirty) mirrored.delete(id);
    },
    async close() {
      clearInterval(mending);
      unsubscribe();
      for (let tries = 0; tries < 50 && [...mirrored.values()].some(({ writing }) => writing); tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      mirrored.clear();
    },
  };
}

interface Contents {
  /** After `combat:{id}:`; the state's first. */
  readonly keys: readonly string[];
  readonly commands: readonly string[];
  readonly effects: ReadonlySet<string>;
}

function contentsOf(state: CombatState, recent: readonly string[]): Contents {
  const keys: string[] = ["state"];
  const commands: string[] = [];
  const effects = new Set<string>();

  function put(rest: string, command: string, ...args: readonly (string | number)[]): void {
    const known = keys.indexOf(rest);
    const key = known >= 0 ? known + 1 : keys.push(rest);
    for (const one of [
      [command, key, ...args],
      ["EXPIRE", key, COMBAT_TTL_S],
    ])
      commands.push(String(one.length), ...one.map(String));
  }

  put(
    "state",
    "HSET",
    ...Object.entries({
      combat_id: state.combatId,
      etat: state.etat,
      type_combat: state.typeCombat,
      tour_actuel: state.tourActuel,
      participant_actif_id: state.participantActifId ?? "",
      prochain_timeout: state.echeance ?? "",
      zone_id: state.zone.zoneId,
      version: state.version,
    }).flat(),
  );
  for (const participant of Object.values(state.participants)) {
    const { participantId: pid } = participant;
    put(`participant:${pid}`, "HSET", ...Object.entries(participantOf(participant, state)).flat());
    const own = Object.values(participant.effets);
    // A key without members is no key: it is named all the same, so that what stood there goes.
    if (own.length === 0) keys.push(`participant:${pid}:effects`);
    else put(`participant:${pid}:effects`, "SADD", ...own.map(({ effetId }) => effetId));
    for (const { effetId, typeEffet, puissance, dureeTours, stacks } of own) {
      effects.add(effetId);
      put(
        `effect:${effetId}`,
        "HSET",
        ...Object.entries({ type_effet: typeEffet, puissance, duree_tours_restants: dureeTours, stacks }).flat(),
      );
    }
  }
  const order = Object.values(state.participants).flatMap(({ participantId, initiative }) => [
    initiative,
    participantId,
  ]);
  if (order.length > 0) put("turn_order", "ZADD", ...order);
  if (recent.length > 0) put("recent_actions", "RPUSH", ...recent);
  else keys.push("recent_actions");
  return { keys, commands, effects };
}

function participantOf(participant: Participant, { fin }: CombatState): Readonly<Record<string, string | number>> {
  const stunned = Object.values(participant.effets).some(({ typeEffet }) => typeEffet === "STUN");
  return {
    participant_id: participant.participantId,
    nom: participant.nom,
    hp_actuel: participant.hpActuel,
    hp_max: participant.hpMax,
    mp_actuel: participant.mpActuel,
    mp_max: participant.mpMax,
    stamina_actuel: participant.staminaActuel,
    stamina_max: participant.staminaMax,
    etat: participant.etat,
    peut_agir: String(participant.etat === "ACTIF" && !stunned && fin === null),
  };
}
