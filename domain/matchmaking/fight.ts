import type { ModeRules } from "./modes.ts";

/** Where matches are fought that are about no place in the world. */
const ARENA = { zoneId: "a7e4a000-0000-4000-8000-000000000001", nom: "Arène" };
/** On a line of 20: who begins nearest to the others stands there. */
const FRONT = { A: 9, B: 11 } as const;

export interface FightMember {
  readonly joueurId: string;
  readonly equipe: string;
}

/** [QUEUE-10]: what a match asks of `POST /combat/start`: its players, and of a group's those whom it wants to fight. */
export function fightOf(rules: ModeRules, cibleId: string | null, members: readonly FightMember[]) {
  const seated = (equipe: "A" | "B") =>
    members
      .filter((one) => one.equipe === equipe)
      .map(({ joueurId }, i) => ({
        entiteId: joueurId,
        typeEntite: "JOUEUR" as const,
        equipe,
        position: equipe === "A" ? FRONT.A - i : FRONT.B + i,
      }));
  const typeEntite = rules.mode === "BOSS" ? ("BOSS" as const) : ("PNJ" as const);
  const many = rules.mode === "BOSS" ? 1 : members.length;
  const foes =
    cibleId === null
      ? []
      : Array.from({ length: many }, (_, i) => ({
          entiteId: cibleId,
          typeEntite,
          equipe: "B",
          position: FRONT.B + i,
        }));
  return {
    typeCombat: rules.typeCombat,
    zone: ARENA,
    preparationMs: rules.preparationMs,
    ...(rules.mode === "BOSS" && { conditionsVictoire: { bossVaincu: true } }),
    participants: [...seated("A"), ...seated("B"), ...foes],
  };
}
