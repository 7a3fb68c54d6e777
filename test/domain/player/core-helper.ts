import type { Definitions } from "../../../domain/catalogue/definitions.ts";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { type Slot, slotsInOrder } from "../../../domain/player/inventaire.ts";
import { player } from "../../../domain/player/player.ts";
import type { PayloadOf, PlayerEvent, PlayerEventType, PlayerState } from "../../../domain/player/state.ts";
import type { Classe } from "../../../domain/values.ts";
import { given, type ItemInput, iid, item, known, PLAYER_ID } from "./life-helper.ts";

/** Combat and order number n. */
export const cid = (n: number): string => `c0000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
export const oid = (n: number): string => `0d000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

const SET = { ensembleId: iid(900), nom: "Set", paliers: [{ pieces: 2, stats: { hpMax: 50, defense: 3 } }] };

/** One of each kind of item, by what it is. */
export const ITEMS = {
  potion: { typeItem: "CONSOMMABLE", stackMax: 10, effets: [{ type: "SOIN", ressource: "HP", puissance: 30 }] },
  sword: {
    typeItem: "ARME",
    empilable: false,
    emplacements: ["ARME_PRINCIPALE"],
    stats: { attaque: 20, initiative: -3 },
    durabiliteMax: 3,
    valeurOr: 100,
    poids: 10,
  },
  ring: {
    typeItem: "AUTRE",
    empilable: false,
    emplacements: ["DOIGT_1", "DOIGT_2"],
    stats: { magie: 5 },
    ensemble: SET,
  },
  plate: {
    typeItem: "ARMURE",
    empilable: false,
    emplacements: ["TORSE"],
    stats: { defense: 15, hpMax: 40 },
    classes: ["GUERRIER"],
    niveauRequis: 2,
    ensemble: SET,
    durabiliteMax: 100,
    poids: 40,
  },
  rune: {
    typeItem: "MATERIAU",
    stackMax: 5,
    effets: [{ type: "ENCHANTEMENT", nom: "Fire", stats: { attaque: 7 } }],
  },
  elixir: {
    typeItem: "CONSOMMABLE",
    stackMax: 5,
    effets: [{ type: "BONUS", stats: { attaque: 9 }, dureeMs: 60_000 }],
  },
  bag: { typeItem: "AUTRE", stackMax: 3, effets: [{ type: "CAPACITE", capacite: 10, poidsMax: 100 }] },
  scroll: { typeItem: "CONSOMMABLE", stackMax: 20, effets: [{ type: "EXPERIENCE", montant: 250 }] },
  stone: { typeItem: "MATERIAU", stackMax: 2, poids: 300, echangeable: false },
  relic: { typeItem: "QUETE", stackMax: 9, destructible: false, echangeable: false, poids: 0 },
  /** Everything at its bounds. */
  titan: {
    typeItem: "ARMURE",
    empilable: false,
    emplacements: ["DOS", "COU"],
    stats: { attaque: 100_000, hpMax: 100_000, initiative: -100_000 },
    ensemble: {
      ensembleId: iid(901),
      nom: "Titan",
      paliers: [2, 2, 2, 2].map((pieces) => ({ pieces, stats: { attaque: 100_000 } })),
    },
    durabiliteMax: 10_000,
    valeurOr: 0,
    poids: 0,
  },
  nectar: {
    typeItem: "CONSOMMABLE",
    stackMax: 9,
    effets: [
      { type: "BONUS", stats: { magie: 100_000 }, dureeMs: 86_400_000 },
      { type: "BONUS", stats: { magie: 100_000, esquive: -100_000 }, dureeMs: 1_000 },
      { type: "SOIN", ressource: "MP", puissance: 100_000 },
    ],
  },
} as const satisfies Record<string, ItemInput | Readonly<Record<string, unknown>>>;
export type ItemName = keyof typeof ITEMS;
export const ITEM_NAMES = Object.keys(ITEMS) as ItemName[];

export function itemOf(name: ItemName): string {
  return iid(ITEM_NAMES.indexOf(name) + 1);
}

export const definitions: Definitions = known({
  items: Object.fromEntries(
    ITEM_NAMES.map((name) => [itemOf(name), item({ nom: name, ...(ITEMS[name] as unknown as ItemInput) })]),
  ),
});

export function definitionOf(name: ItemName): Definitions["items"][string] {
  const found = definitions.items[itemOf(name)];
  if (found === undefined) throw new Error(`no item ${name}`);
  return found;
}

export function creation(classe: Classe = "GUERRIER"): PlayerCommand {
  return { type: "CreerJoueur", joueurId: PLAYER_ID, username: "some.one", pseudo: "Some One", classe };
}

/** Gives pieces, as the game does. */
export function gift(...objets: readonly (readonly [ItemName, number])[]): PlayerCommand {
  return {
    type: "RecevoirItems",
    objets: objets.map(([name, quantite]) => ({ itemId: itemOf(name), quantite })),
    source: "CADEAU",
    reference: "test",
    definitions,
  };
}

export function gold(delta: number): PlayerCommand {
  return { type: "ModifierOr", delta, raison: "AUTRE", reference: "test" };
}

export function experience(montant: number): PlayerCommand {
  return { type: "GagnerExperience", montant, source: "test", reference: "test" };
}

export function engage(n = 1): PlayerCommand {
  return { type: "EngagerCombat", combatId: cid(n), typeCombat: "ARENE" };
}

type Closing = Extract<PlayerCommand, { type: "CloturerCombat" }>;
export function close(over: Partial<Closing> = {}): PlayerCommand {
  return {
    type: "CloturerCombat",
    combatId: cid(1),
    resultat: "VICTOIRE",
    objetsUtilises: {},
    experience: 0,
    or: 0,
    objets: [],
    definitions,
    ...over,
  };
}

/** A warrior that has done all of `commands`. */
export function warrior(...commands: PlayerCommand[]): PlayerState {
  return given(player.initial, creation(), ...commands);
}

/** The nth slot that holds the item, by position. */
export function slotOf(state: PlayerState, name: ItemName, n = 0): Slot {
  const found = slotsInOrder(state.inventaire).filter((one) => one.itemId === itemOf(name))[n];
  if (found === undefined) throw new Error(`no ${name} number ${n}`);
  return found;
}

export function all<Type extends PlayerEventType>(events: readonly PlayerEvent[], type: Type): PayloadOf<Type>[] {
  return events.flatMap((event) => (event.eventType === type ? [event.payload as PayloadOf<Type>] : []));
}

export function one<Type extends PlayerEventType>(events: readonly PlayerEvent[], type: Type): PayloadOf<Type> {
  const [first] = all(events, type);
  if (first === undefined) throw new Error(`no ${type} among ${events.map((event) => event.eventType).join(", ")}`);
  return first;
}
