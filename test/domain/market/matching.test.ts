import { describe, expect, test } from "vitest";
import { marketCommand } from "../../../domain/market/commands.ts";
import { STEP_LIMIT } from "../../../domain/market/values.ts";
import { buy, given, ITEM, iid, iso, jid, oid, payloadsOf, sell, side, T0, when } from "./helper.ts";

describe("placing", () => {
  test("an order that meets nothing rests, and says what was set aside for it", () => {
    const sale = when(given(), sell(1, 3, 10, { expireA: iso(T0 + 1) }));
    expect(sale.events).toEqual([
      {
        eventType: "OrdreVenteCree",
        payload: {
          ordreId: oid(1),
          joueurId: jid(1),
          pseudo: "P1",
          itemId: ITEM,
          quantite: 3,
          prixUnitaire: 10,
          expireA: iso(T0 + 1),
          misDeCote: { or: 0, objets: [{ itemId: ITEM, quantite: 3, proprietes: { serie: 1 } }] },
          creeA: iso(T0),
        },
      },
    ]);
    const purchase = when(sale.state, buy(2, 4, 9));
    expect(payloadsOf(purchase.events, "OrdreAchatCree")[0]?.misDeCote).toEqual({ or: 36, objets: [] });
    expect([side(purchase.state, "VENTE"), side(purchase.state, "ACHAT")]).toEqual([[[1, 3, 10]], [[2, 4, 9]]]);
  });

  test.each([
    { quantite: 0 },
    { quantite: -1 },
    { quantite: 1.5 },
    { quantite: 1_000_001 },
    { prixUnitaire: 0 },
    { prixUnitaire: 1e9 + 1 },
    { prixUnitaire: Number.NaN },
    { quantite: 1_000_000, prixUnitaire: 2_001 },
    { pseudo: "" },
    { expireA: "tomorrow" },
    { itemId: "sword" },
    { proprietes: { now: new Date(0) } },
    { or: 1 },
  ])("what is out of bounds is no command: %j", (over) => {
    expect(marketCommand.safeParse(sell(1, 1, 1)).success).toBe(true);
    expect(marketCommand.safeParse({ ...sell(1, 1, 1), ...over }).success).toBe(false);
  });
});

