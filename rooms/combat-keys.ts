import type { CombatState, Participant } from "../domain/combat/state.ts";
import { RUN_COMMANDS } from "../store/redis.ts";

/** s for which a combat's keys stay after the last write. */
const TTL_S = 3_600;

/**
 * Writes all of a combat's keys anew, unless a newer version stands there. Answers 1 if it has, and 0 if not.
 * KEYS: the state, then the others. ARGV: what all of them begin with, the version, then commands.
 *
 * Effects that are over are known from what stands there alone: another node may have written them a moment ago. Their keys are
 * in the slot of the others.
 */
export const WRITE_COMBAT = `
local known = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if known > tonumber(ARGV[2]) then return 0 end
for i = 1, #KEYS do
  if string.sub(KEYS[i], -8) == ':effects' then
    for _, effect in ipairs(redis.call('SMEMBERS', KEYS[i])) do redis.call('UNLINK', ARGV[1] .. 'effect:' .. effect) end
  end
  redis.call('UNLINK', KEYS[i])
end
local at = 3
${RUN_COMMANDS}
return 1`;

/** KEYS: a participant. ARGV: its name. What has run out does not come back. */
export const RENAME_FIGHTER = `
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'nom', ARGV[1]) end`;

export interface CombatKeys {
  /** After `combat:{id}:`; the state's first. Those that stay empty are among them, so that what stood there goes. */
  readonly keys: readonly string[];
  readonly commands: readonly string[];
}

/** All that Redis has of a combat (contract: "Redis keys and channels"). @param recent JSON, newest first */
export function combatKeys(state: CombatState, recent: readonly string[]): CombatKeys {
  const keys: string[] = [];
  const commands: string[] = [];

  function put(rest: string, command: string, ...args: readonly (string | number)[]): void {
    const key = keys.push(rest);
    if (args.length === 0) return;
    for (const one of [
      [command, key, ...args],
      ["EXPIRE", key, TTL_S],
    ])
      commands.push(String(one.length), ...one.map(String));
  }
  const hash = (rest: string, fields: Readonly<Record<string, string | number>>): void =>
    put(rest, "HSET", ...Object.entries(fields).flat());

  hash("state", {
    combat_id: state.combatId,
    etat: state.etat,
    type_combat: state.typeCombat,
    tour_actuel: state.tourActuel,
    participant_actif_id: state.participantActifId ?? "",
    prochain_timeout: state.echeance ?? "",
    zone_id: state.zone.zoneId,
    version: state.version,
  });
  const participants = Object.values(state.participants);
  for (const participant of participants) {
    const { participantId } = participant;
    hash(`participant:${participantId}`, participantFields(participant, state));
    const own = Object.values(participant.effets);
    put(`participant:${participantId}:effects`, "SADD", ...own.map(({ effetId }) => effetId));
    for (const { effetId, typeEffet, puissance, dureeTours, stacks } of own) {
      hash(`effect:${effetId}`, { type_effet: typeEffet, puissance, duree_tours_restants: dureeTours, stacks });
    }
  }
  put("turn_order", "ZADD", ...participants.flatMap(({ initiative, participantId }) => [initiative, participantId]));
  put("recent_actions", "RPUSH", ...recent);
  return { keys, commands };
}

/** Nothing will happen in it any more. */
export function isOver({ etat, fin }: CombatState): boolean {
  return fin !== null || etat === "ABANDONNE";
}

function participantFields(participant: Participant, state: CombatState): Readonly<Record<string, string | number>> {
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
    peut_agir: String(participant.etat === "ACTIF" && !stunned && !isOver(state)),
  };
}
