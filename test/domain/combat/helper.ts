import { combat } from "../../../domain/combat/combat.ts";
import type { Action, CombatCommand } from "../../../domain/combat/commands.ts";
import { type CombatDefinitionInput, combatDefinition } from "../../../domain/combat/definition.ts";
import type { CombatEvent, CombatEventType, PayloadOf } from "../../../domain/combat/events.ts";
import type { CombatState, Participant } from "../../../domain/combat/state.ts";

export type Fighter = CombatDefinitionInput["participants"][number];
export type Skill = NonNullable<Fighter["competences"]>[number];
export type Item = NonNullable<Fighter["objets"]>[number];
type Settings = Partial<Omit<CombatDefinitionInput, "participants">>;

export const COMBAT_ID = "0c0ba700-0000-4000-8000-000000000001";
const ZONE_ID = "20e00000-0000-4000-8000-000000000001";

function uuid(kind: string, n: number): string {
  return `${kind.padEnd(8, "0")}-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** Participant, player, skill and item number n. */
export const pid = (n: number): string => uuid("9a", n);
export const eid = (n: number): string => uuid("e1", n);
export const sid = (n: number): string => uuid("5e", n);
export const iid = (n: number): string => uuid("17", n);

/** A fighter that always hits, never dodges, blocks or crits; number n acts before n + 1; odd ones are team A, even ones B. */
export function fighter(
  n: number,
  over: Omit<Partial<Fighter>, "statsCombat"> & { stats?: Partial<Fighter["statsCombat"]> } = {},
): Fighter {
  const { stats, ...rest } = over;
  return {
    participantId: pid(n),
    entiteId: eid(n),
    typeEntite: "JOUEUR",
    equipe: n % 2 === 1 ? "A" : "B",
    nom: `F${n}`,
    initiative: 100 - n,
    position: 5,
    hpMax: 100,
    mpMax: 50,
    ...rest,
    statsCombat: { attaque: 20, precision: 100, esquive: 0, critique: 0, ...stats },
  };
}

/** A skill that everyone can pay, at any distance. */
export function skill(n: number, over: Partial<Skill> & Pick<Skill, "cible">): Skill {
  return { competenceId: sid(n), nom: `S${n}`, portee: 50, ...over };
}

export function item(n: number, over: Partial<Item> & Pick<Item, "cible">): Item {
  return { itemId: iid(n), nom: `I${n}`, portee: 50, quantite: 2, ...over };
}

export function prepareCommand(participants: Fighter[], settings: Settings = {}): CombatCommand {
  const zone = { zoneId: ZONE_ID };
  const definition = combatDefinition.parse({ typeCombat: "PVP", zone, graine: "seed", participants, ...settings });
  return { type: "PreparerCombat", combatId: COMBAT_ID, definition };
}

export interface Result {
  readonly state: CombatState;
  readonly events: readonly CombatEvent[];
  readonly types: readonly CombatEventType[];
  /** Of the rejection; undefined when accepted. */
  readonly code: string | undefined;
}

/** Given a state, when a command comes: what follows. */
export function when(given: CombatState, command: CombatCommand, now = 0): Result {
  const decision = combat.decide(given, command, { now });
  if (!decision.ok) return { state: given, events: [], types: [], code: decision.rejection.code };
  const { events } = decision;
  const state = events.reduce(combat.evolve, given);
  return { state, events, types: events.map((event) => event.eventType), code: undefined };
}

/** The state after all of `commands`, each of which has to be accepted. */
export function given(start: CombatState, ...commands: CombatCommand[]): CombatState {
  return commands.reduce((state, command) => {
    const result = when(state, command);
    if (result.code !== undefined) throw new Error(`${command.type} was refused: ${result.code}`);
    return result.state;
  }, start);
}

export function started(participants: Fighter[], settings?: Settings): CombatState {
  return given(combat.initial, prepareCommand(participants, settings));
}

/** What player n does. */
export function act(n: number, action: Action): CombatCommand {
  return { type: "ExecuterAction", joueurId: eid(n), ...action };
}

export function attack(n: number, target: number): CombatCommand {
  return act(n, { typeAction: "ATTAQUE", cibles: [pid(target)] });
}

export function defend(n: number): CombatCommand {
  return act(n, { typeAction: "DEFENSE" });
}

export function cast(n: number, skillNumber: number, target?: number): CombatCommand {
  const cibles = target === undefined ? {} : { cibles: [pid(target)] };
  return act(n, { typeAction: "COMPETENCE", competenceId: sid(skillNumber), ...cibles });
}

export function use(n: number, itemNumber: number, target?: number): CombatCommand {
  const cibles = target === undefined ? {} : { cibles: [pid(target)] };
  return act(n, { typeAction: "OBJET", itemId: iid(itemNumber), ...cibles });
}

export function one(state: CombatState, n: number): Participant {
  const found = state.participants[pid(n)];
  if (found === undefined) throw new Error(`no participant ${n}`);
  return found;
}

export function payloads<Type extends CombatEventType>(events: readonly CombatEvent[], type: Type): PayloadOf<Type>[] {
  return events.flatMap((event) => (event.eventType === type ? [event.payload as PayloadOf<Type>] : []));
}

export function payload<Type extends CombatEventType>(events: readonly CombatEvent[], type: Type): PayloadOf<Type> {
  const [first] = payloads(events, type);
  if (first === undefined) throw new Error(`no ${type} among ${events.map((event) => event.eventType).join(", ")}`);
  return first;
}

/** The first of 500 seeds with which `attempt` gives something: for what depends on a roll. */
export function bySeed<Found>(attempt: (graine: string) => Found | undefined): Found {
  for (let n = 0; n < 500; n++) {
    const found = attempt(`seed-${n}`);
    if (found !== undefined) return found;
  }
  throw new Error("no seed of 500 does that");
}
