import { describe, expect, test } from "vitest";
import { giveItem } from "../../../domain/player/carrying.ts";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { openDraft } from "../../../domain/player/draft.ts";
import { experienceAt } from "../../../domain/player/formulas.ts";
import { slotsInOrder } from "../../../domain/player/inventaire.ts";
import type { PlayerState } from "../../../domain/player/state.ts";
import { lastingStats } from "../../../domain/player/stats.ts";
import { currentVitals } from "../../../domain/player/vitals.ts";
import type { Emplacement } from "../../../domain/values.ts";
import { NOBODYS } from "./core-arbitrary.ts";
import {
  all,
  close,
  engage,
  experience,
  gift,
  gold,
  type ItemName,
  itemOf,
  one,
  slotOf,
  warrior,
} from "./core-helper.ts";
import { given, when } from "./life-helper.ts";

const use = (state: PlayerState, name: ItemName, quantite = 1): PlayerCommand => ({
  type: "UtiliserItem",
  slotId: slotOf(state, name).slotId,
  quantite,
});
const wear = (state: PlayerState, name: ItemName, n = 0, emplacement?: Emplacement): PlayerCommand => ({
  type: "EquiperItem",
  slotId: slotOf(state, name, n).slotId,
  ...(emplacement === undefined ? {} : { emplacement }),
});
const piles = (state: PlayerState) => slotsInOrder(state.inventaire).map((slot) => [slot.position, slot.quantite]);

