import type { Redis } from "ioredis";
import type { CombatState } from "../../domain/combat/state.ts";
import type { StoredEvent } from "../../domain/envelope.ts";

type Content = Readonly<Record<string, string>> | readonly string[];

/** Every key that the contract names for a combat, with all that is in it; by what comes after `combat:{id}:`. */
function wantedKeys(state: CombatState, log: readonly StoredEvent[]): ReadonlyMap<string, Content> {
  const wanted = new Map<string, Content>();
  const hash = (key: string, fields: Record<string, string | number | boolean | null>): void => {
    wanted.set(key, Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value ?? "")])));
  };
  hash("state", {
    combat_id: state.combatId,
    etat: state.etat,
    type_combat: state.typeCombat,
    tour_actuel: state.tourActuel,
    participant_actif_id: state.participantActifId,
    prochain_timeout: state.echeance,
    zone_id: state.zone.zoneId,
    version: log.length,
  });
  const over = state.etat === "TERMINE" || state.etat === "ABANDONNE";
  for (const [id, one] of Object.entries(state.participants)) {
    const effects = Object.values(one.effets);
    hash(`participant:${id}`, {
      participant_id: id,
      nom: one.nom,
      hp_actuel: one.hpActuel,
      hp_max: one.hpMax,
      mp_actuel: one.mpActuel,
      mp_max: one.mpMax,
      stamina_actuel: one.staminaActuel,
      stamina_max: one.staminaMax,
      etat: one.etat,
      peut_agir: one.etat === "ACTIF" && !over && effects.every(({ typeEffet }) => typeEffet !== "STUN"),
    });
    if (effects.length > 0) wanted.set(`participant:${id}:effects`, effects.map(({ effetId }) => effetId).sort());
    for (const { effetId, typeEffet, puissance, dureeTours, stacks } of effects)
      hash(`effect:${effetId}`, { type_effet: typeEffet, puissance, duree_tours_restants: dureeTours, stacks });
  }
  const order = Object.entries(state.participants).map(([id, { initiative }]) => `${id} ${initiative}`);
  if (order.length > 0) wanted.set("turn_order", order.sort());
  const acts = log.filter(({ eventType }) => eventType === "ActionExecutee").reverse();
  const told = acts.map(({ version, sequence, payload }) => sorted({ version, sequence, ...(payload as object) }));
  if (told.length > 0) wanted.set("recent_actions", told.slice(0, 20));
  return wanted;
}

/** JSON that does not depend on the order of keys, which `jsonb` does not keep. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

async function contentOf(redis: Redis, key: string): Promise<Content> {
  const type = await redis.type(key);
  switch (type) {
    case "hash":
      return redis.hgetall(key);
    case "set":
      return (await redis.smembers(key)).sort();
    case "zset": {
      const flat = await redis.zrange(key, "0", "-1", "WITHSCORES");
      return flat.flatMap((member, i) => (i % 2 === 0 ? [`${member} ${flat[i + 1]}`] : [])).sort();
    }
    case "list":
      return (await redis.lrange(key, 0, -1)).map((json) => sorted(JSON.parse(json)));
    default:
      return [`of type ${type}`];
  }
}

/**
 * What is not as it has to be among all keys of a combat, in words; empty if nothing.
 * @param prefix of each key, up to and including `combat:{id}:`
 * @param log the combat's own, from its first event on, which led to the state
 */
export async function strangeKeys(
  redis: Redis,
  prefix: string,
  state: CombatState,
  log: readonly StoredEvent[],
): Promise<readonly string[]> {
  const wanted = wantedKeys(state, log);
  const strange: string[] = [];
  for (const key of await redis.keys(`${prefix.replaceAll(/[{}[\]?*\\]/g, "\\$&")}*`)) {
    if (!wanted.has(key.slice(prefix.length))) strange.push(`${key} has no business there`);
    const ttl = await redis.ttl(key);
    if (ttl < 3_500 || ttl > 3_600) strange.push(`${key} goes after ${ttl} s`);
  }
  for (const [rest, content] of wanted) {
    const [found, expected] = [sorted(await contentOf(redis, `${prefix}${rest}`)), sorted(content)];
    if (found !== expected) strange.push(`${rest}: ${found} and not ${expected}`);
  }
  return strange;
}
