import fc from "fast-check";
import type { CombatCommand } from "../../../domain/combat/commands.ts";
import { chooseAction } from "../../../domain/combat/npc.ts";
import type { CombatState } from "../../../domain/combat/state.ts";
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
  .array(fc.tuple(usage, int(0, 20), int(0, 20), int(0, 3), int(0, 2)), { minLength: 1, maxLength: 4 })
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
    fc.constantFrom(undefined, undefined, undefined, { equipe: "A", tours: 60 }),
    fc.boolean(),
  )
  .map(([overs, graine, limiteTours, preparationMs, survie, hunt]) => {
    const fighters = overs.map(
      (over, n): Fighter => fighter(n + 1, { ...over, ...(n < 2 ? { equipe: n === 0 ? "A" : "B" } : {}) }),
    );
    const bossVaincu = hunt && fighters.some((one) => one.typeEntite === "BOSS");
    const conditionsVictoire = { limiteTours, bossVaincu, ...(survie === undefined ? {} : { survie }) };
    return prepareCommand(fighters, { graine, conditionsVictoire, preparationMs, terrain: 10 });
  });

/** A command in numbers, to be read against the state of the moment: what, who, with what, at whom. */
export type Gesture = readonly [kind: number, who: number, means: number, target: number];
export const gesture: fc.Arbitrary<Gesture> = fc.tuple(int(0, 99), int(0, 17), int(0, 5), int(0, 17));

/** Anything at all, for anybody. */
function wild(state: CombatState, [kind, who, means, target]: Gesture): CombatCommand {
  const joueurId = eid(who);
  const numeroTour = means === 0 ? target : state.tourActuel;
  switch (kind % 8) {
    case 0:
      return { type: "Conceder", joueurId };
    case 1:
      return target === 0 ? { type: "Abandonner", raison: "test" } : { type: "ExpirerPreparation" };
    case 2:
    case 3:
      return { type: "RejoindreCombat", joueurId };
    case 4:
      return { type: "ExpirerTour", numeroTour };
    case 5:
      return { type: "JouerPnj", numeroTour };
    default:
      return {
        type: "ExecuterAction",
        joueurId,
        typeAction: typeAction.options[means] ?? "FUITE",
        competenceId: sid(target),
        itemId: iid(means),
        ...(target % 3 === 0 ? {} : { cibles: [pid(target)] }),
        ...(target % 4 === 0 ? {} : { position: target % 12 }),
      };
  }
}

/** Mostly acts of whoever's turn it is, with its own means at somebody who is there; now and then anything else. */
export function commandOf(state: CombatState, next: Gesture): CombatCommand {
  const [kind, who, means, target] = next;
  const actor = state.participants[state.participantActifId ?? ""];
  if (kind >= 85) return wild(state, next);
  if (actor === undefined)
    return kind < 40 ? { type: "RejoindreCombat", joueurId: eid(who) } : { type: "ExpirerPreparation" };
  const numeroTour = state.tourActuel;
  if (kind >= 75) return { type: "ExpirerTour", numeroTour };
  if (actor.typeEntite !== "JOUEUR") return { type: "JouerPnj", numeroTour };
  const base = { type: "ExecuterAction", joueurId: actor.entiteId } as const;
  if (kind >= 60) return { ...base, ...chooseAction(state, actor) };
  const aimed = state.participants[state.ordreTour[target % state.ordreTour.length] ?? ""] ?? actor;
  const at = kind % 2 === 0 ? { cibles: [aimed.participantId] } : { position: aimed.position };
  if (kind >= 20) {
    const skill = actor.competences[means % Math.max(1, actor.competences.length)];
    return {
      ...base,
      typeAction: "COMPETENCE",
      competenceId: skill?.competenceId ?? sid(1),
      ...(means === 5 ? {} : at),
    };
  }
  if (kind >= 10) return { ...base, typeAction: "OBJET", itemId: actor.objets[means % 2]?.itemId ?? iid(1), ...at };
  if (kind === 0) return { ...base, typeAction: "FUITE" };
  return { ...base, typeAction: "ATTAQUE", cibles: [aimed.participantId] };
}
