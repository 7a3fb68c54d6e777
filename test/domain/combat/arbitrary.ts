import fc from "fast-check";
import type { CombatCommand } from "../../../domain/combat/commands.ts";
import { chooseAction } from "../../../domain/combat/npc.ts";
import type { CombatState, Participant } from "../../../domain/combat/state.ts";
import { comportement, element, modeCible, ressource, typeAction, typeEffet } from "../../../domain/combat/values.ts";
import { eid, type Fighter, fighter, type Item, iid, pid, prepareCommand, type Skill, sid } from "./helper.ts";

const some = <Value extends string>(list: { readonly options: readonly Value[] }) => fc.constantFrom(...list.options);
const int = (min: number, max: number) => fc.integer({ min, max });

const usage = fc.record(
  {
    cible: some(modeCible),
    portee: int(0, 20),
    rayon: int(0, 5),
    degats: fc.record({
      element: some(element),
      puissance: int(0, 60),
      ratioAttaque: int(0, 150),
      ratioMagie: int(0, 150),
    }),
    soin: fc.record({ ressource: some(ressource), puissance: int(0, 60) }),
    effets: fc.array(
      fc.record({ typeEffet: some(typeEffet), puissance: int(0, 30), dureeTours: int(1, 10), chance: int(1, 100) }),
      { maxLength: 3 },
    ),
    dissipe: int(0, 3),
  },
  { requiredKeys: ["cible"] },
);

const skills: fc.Arbitrary<Skill[]> = fc
  .array(fc.tuple(usage, int(0, 20), int(0, 20), int(0, 3), int(0, 2)), { maxLength: 4 })
  .map((list) =>
    list.map(([use, coutMp, coutStamina, recharge, reagent], n) => ({
      ...use,
      competenceId: sid(n + 1),
      nom: `S${n}`,
      coutMp,
      coutStamina,
      recharge,
      ...(reagent > 0 ? { coutObjet: { itemId: iid(1), quantite: reagent } } : {}),
    })),
  );

const items: fc.Arbitrary<Item[]> = fc
  .array(fc.tuple(usage, int(0, 5)), { maxLength: 2 })
  .map((list) => list.map(([use, quantite], n) => ({ ...use, itemId: iid(n + 1), nom: `I${n}`, quantite })));

const fighterOver = fc.record({
  typeEntite: fc.constantFrom("JOUEUR", "JOUEUR", "PNJ", "BOSS"),
  equipe: fc.constantFrom("A", "B", "C"),
  initiative: int(-5, 5),
  position: int(0, 9),
  hpMax: int(1, 200),
  mpMax: int(0, 60),
  staminaMax: int(0, 60),
  comportement: some(comportement),
  competences: skills,
  objets: items,
  resistances: fc.dictionary(some(element), int(-100, 150), { maxKeys: 3 }),
  phases: fc.array(fc.record({ seuilHp: int(1, 100), comportement: some(comportement) }), { maxLength: 2 }),
  stats: fc.record({
    attaque: int(0, 60),
    magie: int(0, 60),
    defense: int(0, 100),
    precision: int(0, 100),
    esquive: int(0, 100),
    blocage: int(0, 100),
    critique: int(0, 100),
    portee: int(1, 9),
    deplacement: int(0, 5),
  }),
}) as unknown as fc.Arbitrary<Parameters<typeof fighter>[1]>;

/** A PreparerCombat of 2 to 16 fighters of all kinds, the first two in different teams. */
export const preparation: fc.Arbitrary<CombatCommand> = fc
  .tuple(
    fc.array(fighterOver, { minLength: 2, maxLength: 16 }),
    fc.string({ minLength: 1, maxLength: 8 }),
    int(1, 400),
    fc.constantFrom(0, 0, 0, 5000),
  )
  .map(([overs, graine, limiteTours, preparationMs]) => {
    const fighters = overs.map(
      (over, n): Fighter => fighter(n + 1, { ...over, ...(n < 2 ? { equipe: n === 0 ? "A" : "B" } : {}) }),
    );
    return prepareCommand(fighters, { graine, conditionsVictoire: { limiteTours }, preparationMs, terrain: 10 });
  });

/** A command in numbers, to be read against the state of the moment: who, what, with what, at whom. */
export type Gesture = readonly [kind: number, who: number, means: number, target: number];
export const gesture: fc.Arbitrary<Gesture> = fc.tuple(int(0, 19), int(0, 17), int(0, 5), int(0, 17));

function active(state: CombatState): Participant | undefined {
  return state.participantActifId === null ? undefined : state.participants[state.participantActifId];
}

/** Mostly what makes sense for whoever's turn it is, the rest is anything. */
export function commandOf(state: CombatState, [kind, who, means, target]: Gesture): CombatCommand {
  const current = active(state);
  const joueurId = kind < 12 && current !== undefined ? current.entiteId : eid(who);
  const numeroTour = kind % 2 === 0 ? state.tourActuel : target;
  if (current !== undefined && current.typeEntite !== "JOUEUR" && kind < 14)
    return { type: "JouerPnj", numeroTour: state.tourActuel };
  switch (kind) {
    case 12:
    case 13:
      return { type: "ExpirerTour", numeroTour };
    case 14:
      return { type: "JouerPnj", numeroTour };
    case 15:
      return target === 0 ? { type: "Conceder", joueurId } : { type: "ExpirerPreparation" };
    case 16:
      return { type: "RejoindreCombat", joueurId };
    case 17:
      return who === 0 && target === 0
        ? { type: "Abandonner", raison: "test" }
        : { type: "ExpirerTour", numeroTour: state.tourActuel };
    case 0:
    case 1:
    case 2:
      if (current !== undefined) return { type: "ExecuterAction", joueurId, ...chooseAction(state, current) };
      return { type: "RejoindreCombat", joueurId: eid(who) };
    default:
      return {
        type: "ExecuterAction",
        joueurId,
        typeAction: typeAction.options[kind % typeAction.options.length] ?? "FUITE",
        competenceId: sid(means),
        itemId: iid(means),
        ...(target % 3 === 0 ? {} : { cibles: [pid(target)] }),
        ...(target % 4 === 0 ? {} : { position: target % 12 }),
      };
  }
}
