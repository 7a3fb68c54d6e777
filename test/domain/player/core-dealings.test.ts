import { describe, expect, test } from "vitest";
import { participantDefinition } from "../../../domain/combat/participant.ts";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { fighterOf } from "../../../domain/player/fighter.ts";
import { slotsInOrder } from "../../../domain/player/inventaire.ts";
import { player } from "../../../domain/player/player.ts";
import { playerStateSchema } from "../../../domain/player/state.ts";
import { currentVitals } from "../../../domain/player/vitals.ts";
import { NOBODYS } from "./core-arbitrary.ts";
import {
  all,
  cid,
  close,
  creation,
  definitionOf,
  definitions,
  engage,
  gift,
  gold,
  itemOf,
  oid,
  one,
  slotOf,
  warrior,
} from "./core-helper.ts";
import { given, item, known, PLAYER_ID, sid, skill, when } from "./life-helper.ts";

type Of<Type extends PlayerCommand["type"]> = Extract<PlayerCommand, { type: Type }>;

describe("combats", () => {
  test("[FIGHT-1] one at a time", () => {
    const { state, types } = when(warrior(), engage());
    expect(types).toEqual(["CombatEngage"]);
    expect(when(state, engage())).toMatchObject({ code: undefined, types: [] });
    expect(when(state, engage(2)).code).toBe("IN_COMBAT");
    expect(when(given(state, close()), engage(2)).code).toBeUndefined();
  });

  test("[FIGHT-2] not without hit points", () => {
    const hurt = given(warrior(engage()), close({ vitaux: { hpActuel: 0, mpActuel: 0, staminaActuel: 0 } }));
    expect(when(hurt, engage(2)).code).toBe("NO_HIT_POINTS");
    expect(when(hurt, engage(2), 10_000).code).toBeUndefined();
  });

  test("[FIGHT-3] what the combat took in is left alone, and everything else goes on", () => {
    const start = warrior(gift(["sword", 1], ["potion", 5], ["rune", 1]), gold(10_000));
    const state = given(start, engage());
    const [sword, potion, rune] = [slotOf(state, "sword"), slotOf(state, "potion"), slotOf(state, "rune")];
    const refused: PlayerCommand[] = [
      { type: "EquiperItem", slotId: sword.slotId },
      { type: "DesequiperItem", emplacement: "TETE" },
      { type: "UtiliserItem", slotId: potion.slotId, quantite: 1 },
      { type: "JeterItem", slotId: potion.slotId, quantite: 1 },
      { type: "DetruireItem", slotId: potion.slotId, quantite: 1 },
      { type: "AmeliorerEquipement", slotId: sword.slotId },
      { type: "ReparerEquipement", slotId: sword.slotId },
      { type: "EnchanterEquipement", slotId: sword.slotId, materiauSlotId: rune.slotId },
      { type: "DepenserPoints", stats: { hpMax: 1 } },
      { type: "ChangerClasse", classe: "MAGE" },
      order(),
    ];
    for (const command of refused)
      expect([command.type, when(state, command).code]).toEqual([command.type, "IN_COMBAT"]);
    const accepted: PlayerCommand[] = [
      { type: "DiviserPile", slotId: potion.slotId, quantite: 1 },
      { type: "DeplacerItem", slotId: potion.slotId, position: 9 },
      gift(["potion", 1]),
      gold(-5),
      settlement({ or: 5 }),
    ];
    for (const command of accepted)
      expect([command.type, when(state, command).code]).toEqual([command.type, undefined]);
  });

  test("[FORGET-2] [FORGET-5] who is in one is forgotten as anybody is, comes out of it, and does nothing more", () => {
    const forget: PlayerCommand = { type: "EffacerDonneesPersonnelles", joueurId: PLAYER_ID };
    const { state, types } = when(given(warrior(), engage()), forget);
    expect(types).toEqual(["DonneesPersonnellesEffacees"]);
    expect(when(state, forget)).toMatchObject({ code: undefined, types: [] });
    expect(when(given(state, close()), engage(2)).code).toBe("PLAYER_ERASED");
  });

  test("[FORGET-2] [FORGET-5] so is who never made a player, and never makes one", () => {
    const { state, events } = when(player.initial, { type: "EffacerDonneesPersonnelles", joueurId: PLAYER_ID });
    expect(events).toMatchObject([{ eventType: "DonneesPersonnellesEffacees", payload: { joueurId: PLAYER_ID } }]);
    for (const command of [creation(), engage()]) expect(when(state, command).code).toBe("PLAYER_ERASED");
    expect(when(state, gold(5)).code).toBe("PLAYER_NOT_FOUND");
    expect(playerStateSchema.parse(state)).toEqual(state);
  });

  test("[FIGHT-4] its end brings everything in one decision", () => {
    const start = warrior(gift(["sword", 1], ["potion", 5]));
    const state = given(start, { type: "EquiperItem", slotId: slotOf(start, "sword").slotId }, engage());
    const end = close({
      objetsUtilises: { [itemOf("potion")]: 2 },
      vitaux: { hpActuel: 60, mpActuel: 10, staminaActuel: 20 },
      experience: 150,
      or: 70,
      objets: [{ itemId: itemOf("rune"), quantite: 2 }],
      coteDelta: 12,
    });
    const { types, state: after } = when(state, end);
    expect(types).toEqual([
      "ItemRetire",
      "StatsModifiees",
      "InstanceModifiee",
      "ExperienceGagnee",
      "NiveauAtteint",
      "OrModifie",
      "ItemAjoute",
      "CoteModifiee",
      "CombatQuitte",
    ]);
    expect(after.joueur).toMatchObject({ combatId: null, niveau: 2, or: 70, cote: 1_012 });
    expect(when(after, end).code).toBe("NOT_IN_COMBAT");
    expect(when(state, close({ combatId: cid(2) })).code).toBe("NOT_IN_COMBAT");
  });

  test("[FIGHT-5] used pieces are taken as far as they are there", () => {
    const state = given(warrior(gift(["potion", 13])), engage());
    const used = (n: number) => close({ objetsUtilises: { [itemOf("potion")]: n, [itemOf("rune")]: 4 } });
    expect(slotsInOrder(given(state, used(11)).inventaire).map((slot) => slot.quantite)).toEqual([2]);
    expect(given(state, used(99)).inventaire).toMatchObject({ slots: {}, poidsActuel: 0 });
  });

  test("[FIGHT-6] wounds are what the combat says, and rest begins at its end", () => {
    const state = given(warrior(), engage());
    const wounded = when(state, close({ vitaux: { hpActuel: 9_999, mpActuel: 7, staminaActuel: 0 } }), 1_000_000).state;
    expect(currentVitals(wounded, 1_000_000)).toEqual({ hpActuel: 140, mpActuel: 7, staminaActuel: 0 });
    const hurt = given(state, close({ vitaux: { hpActuel: 40, mpActuel: 0, staminaActuel: 0 } }));
    const again = when(given(hurt, engage(2)), close({ combatId: cid(2), resultat: "ABANDON" }), 5_000_000).state;
    expect(currentVitals(again, 5_000_000).hpActuel).toBe(40);
    expect(currentVitals(again, 5_060_000).hpActuel).toBe(54);
  });

  test("[FIGHT-7] rewards arrive into a full inventory, but for what no longer exists", () => {
    const state = given(warrior(gift(["ring", 60])), engage());
    const objets = [
      { itemId: itemOf("stone"), quantite: 4 },
      { itemId: NOBODYS, quantite: 1 },
    ];
    const { events, code } = when(state, close({ objets }));
    expect(code).toBeUndefined();
    expect(all(events, "ItemAjoute").map((put) => put.quantite)).toEqual([2, 2]);
  });

  test("[FIGHT-8] the fighter is one that a combat takes", () => {
    const usage = { cible: "SOI", soin: { ressource: "HP", puissance: 20 } } as const;
    const items = {
      [sid(9)]: item({ nom: "Tonic", stackMax: 10, usage }),
      [sid(8)]: item({ nom: "Mage's tonic", usage, classes: ["MAGE"] }),
    };
    const start = warrior(gift(["sword", 1], ["potion", 3]), {
      type: "RecevoirItems",
      objets: [
        { itemId: sid(9), quantite: 13 },
        { itemId: sid(8), quantite: 1 },
      ],
      source: "CADEAU",
      reference: "test",
      definitions: known({ items }),
    });
    const learnt = given(start, {
      type: "ApprendreCompetence",
      competenceId: sid(1),
      definitions: known({ competences: { [sid(1)]: skill({ effets: [{ type: "SOIN", puissance: 5 }] }) } }),
    });
    const state = given(learnt, { type: "EquiperItem", slotId: slotOf(learnt, "sword").slotId });
    const fighter = fighterOf(state, 0, { equipe: "A", position: 3 });
    const parsed = participantDefinition.parse(fighter);
    expect(parsed).toMatchObject({
      entiteId: PLAYER_ID,
      nom: "Some One",
      hpMax: 140,
      hpActuel: 140,
      initiative: 7,
      statsCombat: { attaque: 34, precision: 90 },
      equipement: { ARME_PRINCIPALE: { itemId: itemOf("sword") } },
      position: 3,
    });
    expect(parsed.objets.map((one_) => [one_.itemId, one_.quantite])).toEqual([[sid(9), 13]]);
    expect(parsed.competences.map((one_) => one_.competenceId)).toEqual([sid(1)]);
  });

  test("[COTE-1] the rating stays within its bounds", () => {
    const state = given(warrior(), engage());
    expect(given(state, close({ coteDelta: -1_000 })).joueur.cote).toBe(0);
    const top = { ...state, joueur: { ...state.joueur, cote: 9_999 } };
    expect(given(top, close({ coteDelta: 40 })).joueur.cote).toBe(10_000);
    expect(when(state, close({ coteDelta: 0 })).types).toEqual(["CombatQuitte"]);
  });
});

