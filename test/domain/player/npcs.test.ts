import { describe, expect, test } from "vitest";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { buybackFor, discountOf, priceFor } from "../../../domain/player/shops.ts";
import type { PlayerState } from "../../../domain/player/state.ts";
import {
  accept,
  born,
  buy,
  finish,
  given,
  type ItemInput,
  iid,
  kills,
  known,
  type NpcInput,
  nid,
  payloads,
  qid,
  receive,
  talk,
  visit,
  when,
} from "./life-helper.ts";

const talker: NpcInput = {
  nom: "Ana",
  dialogues: [
    {
      dialogueId: "hello",
      texte: "Bonjour",
      choix: [
        { choixId: "nice", texte: "Merci", reputation: 60 },
        { choixId: "rude", texte: "Bof", reputation: -70 },
        { choixId: "same", texte: "Hm" },
      ],
    },
    { dialogueId: "bye", texte: "Adieu", choix: [{ choixId: "nice", texte: "Salut", reputation: 60 }] },
  ],
};

/** A player whose reputation with non-player 1 is `reputation`. */
function reputed(reputation: number, over: Parameters<typeof born>[0] = {}): PlayerState {
  const state = born(over);
  const one = { reputation, rencontre: true, choix: [], boutique: null };
  return { ...state, relations: { pnj: { [nid(1)]: one } } };
}

const reputationOf = (state: PlayerState) => state.relations.pnj[nid(1)]?.reputation;

describe("talking", () => {
  test("[REL-1] the first dialogue, or the one that is named", () => {
    const first = when(born(), talk(1, talker));
    expect(first.types).toEqual(["DialogueDeclenche"]);
    expect(payloads(first.events, "DialogueDeclenche")).toEqual([
      { joueurId: born().joueur.joueurId, pnjId: nid(1), nom: "Ana", dialogueId: "hello", texte: "Bonjour" },
    ]);
    const named = when(born(), talk(1, talker, { dialogueId: "bye", choixId: "nice" }));
    expect(payloads(named.events, "DialogueDeclenche")).toMatchObject([
      { dialogueId: "bye", texte: "Adieu", choixId: "nice", reponse: "Salut" },
    ]);
  });

  test("[REL-1] unknown non-players, dialogues and choices", () => {
    expect(when(born(), { type: "ParlerPnj", pnjId: nid(1), definitions: known({}) }).code).toBe("UNKNOWN_NPC");
    expect(when(born(), talk(1, talker, { dialogueId: "?" })).code).toBe("UNKNOWN_DIALOGUE");
    expect(when(born(), talk(1, talker, { choixId: "?" })).code).toBe("UNKNOWN_CHOICE");
    expect(when(born(), talk(1, talker, { dialogueId: "bye", choixId: "rude" })).code).toBe("UNKNOWN_CHOICE");
  });

  test("[REL-1] one without dialogues listens", () => {
    const { events } = when(born(), talk(1));
    expect(payloads(events, "DialogueDeclenche")).toEqual([
      { joueurId: born().joueur.joueurId, pnjId: nid(1), nom: "N", texte: "" },
    ]);
    expect(when(born(), talk(1, {}, { choixId: "nice" })).code).toBe("UNKNOWN_CHOICE");
  });

  test("[REL-2] who was talked to has been met", () => {
    expect(given(born(), talk(1)).relations.pnj[nid(1)]?.rencontre).toBe(true);
  });

  test("[REL-3] each choice of each dialogue counts once", () => {
    const nice = talk(1, talker, { choixId: "nice" });
    const { events, state } = when(born(), nice);
    expect(payloads(events, "ReputationModifiee")).toMatchObject([
      { pnjId: nid(1), avant: 0, apres: 60, raison: "DIALOGUE", reference: "hello/nice" },
    ]);
    expect(when(state, nice).types).toEqual(["DialogueDeclenche"]);
    expect(reputationOf(given(state, nice, talk(1, talker, { dialogueId: "bye", choixId: "nice" })))).toBe(120);
    expect(reputationOf(given(state, talk(1, talker, { choixId: "rude" })))).toBe(-10);
  });

  test("[REL-4] within its bounds; what changes nothing is no event", () => {
    expect(reputationOf(given(reputed(980), talk(1, talker, { choixId: "nice" })))).toBe(1_000);
    expect(reputationOf(given(reputed(-950), talk(1, talker, { choixId: "rude" })))).toBe(-1_000);
    expect(when(reputed(1_000), talk(1, talker, { choixId: "nice" })).types).toEqual(["DialogueDeclenche"]);
    expect(when(born(), talk(1, talker, { choixId: "same" })).types).toEqual(["DialogueDeclenche"]);
  });

  test("[REL-4] a quest's reward keeps to them too", () => {
    const hated = { recompenses: { reputations: [{ pnjId: nid(1), delta: -1_000 }] } };
    expect(reputationOf(given(reputed(-500), accept(1, hated), kills(2), finish(1)))).toBe(-1_000);
  });
});

