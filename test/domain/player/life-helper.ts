import type { z } from "zod";
import {
  competenceDefinition,
  type Definitions,
  definitions,
  itemDefinition,
  pnjDefinition,
  queteDefinition,
} from "../../../domain/catalogue/definitions.ts";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { player } from "../../../domain/player/player.ts";
import type { PlayerEvent, PlayerState } from "../../../domain/player/state.ts";

function uuid(kind: string, n: number): string {
  return `${kind.padEnd(8, "0")}-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

export const PLAYER_ID = uuid("10", 1);
/** Skill, quest, non-player and item number n. */
export const sid = (n: number): string => uuid("5e", n);
export const qid = (n: number): string => uuid("9e", n);
export const nid = (n: number): string => uuid("b0", n);
export const iid = (n: number): string => uuid("17", n);

export type SkillInput = Partial<z.input<typeof competenceDefinition>>;
export type QuestInput = Partial<z.input<typeof queteDefinition>>;
export type NpcInput = Partial<z.input<typeof pnjDefinition>>;
export type ItemInput = Partial<z.input<typeof itemDefinition>>;

export const skill = (over: SkillInput = {}) =>
  competenceDefinition.parse({ nom: "S", typeCompetence: "ACTIVE", cible: "SOI", ...over });

/** A quest for two kills, of whomever. */
export const quest = (over: QuestInput = {}) =>
  queteDefinition.parse({
    nom: "Q",
    typeQuete: "SECONDAIRE",
    objectifs: [{ objectifId: "o", type: "TUER", requis: 2 }],
    ...over,
  });

export const npc = (over: NpcInput = {}) => pnjDefinition.parse({ nom: "N", ...over });
export const item = (over: ItemInput = {}) =>
  itemDefinition.parse({ nom: "I", typeItem: "MATERIAU", empilable: true, stackMax: 99, ...over });

export function known(over: z.input<typeof definitions>): Definitions {
  return definitions.parse(over);
}

export interface Result {
  readonly state: PlayerState;
  readonly events: readonly PlayerEvent[];
  readonly types: readonly string[];
  /** Of the rejection; undefined when accepted. */
  readonly code: string | undefined;
}

/** Given a state, when a command comes: what follows. */
export function when(given: PlayerState, command: PlayerCommand, now = 0): Result {
  const decision = player.decide(given, command, { now });
  if (!decision.ok) return { state: given, events: [], types: [], code: decision.rejection.code };
  const { events } = decision;
  const state = events.reduce(player.evolve, given);
  return { state, events, types: events.map((event) => event.eventType), code: undefined };
}

/** The state after all of `commands`, each of which has to be accepted. */
export function given(start: PlayerState, ...commands: PlayerCommand[]): PlayerState {
  return commands.reduce((state, command) => {
    const result = when(state, command);
    if (result.code !== undefined) throw new Error(`${command.type} was refused: ${result.code}`);
    return result.state;
  }, start);
}

/** A player just created, with what `over` says of it. */
export function born(over: Partial<PlayerState["joueur"]> = {}): PlayerState {
  const state = given(player.initial, {
    type: "CreerJoueur",
    joueurId: PLAYER_ID,
    username: "someone",
    pseudo: "Someone",
    classe: "MAGE",
  });
  return { ...state, joueur: { ...state.joueur, ...over } };
}

export function payloads(events: readonly PlayerEvent[], type: PlayerEvent["eventType"]): unknown[] {
  return events.flatMap((event) => (event.eventType === type ? [event.payload] : []));
}

export const learn = (n: number, over: SkillInput = {}): PlayerCommand => ({
  type: "ApprendreCompetence",
  competenceId: sid(n),
  definitions: known({ competences: { [sid(n)]: skill(over) } }),
});

export const accept = (n: number, over: QuestInput = {}): PlayerCommand => ({
  type: "AccepterQuete",
  queteId: qid(n),
  definitions: known({ quetes: { [qid(n)]: quest(over) } }),
});

export const kills = (quantite: number, cible?: string): PlayerCommand => ({
  type: "ProgresserObjectifs",
  faits: [{ type: "TUER", quantite, ...(cible === undefined ? {} : { cible }) }],
  reference: "combat",
});

export const finish = (n: number, items: Record<string, ItemInput> = {}): PlayerCommand => ({
  type: "TerminerQuete",
  queteId: qid(n),
  definitions: known({
    items: Object.fromEntries(Object.entries(items).map(([itemId, over]) => [itemId, item(over)])),
  }),
});

export const talk = (
  n: number,
  over: NpcInput = {},
  words: { dialogueId?: string; choixId?: string } = {},
): PlayerCommand => ({
  type: "ParlerPnj",
  pnjId: nid(n),
  ...words,
  definitions: known({ pnj: { [nid(n)]: npc(over) } }),
});

export const visit = (n: number, over: NpcInput = {}): PlayerCommand => ({
  type: "OuvrirCommerce",
  pnjId: nid(n),
  definitions: known({ pnj: { [nid(n)]: npc(over) } }),
});

export const buy = (n: number, itemNumber: number, quantite: number, over: ItemInput = {}): PlayerCommand => ({
  type: "AcheterPnj",
  pnjId: nid(n),
  itemId: iid(itemNumber),
  quantite,
  definitions: known({ items: { [iid(itemNumber)]: item(over) } }),
});

/** `quantite` pieces of item number n, given by the game. */
export const receive = (n: number, quantite: number, over: ItemInput = {}): PlayerCommand => ({
  type: "RecevoirItems",
  objets: [{ itemId: iid(n), quantite }],
  source: "COMBAT",
  reference: "combat",
  definitions: known({ items: { [iid(n)]: item(over) } }),
});
