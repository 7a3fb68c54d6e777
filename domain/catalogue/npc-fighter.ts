import type { z } from "zod";
import type { participantDefinition } from "../combat/participant.ts";
import { combatSkill } from "./combat-skill.ts";
import type { CompetenceDefinition, PnjDefinition } from "./definitions.ts";

/**
 * A non-player as a combat takes it in; undefined for one that does not fight. A skill that the catalogue does not have is left
 * out.
 */
export function npcFighter(
  pnjId: string,
  definition: PnjDefinition,
  skillNamed: (competenceId: string) => CompetenceDefinition | undefined,
  place: { readonly equipe: string; readonly position: number },
): z.input<typeof participantDefinition> | undefined {
  if (definition.combat === undefined) return undefined;
  const { competences, phases, ...stats } = definition.combat;
  const { typeEntite, nom, niveau } = definition;
  const skills = competences.flatMap(({ competenceId, niveau: level }) => {
    const found = skillNamed(competenceId);
    return found === undefined ? [] : [combatSkill(competenceId, found, level)];
  });
  return structuredClone({
    ...stats,
    ...place,
    entiteId: pnjId,
    typeEntite,
    nom,
    niveau,
    competences: skills,
    phases,
  }) as z.input<typeof participantDefinition>;
}