describe("the inventory", () => {
  test("[BAG-1] things have a place and weigh", () => {
    const state = warrior(gift(["sword", 2], ["stone", 1]));
    expect(piles(state)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(state.inventaire.poidsActuel).toBe(320);
  });

  test("[BAG-2] [BAG-3] pieces that are alike share a slot, the others do not", () => {
    const state = warrior(gift(["potion", 7]), gift(["sword", 1]), gift(["potion", 7]));
    expect(piles(state)).toEqual([
      [0, 10],
      [1, 1],
      [2, 4],
    ]);
    const other = given(state, { type: "JeterItem", slotId: slotOf(state, "sword").slotId, quantite: 1 });
    expect(piles(given(other, gift(["relic", 1])))[1]).toEqual([1, 1]);
  });

  test("[BAG-2] pieces of another definition do not join a pile", () => {
    const state = warrior(gift(["potion", 3]));
    const proprietes = { ...slotOf(state, "potion").proprietes, valeurOr: 9 };
    const bought: PlayerCommand = {
      type: "ReglerOrdre",
      ordreId: NOBODYS,
      reference: "tx",
      or: 0,
      objets: [{ itemId: itemOf("potion"), quantite: 2, proprietes }],
      clos: false,
      motif: "TRANSACTION",
    };
    expect(piles(given(state, bought))).toEqual([
      [0, 3],
      [1, 2],
    ]);
  });

  test("[BAG-4] what a player takes on must have a place and be carried", () => {
    const split = (state: PlayerState): PlayerCommand => ({
      type: "DiviserPile",
      slotId: slotOf(state, "potion").slotId,
      quantite: 1,
    });
    const full = warrior(gift(["ring", 30]), gift(["ring", 19]), gift(["potion", 5]));
    expect(when(full, split(full)).code).toBe("INVENTORY_FULL");
    const { proprietes } = slotOf(full, "ring");
    const sword = { itemId: itemOf("sword"), quantite: 1, proprietes, source: "ECHANGE", reference: "x" } as const;
    const take = (state: PlayerState) => giveItem(openDraft(state, 0), { ...sword, force: false });
    expect(take(full)).toBe("INVENTORY_FULL");
    const heavy = warrior(gift(["stone", 3], ["ring", 1]), gift(["potion", 99]));
    expect(heavy.inventaire.poidsActuel).toBe(1_000);
    expect(take(heavy)).toBe("TOO_HEAVY");
  });

  test("[BAG-5] what is owed arrives, beyond capacity and weight", () => {
    const state = warrior(gift(["sword", 60], ["stone", 20]));
    expect(Object.keys(state.inventaire.slots)).toHaveLength(70);
    expect(state.inventaire.poidsActuel).toBe(6_600);
    expect(slotsInOrder(state.inventaire).at(-1)?.position).toBe(69);
  });

  test("[BAG-6] piles are divided and put together, piece for piece", () => {
    const start = warrior(gift(["potion", 10]));
    const { slotId } = slotOf(start, "potion");
    const { state, types } = when(start, { type: "DiviserPile", slotId, quantite: 4, position: 7 });
    expect(types).toEqual(["ItemRetire", "ItemAjoute"]);
    expect(piles(state)).toEqual([
      [0, 6],
      [7, 4],
    ]);
    const back = { type: "EmpilerItems", deSlotId: slotOf(state, "potion", 1).slotId, versSlotId: slotId } as const;
    expect(piles(given(state, back))).toEqual([[0, 10]]);
    const more = given(state, gift(["potion", 4]), gift(["relic", 1]));
    expect(when(more, back).code).toBe("STACK_FULL");
    const odd = { ...back, versSlotId: slotOf(more, "relic").slotId };
    expect(when(more, odd).code).toBe("DIFFERENT_ITEMS");
    expect(when(more, { ...back, versSlotId: back.deSlotId }).code).toBe("DIFFERENT_ITEMS");
    const divide = { type: "DiviserPile", slotId } as const;
    expect(when(more, { ...divide, quantite: 10 }).code).toBe("NOT_ENOUGH_ITEMS");
    expect(when(more, { ...divide, quantite: 1, position: 7 }).code).toBe("POSITION_TAKEN");
    expect(when(more, { ...divide, quantite: 1, position: 50 }).code).toBe("INVALID_POSITION");
  });

  test("[BAG-7] a move goes to any place, and swaps what lies there", () => {
    const start = warrior(gift(["potion", 1], ["relic", 1]));
    const { slotId } = slotOf(start, "potion");
    const swapped = given(start, { type: "DeplacerItem", slotId, position: 1 });
    expect(slotOf(swapped, "potion").position).toBe(1);
    expect(slotOf(swapped, "relic").position).toBe(0);
    expect(slotOf(given(swapped, { type: "DeplacerItem", slotId, position: 49 }), "potion").position).toBe(49);
    expect(when(swapped, { type: "DeplacerItem", slotId, position: 1 })).toMatchObject({ code: undefined, types: [] });
    expect(when(swapped, { type: "DeplacerItem", slotId, position: 50 }).code).toBe("INVALID_POSITION");
  });

  test("[BAG-8] not everything can be thrown away or destroyed", () => {
    const state = warrior(gift(["relic", 2], ["potion", 2], ["ring", 1]));
    const relic = slotOf(state, "relic").slotId;
    expect(when(state, { type: "JeterItem", slotId: relic, quantite: 1 }).code).toBe("NOT_DISCARDABLE");
    expect(when(state, { type: "DetruireItem", slotId: relic, quantite: 1 }).code).toBe("NOT_DESTRUCTIBLE");
    const potion = slotOf(state, "potion").slotId;
    const { events } = when(state, { type: "DetruireItem", slotId: potion, quantite: 2 });
    expect(one(events, "ItemRetire")).toMatchObject({ raison: "DETRUIT", quantiteApres: 0, poidsActuel: 1 });
    const dressed = given(state, wear(state, "ring"));
    const ring = slotOf(state, "ring").slotId;
    expect(when(dressed, { type: "JeterItem", slotId: ring, quantite: 1 }).code).toBe("ITEM_WORN");
  });

  test("[BAG-9] more than there is, and what is not there, is refused", () => {
    const state = warrior(gift(["potion", 2]));
    const { slotId } = slotOf(state, "potion");
    expect(when(state, { type: "JeterItem", slotId, quantite: 3 }).code).toBe("NOT_ENOUGH_ITEMS");
    expect(when(state, { type: "UtiliserItem", slotId, quantite: 3 }).code).toBe("NOT_ENOUGH_ITEMS");
    const foreign: PlayerCommand[] = [
      { type: "JeterItem", slotId: NOBODYS, quantite: 1 },
      { type: "DetruireItem", slotId: NOBODYS, quantite: 1 },
      { type: "UtiliserItem", slotId: NOBODYS, quantite: 1 },
      { type: "DiviserPile", slotId: NOBODYS, quantite: 1 },
      { type: "EmpilerItems", deSlotId: slotId, versSlotId: NOBODYS },
      { type: "DeplacerItem", slotId: NOBODYS, position: 1 },
      { type: "EquiperItem", slotId: NOBODYS },
      { type: "AmeliorerEquipement", slotId: NOBODYS },
      { type: "EnchanterEquipement", slotId: NOBODYS, materiauSlotId: slotId },
    ];
    for (const command of foreign) expect(when(state, command).code).toBe("UNKNOWN_SLOT");
  });
});

test("[BAG-10] beyond 1,000 slots what is owed is lost, and told; piles still fill", () => {
  const state = warrior(gift(["ring", 998]), gift(["potion", 5]));
  const { state: full, events } = when(state, gift(["potion", 13], ["sword", 2]));
  expect(one(events, "ItemPerdu")).toMatchObject({ itemId: itemOf("sword"), quantite: 2, reference: "test" });
  expect(Object.keys(full.inventaire.slots)).toHaveLength(1_000);
  const more = when(full, gift(["potion", 3])).events;
  expect(all(more, "ItemPerdu")).toMatchObject([{ itemId: itemOf("potion"), quantite: 1 }]);
});

describe("wearing", () => {
  test("[WEAR-1] a piece is worn where its definition says, and keeps its slot", () => {
    const state = warrior(gift(["sword", 1], ["potion", 1]));
    expect(when(state, wear(state, "potion")).code).toBe("NOT_WEARABLE");
    expect(when(state, wear(state, "sword", 0, "TETE")).code).toBe("NOT_WEARABLE");
    const { state: dressed, events } = when(state, wear(state, "sword"));
    expect(one(events, "ItemEquipe")).toMatchObject({ emplacement: "ARME_PRINCIPALE", bonus: { attaque: 20 } });
    expect(slotOf(dressed, "sword")).toMatchObject({ emplacement: "ARME_PRINCIPALE", position: 0 });
    expect(dressed.inventaire.poidsActuel).toBe(11);
  });

  test("[WEAR-2] level, class and damage", () => {
    const low = warrior(gift(["plate", 1]));
    expect(when(low, wear(low, "plate")).code).toBe("LEVEL_TOO_LOW");
    const ten = given(low, experience(experienceAt(10)), gold(10_000));
    const mage = given(ten, { type: "ChangerClasse", classe: "MAGE" });
    expect(when(mage, wear(mage, "plate")).code).toBe("WRONG_CLASS");
    const start = warrior(gift(["sword", 1]));
    let worn = given(start, wear(start, "sword"));
    for (let n = 0; n < 3; n++) worn = given(worn, engage(), close());
    const off = given(worn, { type: "DesequiperItem", emplacement: "ARME_PRINCIPALE" });
    expect(when(off, wear(off, "sword")).code).toBe("ITEM_BROKEN");
  });

  test("[WEAR-3] two rings go to two fingers, the third to the first", () => {
    let state = warrior(gift(["ring", 3]));
    for (const n of [0, 1]) state = given(state, wear(state, "ring", n));
    expect([0, 1, 2].map((n) => slotOf(state, "ring", n).emplacement)).toEqual(["DOIGT_1", "DOIGT_2", null]);
    state = given(state, wear(state, "ring", 2));
    expect([0, 1, 2].map((n) => slotOf(state, "ring", n).emplacement)).toEqual([null, "DOIGT_2", "DOIGT_1"]);
  });

  test("[WEAR-4] what was worn there is taken off before", () => {
    let state = warrior(gift(["sword", 2], ["ring", 1]));
    state = given(state, wear(state, "sword"));
    const { events } = when(state, wear(state, "sword", 1));
    expect(events.map((event) => event.eventType)).toEqual(["ItemDesequipe", "ItemEquipe"]);
    expect(one(events, "ItemEquipe").remplace).toBe(slotOf(state, "sword").slotId);
    expect(when(state, wear(state, "sword"))).toMatchObject({ code: undefined, types: [] });
    state = given(state, wear(state, "ring"));
    expect(when(state, wear(state, "ring", 0, "DOIGT_2")).types).toEqual(["ItemDesequipe", "ItemEquipe"]);
  });

  test("[WEAR-5] a place is emptied", () => {
    const start = warrior(gift(["sword", 1]));
    const off: PlayerCommand = { type: "DesequiperItem", emplacement: "ARME_PRINCIPALE" };
    expect(when(start, off).code).toBe("NOTHING_WORN");
    const { state, events } = when(given(start, wear(start, "sword")), off);
    expect(one(events, "ItemDesequipe").tenue.statsEquipement).toEqual({});
    expect(lastingStats(state)).toEqual(lastingStats(start));
  });
});

describe("using", () => {
  test("[USE-1] only what has effects, and the use itself takes it away", () => {
    const state = warrior(gift(["potion", 3], ["rune", 1], ["sword", 1]));
    expect(when(state, use(state, "rune")).code).toBe("NOT_USABLE");
    expect(when(state, use(state, "sword")).code).toBe("NOT_USABLE");
    const { events, types } = when(state, use(state, "potion", 2));
    expect(types).toEqual(["ItemUtilise"]);
    expect(one(events, "ItemUtilise")).toMatchObject({ quantite: 2, quantiteApres: 1, poidsActuel: 12 });
  });

  test("[USE-2] healing ends at the maximum", () => {
    const hurt = given(
      warrior(gift(["potion", 5]), engage()),
      close({ vitaux: { hpActuel: 70, mpActuel: 30, staminaActuel: 110 } }),
    );
    const { state, events } = when(hurt, use(hurt, "potion", 2));
    expect(currentVitals(state, 0).hpActuel).toBe(130);
    expect(one(events, "StatsModifiees")).toMatchObject({
      raison: "OBJET",
      stats: { hpActuel: { avant: 70, apres: 130 } },
    });
    expect(currentVitals(given(state, use(state, "potion")), 0).hpActuel).toBe(140);
  });

  test("[USE-3] experience for each piece", () => {
    const state = warrior(gift(["scroll", 2]));
    expect(given(state, use(state, "scroll", 2)).joueur).toMatchObject({ experience: 500, niveau: 3 });
  });

  test("[USE-4] a timed effect is there once, and few at a time", () => {
    const state = warrior(gift(["elixir", 3]));
    expect(when(state, use(state, "elixir", 2)).code).toBe("ONE_AT_A_TIME");
    const once = given(state, use(state, "elixir"));
    const { state: twice } = when(once, use(once, "elixir"), 30_000);
    expect(twice.joueur.bonus).toHaveLength(1);
    expect(twice.joueur.bonus[0]?.expireA).toBe("1970-01-01T00:01:30.000Z");
    const bonus = Array.from({ length: 10 }, (_, n) => ({
      itemId: `17000000-0000-4000-8000-${String(100 + n).padStart(12, "0")}`,
      nom: "E",
      stats: {},
      expireA: "1970-01-01T00:01:00.000Z",
    }));
    const laden = { ...state, joueur: { ...state.joueur, bonus } };
    expect(when(laden, use(laden, "elixir")).code).toBe("TOO_MANY_EFFECTS");
    expect(when(laden, use(laden, "elixir"), 60_000).state.joueur.bonus).toHaveLength(1);
  });

  test("[USE-4] several timed effects of one item are one, as long as the longest", () => {
    const state = warrior(gift(["nectar", 1]));
    const { joueur } = given(state, use(state, "nectar"));
    expect(joueur.bonus).toMatchObject([
      { stats: { magie: 200_000, esquive: -100_000 }, expireA: "1970-01-02T00:00:00.000Z" },
    ]);
  });

  test("[USE-5] a bag makes room for good, within bounds", () => {
    const state = warrior(gift(["bag", 2]));
    const { state: after, events } = when(state, use(state, "bag", 2));
    expect(after.inventaire).toMatchObject({ capacite: 70, poidsMax: 1_200 });
    expect(one(events, "CapaciteModifiee").ajout).toEqual({ capacite: 20, poidsMax: 200 });
    const huge = { ...state, inventaire: { ...state.inventaire, capacite: 495, poidsMax: 1_000_000 } };
    expect(given(huge, use(huge, "bag")).inventaire.capacite).toBe(500);
    const most = { ...huge, inventaire: { ...huge.inventaire, capacite: 500 } };
    expect(when(most, use(most, "bag")).code).toBe("CAPACITY_AT_LIMIT");
  });
});

describe("improving, mending, enchanting", () => {
  const improve = (state: PlayerState): PlayerCommand => ({
    type: "AmeliorerEquipement",
    slotId: slotOf(state, "sword").slotId,
  });

  test("[SMITH-1] an improvement costs value times level", () => {
    const state = warrior(gift(["sword", 1]), gold(299));
    const first = when(state, improve(state));
    expect(first.types).toEqual(["OrModifie", "InstanceModifiee", "EquipementAmeliore"]);
    expect(one(first.events, "EquipementAmeliore")).toMatchObject({
      avant: 0,
      apres: 1,
      cout: 100,
      bonus: { attaque: 22 },
    });
    expect(when(first.state, improve(state)).code).toBe("NOT_ENOUGH_GOLD");
    expect(given(first.state, gold(1), improve(state)).joueur.or).toBe(0);
  });

  test("[SMITH-2] ten improvements double what a piece adds", () => {
    const start = warrior(gift(["sword", 1]), gold(5_500));
    let state = given(start, wear(start, "sword"));
    for (let n = 0; n < 10; n++) state = given(state, improve(state));
    expect(state.joueur.or).toBe(0);
    expect(lastingStats(state)).toMatchObject({ attaque: 14 + 40, initiative: 10 - 3 });
    expect(when(state, improve(state)).code).toBe("IMPROVED_TO_LIMIT");
  });

  test("[SMITH-3] combats wear down what is worn, defeats twice as much", () => {
    const start = warrior(gift(["sword", 2]));
    const worn = given(start, wear(start, "sword"));
    const won = when(given(worn, engage()), close());
    expect(all(won.events, "InstanceModifiee").map((piece) => piece.proprietesInstance.usure)).toEqual([1]);
    const lost = when(given(won.state, engage()), close({ resultat: "DEFAITE" }));
    const [broken] = all(lost.events, "InstanceModifiee");
    expect(broken?.proprietesInstance.usure).toBe(3);
    expect(broken?.tenue?.statsEquipement).toEqual({});
    expect(all(when(given(lost.state, engage()), close()).events, "InstanceModifiee")).toEqual([]);
  });

  test("[SMITH-4] a repair makes it as new, for its price", () => {
    const start = warrior(gift(["sword", 1]), gold(33));
    const mend: PlayerCommand = { type: "ReparerEquipement", slotId: slotOf(start, "sword").slotId };
    expect(when(start, mend).code).toBe("NOT_DAMAGED");
    const used = given(start, wear(start, "sword"), engage(), close({ resultat: "DEFAITE" }));
    const { state, events } = when(used, mend);
    expect(one(events, "EquipementRepare")).toMatchObject({ avant: 1, apres: 3, durabiliteMax: 3, cout: 33 });
    expect(slotOf(state, "sword").proprietes).toEqual(slotOf(start, "sword").proprietes);
    expect(when(given(used, gold(-1)), mend).code).toBe("NOT_ENOUGH_GOLD");
    // As it may have been given: worn more than it can be.
    const slot = slotOf(start, "sword");
    const spent = { ...slot, proprietes: { ...slot.proprietes, usure: 9 } };
    const inventaire = { ...start.inventaire, slots: { ...start.inventaire.slots, [slot.slotId]: spent } };
    const whole = when(given({ ...start, inventaire }, gold(100)), mend);
    expect(one(whole.events, "EquipementRepare")).toMatchObject({ avant: 0, apres: 3, durabiliteMax: 3 });
  });

  test("[SMITH-5] an enchantment uses up its material, and is there once", () => {
    const start = warrior(gift(["sword", 1], ["rune", 2], ["potion", 1]));
    const enchant = (state: PlayerState, name: ItemName): PlayerCommand => ({
      type: "EnchanterEquipement",
      slotId: slotOf(state, "sword").slotId,
      materiauSlotId: slotOf(state, name).slotId,
    });
    expect(when(start, enchant(start, "potion")).code).toBe("NO_ENCHANTMENT");
    expect(when(start, enchant(start, "sword")).code).toBe("NO_ENCHANTMENT");
    const { state, events } = when(start, enchant(start, "rune"));
    expect(one(events, "EnchantementsAppliques")).toMatchObject({
      bonus: { attaque: 27 },
      enchantements: [{ itemId: itemOf("rune"), nom: "Fire" }],
    });
    expect(slotOf(state, "rune").quantite).toBe(1);
    expect(lastingStats(given(state, wear(state, "sword"))).attaque).toBe(14 + 27);
    expect(when(state, enchant(state, "rune")).code).toBe("ENCHANTED_TO_LIMIT");
  });

  test("[SMITH-6] only what can be worn", () => {
    const state = warrior(gift(["potion", 1], ["rune", 1]), gold(1_000));
    const slotId = slotOf(state, "potion").slotId;
    const commands: PlayerCommand[] = [
      { type: "AmeliorerEquipement", slotId },
      { type: "ReparerEquipement", slotId },
      { type: "EnchanterEquipement", slotId, materiauSlotId: slotOf(state, "rune").slotId },
    ];
    for (const command of commands) expect(when(state, command).code).toBe("NOT_EQUIPMENT");
  });
});
