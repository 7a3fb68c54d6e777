import { randomUUID } from "node:crypto";
import { type CombatDefinition, combatDefinition } from "../../domain/combat/definition.ts";

/** Two who stand face to face, hit weakly and have hit points for a year: a fight that never ends by itself. */
export function duel(players: readonly [string, string]): CombatDefinition {
  return combatDefinition.parse({
    typeCombat: "PVP",
    zone: { zoneId: randomUUID() },
    graine: randomUUID(),
    dureeTourMs: 3_600_000,
    conditionsVictoire: { limiteTours: 100_000 },
    participants: players.map((entiteId, i) => ({
      participantId: entiteId,
      entiteId,
      typeEntite: "JOUEUR",
      equipe: `${i}`,
      nom: `Duelliste ${i}`,
      initiative: 10 - i,
      position: i,
      hpMax: 1_000_000,
      statsCombat: { attaque: 5, precision: 95 },
    })),
  });
}