function order(over: Partial<Of<"ReserverOrdre">> = {}): PlayerCommand {
  return {
    type: "ReserverOrdre",
    ordreId: oid(1),
    typeOrdre: "VENTE",
    itemId: itemOf("potion"),
    quantite: 2,
    prixUnitaire: 10,
    expireA: null,
    ...over,
  };
}

function settlement(over: Partial<Of<"ReglerOrdre">> = {}): PlayerCommand {
  const base = { type: "ReglerOrdre", ordreId: oid(1), reference: "tx", or: 0, objets: [] } as const;
  return { ...base, clos: false, motif: "TRANSACTION", ...over };
}

describe("the market", () => {
  test("[RESERVE-1] orders are few, once, affordable and not over", () => {
    const state = warrior(gift(["potion", 10]), gold(1_000_000));
    const buy = { typeOrdre: "ACHAT" } as const;
    expect(when(given(state, order()), order()).code).toBe("ORDER_EXISTS");
    expect(when(state, order({ ...buy, quantite: 1_000_000, prixUnitaire: 2_001 })).code).toBe("ORDER_TOO_LARGE");
    expect(when(state, order({ expireA: "1970-01-01T00:00:00.000Z" })).code).toBe("ORDER_EXPIRED");
    const many = Array.from({ length: 100 }, (_, n) => order({ ...buy, ordreId: oid(n + 10), quantite: 1 }));
    expect(when(given(state, ...many), order()).code).toBe("TOO_MANY_ORDERS");
  });

  test("[RESERVE-2] pieces as new and all alike are set aside", () => {
    const start = warrior(gift(["potion", 13], ["stone", 1], ["sword", 2]), gold(100));
    const { events, state } = when(start, order({ quantite: 12 }));
    expect(all(events, "ItemRetire").map((put) => put.quantite)).toEqual([10, 2]);
    expect(one(events, "OrdreReserve")).toMatchObject({
      pseudo: "Some One",
      reserve: { or: 0, objets: [{ itemId: itemOf("potion"), quantite: 12, proprietes: definitionOf("potion") }] },
    });
    expect(state.joueur.ordres[oid(1)]).toMatchObject({ typeOrdre: "VENTE", quantite: 12 });
    expect(when(start, order({ quantite: 14 })).code).toBe("NOT_ENOUGH_ITEMS");
    expect(when(start, order({ itemId: itemOf("stone"), quantite: 1 })).code).toBe("NOT_TRADEABLE");
    const worked = given(
      start,
      { type: "AmeliorerEquipement", slotId: slotOf(start, "sword").slotId },
      { type: "EquiperItem", slotId: slotOf(start, "sword", 1).slotId },
    );
    expect(when(worked, order({ itemId: itemOf("sword"), quantite: 1 })).code).toBe("NOT_ENOUGH_ITEMS");
    const other = { ...definitionOf("potion"), valeurOr: 5 };
    const mixed = given(start, settlement({ objets: [{ itemId: itemOf("potion"), quantite: 20, proprietes: other }] }));
    expect(when(mixed, order({ quantite: 30 })).code).toBe("NOT_ENOUGH_ITEMS");
    const [goods] = one(when(mixed, order({ quantite: 20 })).events, "OrdreReserve").reserve.objets;
    expect(goods?.proprietes.valeurOr).toBe(5);
  });

  test("[RESERVE-3] gold is set aside", () => {
    const buy = order({ typeOrdre: "ACHAT", quantite: 5, prixUnitaire: 7 });
    expect(when(warrior(gold(36), gift(["ring", 51])), buy).code).toBe("INVENTORY_FULL");
    expect(when(warrior(gold(34)), buy).code).toBe("NOT_ENOUGH_GOLD");
    const { events, state } = when(warrior(gold(36)), buy);
    expect(one(events, "OrdreReserve").reserve).toEqual({ or: 35, objets: [] });
    expect(state.joueur.or).toBe(1);
  });

  test("[RESERVE-4] what is owed arrives, for whatever order, and closes it when that is said", () => {
    const state = given(warrior(gift(["ring", 60], ["potion", 3])), order());
    const goods = [{ itemId: itemOf("potion"), quantite: 2, proprietes: definitionOf("potion") }];
    const back = when(state, settlement({ objets: goods, clos: true, motif: "ANNULE" }));
    expect(back.types).toEqual(["ItemAjoute", "OrdreClos"]);
    expect(one(back.events, "ItemAjoute").source).toBe("RETOUR");
    expect(back.state.joueur.ordres).toEqual({});
    const late = when(back.state, settlement({ or: 9, clos: true }));
    expect(late.types).toEqual(["OrModifie"]);
    expect(one(when(state, settlement({ objets: goods })).events, "ItemAjoute").source).toBe("MARCHE");
  });
});

test("a gift of what the catalogue does not have is refused", () => {
  const nothing: PlayerCommand = {
    type: "RecevoirItems",
    objets: [{ itemId: NOBODYS, quantite: 1 }],
    source: "CADEAU",
    reference: "test",
    definitions,
  };
  expect(when(warrior(), nothing).code).toBe("UNKNOWN_ITEM");
});
