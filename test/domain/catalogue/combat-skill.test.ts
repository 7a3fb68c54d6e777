import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combatSkill, poweredBy } from "../../../domain/catalogue/combat-skill.ts";
import { type CompetenceDefinition, competenceDefinition } from "../../../domain/catalogue/definitions.ts";
import { participantDefinition } from "../../../domain/combat/participant.ts";
import { modeCible, ressource, typeEffet } from "../../../domain/combat/values.ts";

const ID = "5e000000-0000-4000-8000-000000000001";

function skill(over: Record<string, unknown>): CompetenceDefinition {
  return competenceDefinition.parse({ nom: "S", typeCompetence: "ACTIVE", cible: "ENNEMI", ...over });
}

test("[SKILL-4] a level raises the powers of all effects, not the ratios", () => {
  expect([poweredBy(50, 1, 10), poweredBy(50, 3, 10), poweredBy(15, 2, 10)]).toEqual([50, 60, 16]);
  const definition = skill({
    modificateursNiveau: { puissance: 20 },
    effets: [
      { type: "DEGATS", puissance: 10, ratioAttaque: 50, ratioMagie: 20 },
      { type: "SOIN", puissance: 30, ratioMagie: 70 },
      { type: "STATUT", typeEffet: "POISON", puissance: 5, dureeTours: 3 },
    ],
  });
  expect(combatSkill(ID, definition, 3)).toMatchObject({
    degats: { puissance: 14, ratioAttaque: 50, ratioMagie: 20 },
    soin: { ressource: "HP", puissance: 42, ratioMagie: 70 },
    effets: [{ typeEffet: "POISON", puissance: 7, dureeTours: 3 }],
  });
});

test.each([
  ["FEU", "FEU"],
  ["EAU", "GLACE"],
  ["TERRE", "POISON"],
  ["AIR", "FOUDRE"],
  ["LUMIERE", "LUMIERE"],
  ["OMBRE", "OMBRE"],
  ["NEUTRE", "PHYSIQUE"],
])("[SKILL-5] in a combat %s is %s", (element, inCombat) => {
  const definition = skill({ element, effets: [{ type: "DEGATS", puissance: 1 }] });
  expect(combatSkill(ID, definition, 1).degats?.element).toBe(inCombat);
});

test("[SKILL-5] costs, reach and cooldown are the definition's", () => {
  const own = { portee: 7, rayon: 2, precision: -5 };
  const definition = skill({
    ...own,
    cible: "ZONE",
    coutMana: 12,
    coutStamina: 3,
    cooldownTours: 4,
    cooldownMs: 9_000,
  });
  expect(combatSkill(ID, definition, 1)).toEqual({
    ...own,
    competenceId: ID,
    nom: "S",
    cible: "ZONE",
    effets: [],
    dissipe: 0,
    coutMp: 12,
    coutStamina: 3,
    recharge: 4,
  });
});

describe("several effects of a kind", () => {
  test("[SKILL-6] DEGATS are one blow, SOIN of the first resource one heal, the first four STATUT hold, DISSIPE add up", () => {
    const statut = (puissance: number) => ({ type: "STATUT", typeEffet: "FORCE", puissance, dureeTours: 1 });
    const definition = skill({
      effets: [
        { type: "DEGATS", puissance: 10, ratioAttaque: 600 },
        { type: "DEGATS", puissance: 5, ratioAttaque: 600, ratioMagie: 10 },
        { type: "SOIN", ressource: "MP", puissance: 3 },
        { type: "SOIN", ressource: "HP", puissance: 9 },
        { type: "SOIN", ressource: "MP", puissance: 4 },
        { type: "DISSIPE", nombre: 6 },
        { type: "DISSIPE", nombre: 6 },
      ],
    });
    expect(combatSkill(ID, definition, 1)).toMatchObject({
      degats: { puissance: 15, ratioAttaque: 1_000, ratioMagie: 10 },
      soin: { ressource: "MP", puissance: 7 },
      dissipe: 10,
    });
    const many = skill({ effets: [1, 2, 3, 4, 5].map(statut) });
    expect(combatSkill(ID, many, 1).effets.map((one) => one.puissance)).toEqual([1, 2, 3, 4]);
  });

  test("[SKILL-6] whatever the definition and the level, a combat can take it", () => {
    const int = (min: number, max: number) => fc.integer({ min, max });
    const effet = fc.oneof(
      fc.record({
        type: fc.constant("DEGATS"),
        puissance: int(0, 100_000),
        ratioAttaque: int(0, 1_000),
        ratioMagie: int(0, 1_000),
      }),
      fc.record({
        type: fc.constant("SOIN"),
        ressource: fc.constantFrom(...ressource.options),
        puissance: int(0, 100_000),
        ratioMagie: int(0, 1_000),
      }),
      fc.record({
        type: fc.constant("STATUT"),
        typeEffet: fc.constantFrom(...typeEffet.options),
        puissance: int(0, 10_000),
        dureeTours: int(1, 10),
      }),
      fc.record({ type: fc.constant("DISSIPE"), nombre: int(1, 10) }),
    );
    const form = participantDefinition.shape.competences.unwrap().element;
    fc.assert(
      fc.property(
        fc.array(effet, { maxLength: 8 }),
        fc.constantFrom(...modeCible.options),
        int(1, 100),
        int(0, 200),
        (effets, cible, niveau, puissance) => {
          const found = combatSkill(ID, skill({ effets, cible, modificateursNiveau: { puissance } }), niveau);
          expect(form.parse(found)).toEqual(found);
        },
      ),
    );
  });
});