describe("shops", () => {
  const shop = (over: NpcInput["commerce"] = { articles: [] }): NpcInput => ({
    commerce: { rachatPourcent: 50, ...over, articles: [{ itemId: iid(1), prix: 100 }, ...over.articles] },
  });
  const sale = (state: PlayerState, n: number, quantite: number): PlayerCommand => {
    const slot = Object.values(state.inventaire.slots).find((one) => one.itemId === iid(n));
    return { type: "VendrePnj", pnjId: nid(1), slotId: slot?.slotId ?? qid(1), quantite };
  };

  test("[SHOP-1] opens to whom it trades with, and offers what their reputation allows", () => {
    const wares = shop({ articles: [{ itemId: iid(2), prix: 10, reputationMin: 1 }] });
    const { events } = when(born(), visit(1, wares), 1_000);
    expect(payloads(events, "CommerceOuvert")).toMatchObject([
      {
        pnjId: nid(1),
        articles: [{ itemId: iid(1), prix: 100 }],
        rachatPourcent: 50,
        expireA: "1970-01-01T00:10:01.000Z",
      },
    ]);
    const friend = when(reputed(1), visit(1, wares));
    expect(payloads(friend.events, "CommerceOuvert")).toMatchObject([
      { articles: [{ itemId: iid(1) }, { itemId: iid(2) }] },
    ]);
    expect(when(reputed(-501), visit(1, wares)).code).toBe("REPUTATION_TOO_LOW");
    expect(when(reputed(-500), visit(1, wares)).code).toBeUndefined();
    expect(when(born(), visit(1)).code).toBe("NOT_A_MERCHANT");
    expect(when(born(), { type: "OuvrirCommerce", pnjId: nid(1), definitions: known({}) }).code).toBe("UNKNOWN_NPC");
  });

  test("[SHOP-2] reputation makes prices better and worse", () => {
    expect([discountOf(1_000), discountOf(-500), discountOf(49)]).toEqual([20, -10, 0]);
    expect([priceFor(100, 500), priceFor(100, -120), priceFor(1, 1_000)]).toEqual([90, 102, 1]);
    const { events } = when(reputed(500), visit(1, shop()));
    expect(payloads(events, "CommerceOuvert")).toMatchObject([{ articles: [{ prix: 90 }] }]);
    const state = given(reputed(500, { or: 500 }), visit(1, shop()), buy(1, 1, 2));
    expect(state.joueur.or).toBe(320);
  });

  test("[SHOP-3] the prices hold for ten minutes, whatever comes", () => {
    const state = given(reputed(940, { or: 500 }), visit(1, shop()), talk(1, talker, { choixId: "nice" }));
    expect(reputationOf(state)).toBe(1_000);
    expect(when(state, buy(1, 1, 1), 599_999).state.joueur.or).toBe(500 - 82);
    expect(when(state, buy(1, 1, 1), 600_000).code).toBe("SHOP_NOT_OPEN");
    expect(when(born({ or: 500 }), buy(1, 1, 1)).code).toBe("SHOP_NOT_OPEN");
  });

  test("[SHOP-4] what is bought is carried, and paid", () => {
    const { events, state } = when(given(born({ or: 500 }), visit(1, shop())), buy(1, 1, 3));
    expect(payloads(events, "OrModifie")).toMatchObject([{ delta: -300, solde: 200, raison: "ACHAT_PNJ" }]);
    expect(payloads(events, "ItemAjoute")).toMatchObject([{ itemId: iid(1), quantite: 3, source: "PNJ" }]);
    expect(state.joueur.or).toBe(200);
  });

  test("[SHOP-4] only what is offered, and what can be paid and carried", () => {
    const wares = shop({ articles: [{ itemId: iid(2), prix: 10, reputationMin: 50 }] });
    const state = given(reputed(60, { or: 500 }), visit(1, wares));
    expect(when(state, buy(1, 3, 1)).code).toBe("NOT_SOLD_HERE");
    expect(when(state, buy(1, 1, 6)).code).toBe("NOT_ENOUGH_GOLD");
    expect(when(state, buy(1, 1, 9_999)).code).toBe("NOT_ENOUGH_GOLD");
    expect(when(state, buy(1, 1, 1, { poids: 1_001 })).code).toBe("TOO_HEAVY");
    expect(when(state, buy(1, 2, 50, { empilable: false, stackMax: 1, poids: 0 })).code).toBeUndefined();
    expect(when(given(state, receive(9, 1)), buy(1, 2, 50, { empilable: false, poids: 0 })).code).toBe(
      "INVENTORY_FULL",
    );
    expect(when(state, { ...buy(1, 1, 1), definitions: known({}) } as PlayerCommand).code).toBe("UNKNOWN_ITEM");
    expect(when(state, buy(1, 2, 1)).code).toBeUndefined();
    expect(when(given(state, talk(1, talker, { choixId: "rude" })), buy(1, 2, 1)).code).toBe("REPUTATION_TOO_LOW");
  });

  test.each<[string, ItemInput]>([
    ["cannot be traded", { echangeable: false }],
    ["cannot be destroyed", { destructible: false }],
    ["is worth nothing", { valeurOr: 1 }],
  ])("[SHOP-5] [SHOP-6] it does not buy what %s", (_, over) => {
    const state = given(born(), visit(1, shop()), receive(2, 1, { valeurOr: 40, ...over }));
    expect(when(state, sale(state, 2, 1)).code).toBe("NOT_BOUGHT");
  });

  test("[SHOP-5] nor what is no longer as new, or worn", () => {
    const state = given(
      born(),
      visit(1, shop()),
      receive(2, 1, { valeurOr: 40, emplacements: ["TETE"], durabiliteMax: 9 }),
    );
    const [slot] = Object.values(state.inventaire.slots);
    if (slot === undefined) throw new Error("nothing was received");
    const touched = (over: Partial<typeof slot>): PlayerState => ({
      ...state,
      inventaire: { ...state.inventaire, slots: { [slot.slotId]: { ...slot, ...over } } },
    });
    expect(when(state, sale(state, 2, 1)).code).toBeUndefined();
    expect(when(touched({ proprietes: { ...slot.proprietes, usure: 1 } }), sale(state, 2, 1)).code).toBe("NOT_BOUGHT");
    expect(when(touched({ emplacement: "TETE" }), sale(state, 2, 1)).code).toBe("ITEM_WORN");
    expect(when(state, { type: "VendrePnj", pnjId: nid(1), slotId: qid(9), quantite: 1 }).code).toBe("UNKNOWN_SLOT");
  });

  test("[SHOP-6] it pays its part of the value", () => {
    expect([buybackFor(99, 25), buybackFor(100, 50, 30)]).toEqual([24, 30]);
    const state = given(born({ or: 5 }), visit(1, shop()), receive(2, 4, { valeurOr: 41 }));
    const { events, state: after } = when(state, sale(state, 2, 3));
    expect(payloads(events, "ItemRetire")).toMatchObject([{ quantite: 3, quantiteApres: 1, raison: "VENTE_PNJ" }]);
    expect(payloads(events, "OrModifie")).toMatchObject([{ delta: 60, raison: "VENTE_PNJ" }]);
    expect(after.joueur.or).toBe(65);
    expect(when(state, sale(state, 2, 5)).code).toBe("NOT_ENOUGH_ITEMS");
  });

  test("[SHOP-6] never more than it asks itself: buying and selling brings nothing", () => {
    const generous = shop({ rachatPourcent: 100, articles: [] });
    const start = given(reputed(1_000, { or: 100 }), visit(1, generous));
    const bought = given(start, buy(1, 1, 1, { valeurOr: 5_000 }));
    expect(given(bought, sale(bought, 1, 1)).joueur.or).toBe(100);
  });

  test("[SHOP-7] not in a combat", () => {
    const state = given(born({ or: 500 }), visit(1, shop()), receive(2, 1, { valeurOr: 40 }));
    const fighting = { ...state, joueur: { ...state.joueur, combatId: qid(1) } };
    expect(when(fighting, buy(1, 1, 1)).code).toBe("IN_COMBAT");
    expect(when(fighting, sale(state, 2, 1)).code).toBe("IN_COMBAT");
  });
});
