import type { PayloadOf, Retour } from "../combat/events.ts";
import type { StoredEvent } from "../envelope.ts";
import { WORLD_ID } from "../world/values.ts";
import { averageRating, ratingDelta } from "./rating.ts";
import { payloadOf, type Saga, type Step } from "./saga.ts";

type Ended = PayloadOf<"CombatTermine">;
type Facts = Extract<Extract<Step, { to: "Joueur" }>["command"], { type: "ProgresserObjectifs" }>["faits"];

const SCORES = { VICTOIRE: 1, NUL: 0.5, DEFAITE: 0, ABANDON: 0.5 } as const;

/** [SAGA-4]: only fights of the arena count, and only against others who have a rating. */
function ratingOf(ended: Ended, one: Retour): { readonly coteDelta?: number } {
  if (ended.typeCombat !== "ARENE" || one.cote === undefined) return {};
  const others = Object.values(ended.retours).filter(({ equipe }) => equipe !== one.equipe);
  const opponents = averageRating(others.flatMap(({ cote }) => cote ?? []));
  return opponents === undefined ? {} : { coteDelta: ratingDelta(one.cote, opponents, SCORES[one.resultat]) };
}

function closing(combatId: string, one: Retour) {
  const { resultat, hpActuel, mpActuel, staminaActuel, objetsUtilises } = one;
  const vitaux = { hpActuel, mpActuel, staminaActuel };
  return { type: "CloturerCombat", combatId, resultat, vitaux, objetsUtilises } as const;
}

/** [SAGA-1]: experience, gold, loot, wounds, used items and rating, in one step for each player. */
function closings(ended: Ended): Step[] {
  return Object.entries(ended.retours).map(([participantId, one]) => {
    const { experience = 0, or = 0, objets = [] } = ended.recompenses[participantId] ?? {};
    return {
      name: `cloture ${one.entiteId}`,
      to: "Joueur",
      id: one.entiteId,
      command: { ...closing(ended.combatId, one), experience, or, objets, ...ratingOf(ended, one) },
    };
  });
}

/** [SAGA-2]: what the fight counts towards quests. */
function factsOf(ended: Ended, one: Retour): Facts {
  const kills = new Map<string, number>();
  for (const id of one.pnjVaincus) kills.set(id, (kills.get(id) ?? 0) + 1);
  const faits: Facts[number][] = [...kills].map(([cible, quantite]) => ({ type: "TUER", cible, quantite }));
  if (one.resultat !== "VICTOIRE") return faits;
  faits.push({ type: "GAGNER_COMBAT", cible: ended.typeCombat, quantite: 1 });
  for (const { entiteId } of ended.bossVaincus) faits.push({ type: "VAINCRE_BOSS", cible: entiteId, quantite: 1 });
  return faits;
}

function progress(ended: Ended): Step[] {
  return Object.values(ended.retours).flatMap((one): Step[] => {
    const faits = factsOf(ended, one);
    if (faits.length === 0) return [];
    const command = { type: "ProgresserObjectifs", faits, reference: ended.combatId } as const;
    return [{ name: `quetes ${one.entiteId}`, to: "Joueur", id: one.entiteId, command }];
  });
}

/** [SAGA-3]: the world hears of its bosses, and of what was slain for the hunts and invasions that are under way. */
function news(ended: Ended): Step[] {
  const winners = Object.values(ended.retours).filter(({ resultat }) => resultat === "VICTOIRE");
  if (winners.length === 0) return [];
  const { combatId, zone } = ended;
  const nameOf = new Map(ended.vainqueurs.map(({ entiteId, nom }) => [entiteId, nom]));
  const vainqueurs = winners.map(({ entiteId }) => ({ joueurId: entiteId, pseudo: nameOf.get(entiteId) ?? "" }));
  const steps = ended.bossVaincus.map(
    ({ entiteId, nom }): Step => ({
      name: `boss ${entiteId}`,
      to: "WorldState",
      id: WORLD_ID,
      command: { type: "DeclarerBossVaincu", bossId: entiteId, nom, combatId, zoneId: zone.zoneId, vainqueurs },
      // A boss of the catalogue may be fought where the world does not have it, and where there is no world.
      fine: ["BOSS_NOT_FOUND", "ZONE_NOT_FOUND", "WORLD_NOT_FOUND"],
    }),
  );
  const contributions = winners.flatMap(({ entiteId, pnjVaincus }) =>
    pnjVaincus.length === 0 ? [] : [{ joueurId: entiteId, montant: pnjVaincus.length }],
  );
  if (contributions.length === 0) return steps;
  const counted = { type: "CompterFaits", typeEvenement: "INVASION", zoneId: zone.zoneId, contributions } as const;
  const command = { ...counted, reference: combatId };
  return [...steps, { name: "invasion", to: "WorldState", id: WORLD_ID, command, fine: ["WORLD_NOT_FOUND"] }];
}

function abandoned({ combatId, retours }: PayloadOf<"CombatAbandonne">): Step[] {
  return Object.values(retours).map((one) => ({
    name: `cloture ${one.entiteId}`,
    to: "Joueur",
    id: one.entiteId,
    command: { ...closing(combatId, one), experience: 0, or: 0, objets: [] },
  }));
}

/** What a combat brings to those who fought it, when it has ended. */
export const combatRewards: Saga = {
  name: "combat-rewards",
  eventTypes: ["CombatTermine", "CombatAbandonne"],
  react(event: StoredEvent): readonly Step[] {
    if (event.eventType === "CombatAbandonne") return abandoned(payloadOf(event));
    const ended = payloadOf<Ended>(event);
    return [...closings(ended), ...progress(ended), ...news(ended)];
  },
};