describe("matching", () => {
  test("[MATCH-1] best price first, then who came first, for as long as it crosses", () => {
    const book = given(sell(1, 1, 12), sell(2, 1, 11), sell(3, 1, 10), sell(4, 1, 10), sell(5, 1, 13));
    const { events, state } = when(book, buy(6, 10, 12));
    const trades = payloadsOf(events, "TransactionExecutee");
    expect(trades.map((trade) => [trade.ordreVenteId, trade.prixUnitaire])).toEqual([
      [oid(3), 10],
      [oid(4), 10],
      [oid(2), 11],
      [oid(1), 12],
    ]);
    expect([side(state, "VENTE"), side(state, "ACHAT")]).toEqual([[[5, 1, 13]], [[6, 6, 12]]]);
  });

  test("[MATCH-1] a sale takes the highest purchases first", () => {
    const { events } = when(given(buy(1, 1, 8), buy(2, 1, 9), buy(3, 1, 7)), sell(4, 5, 8));
    expect(payloadsOf(events, "TransactionExecutee").map((trade) => trade.ordreAchatId)).toEqual([oid(2), oid(1)]);
  });

  test("[MATCH-2] [GOLD-1] [TAX-1] the price is that of the order at rest; the buyer gets the difference back, the seller pays the tax", () => {
    const { events } = when(given(sell(1, 5, 33)), buy(2, 3, 40));
    expect(payloadsOf(events, "TransactionExecutee")).toMatchObject([
      {
        ordreVenteId: oid(1),
        ordreAchatId: oid(2),
        vendeurId: jid(1),
        pseudoVendeur: "P1",
        acheteurId: jid(2),
        pseudoAcheteur: "P2",
        itemId: ITEM,
        quantite: 3,
        prixUnitaire: 33,
        montantTotal: 99,
        taxe: 4,
        netVendeur: 95,
        renduAcheteur: 21,
        resteVente: 2,
        resteAchat: 0,
        executeeA: iso(T0),
      },
    ]);
    const resting = when(given(buy(1, 5, 40)), sell(2, 3, 33));
    expect(payloadsOf(resting.events, "TransactionExecutee")).toMatchObject([{ prixUnitaire: 40, renduAcheteur: 0 }]);
  });

  test("[MATCH-3] what is left of the order at rest keeps its place, what is left of the incoming one goes to the end", () => {
    const partly = when(given(sell(1, 5, 10), sell(2, 5, 10)), buy(3, 2, 10));
    expect(side(partly.state, "VENTE")).toEqual([
      [1, 3, 10],
      [2, 5, 10],
    ]);
    expect(side(partly.state, "ACHAT")).toEqual([]);
    const rest = when(given(buy(1, 1, 9), sell(2, 1, 10)), buy(3, 4, 10));
    expect(side(rest.state, "ACHAT")).toEqual([
      [3, 3, 10],
      [1, 1, 9],
    ]);
  });

  test("[MATCH-5] who would trade with an own order is refused whole, though others stand before it", () => {
    const book = given(sell(1, 1, 10), sell(2, 1, 11, { joueurId: jid(9) }));
    const { events, state } = when(book, buy(3, 2, 11, { joueurId: jid(9) }));
    expect(events).toEqual([
      {
        eventType: "OrdreCancelled",
        payload: {
          ordreId: oid(3),
          joueurId: jid(9),
          typeOrdre: "ACHAT",
          itemId: ITEM,
          raison: "REFUSE",
          motif: "SELF_TRADE",
          rendu: { or: 22, objets: [] },
        },
      },
    ]);
    expect(side(state, "VENTE")).toEqual(side(book, "VENTE"));
    // What it would not reach does not matter.
    expect(when(book, buy(3, 1, 11, { joueurId: jid(9) })).types).toContain("TransactionExecutee");
  });

  test("[MATCH-6] one command trades at most 100 times; the rest is given back", () => {
    const book = given(...Array.from({ length: STEP_LIMIT + 5 }, (_, n) => sell(n + 1, 1, 10)));
    const { events, state } = when(book, buy(999, STEP_LIMIT + 5, 11));
    expect(payloadsOf(events, "TransactionExecutee")).toHaveLength(STEP_LIMIT);
    expect(payloadsOf(events, "OrdreCancelled")).toMatchObject([
      { ordreId: oid(999), raison: "ANNULE", motif: "TOO_MANY_TRADES", rendu: { or: 55, objets: [] } },
    ]);
    expect([side(state, "VENTE").length, side(state, "ACHAT").length]).toEqual([5, 0]);
    const exactly = when(book, buy(999, STEP_LIMIT, 11));
    expect(payloadsOf(exactly.events, "OrdreCancelled")).toEqual([]);
  });

  test("[MATCH-7] a trade names the properties of the goods, whichever side came first", () => {
    const first = when(given(sell(1, 1, 10, { proprietes: { durabilite: 7 } })), buy(2, 1, 10));
    const last = when(given(buy(2, 1, 10)), sell(1, 1, 10, { proprietes: { durabilite: 7 } }));
    for (const { events } of [first, last])
      expect(payloadsOf(events, "TransactionExecutee")[0]?.proprietes).toEqual({ durabilite: 7 });
  });

  test("trades have ids of their own, the same when decided again", () => {
    const ids = () => {
      const { events } = when(given(sell(1, 1, 10), sell(2, 1, 10)), buy(3, 2, 10));
      return payloadsOf(events, "TransactionExecutee").map((trade) => trade.transactionId);
    };
    expect(new Set(ids()).size).toBe(2);
    expect(ids()).toEqual(ids());
  });
});

test("[REFUSE-1] an order for another item is refused, and its goods go back", () => {
  const { events, state } = when(given(sell(1, 1, 10)), sell(2, 4, 10, { itemId: iid(2) }));
  expect(payloadsOf(events, "OrdreCancelled")).toMatchObject([
    {
      itemId: iid(2),
      raison: "REFUSE",
      motif: "WRONG_ITEM",
      rendu: { or: 0, objets: [{ itemId: iid(2), quantite: 4, proprietes: { serie: 2 } }] },
    },
  ]);
  expect(state.itemId).toBe(ITEM);
});
