import { describe, expect, test } from "vitest";
import { createActor } from "xstate";
import { entryOf, openOrdersOf } from "../../../domain/market/book.ts";
import { lifecycleTable, nextPhase, orderLifecycle, PHASES, phaseOf } from "../../../domain/market/lifecycle.ts";
import { market } from "../../../domain/market/market.ts";
import type { MarketState } from "../../../domain/market/state.ts";
import { BOOK_LIMIT, CLOSED_KEPT, PLAYER_LIMIT, STEP_LIMIT } from "../../../domain/market/values.ts";
import { buy, cancel, given, iso, jid, oid, payloadsOf, restingOn, sell, side, T0, when } from "./helper.ts";

const HOUR = 3_600_000;
const motifs = (result: ReturnType<typeof when>) => payloadsOf(result.events, "OrdreCancelled").map((one) => one.motif);

/** Many orders of as many players as it takes. */
function full(count: number): MarketState {
  let state = market.initial;
  for (let n = 1; n <= count; n++)
    state = when(state, sell(n, 1, 100 + (n % 500), { joueurId: jid(Math.ceil(n / PLAYER_LIMIT)) })).state;
  return state;
}

describe("refusals", () => {
  test("[REFUSE-1] [EXPIRY-3] an order that is over before it comes goes back", () => {
    for (const at of [T0, T0 - 1])
      expect(motifs(when(given(), buy(1, 1, 1, { expireA: iso(at) })))).toEqual(["EXPIRED"]);
    expect(when(given(), buy(1, 1, 1, { expireA: iso(T0 + 1) })).types).toEqual(["OrdreAchatCree"]);
  });

  test("[REFUSE-2] a player has at most 100 orders at rest, but may still trade", () => {
    const mine = { joueurId: jid(1) };
    const hundred = given(...Array.from({ length: PLAYER_LIMIT }, (_, n) => buy(n + 1, 1, 5, mine)), sell(500, 3, 9));
    expect(openOrdersOf(hundred, jid(1))).toBe(PLAYER_LIMIT);
    expect(motifs(when(hundred, buy(600, 1, 5, mine)))).toEqual(["TOO_MANY_ORDERS"]);
    expect(motifs(when(hundred, buy(600, 4, 9, mine)))).toEqual(["TOO_MANY_ORDERS"]);
    expect(when(hundred, buy(600, 3, 9, mine)).types).toContain("TransactionExecutee");
    expect(when(hundred, buy(600, 1, 5)).types).toEqual(["OrdreAchatCree"]);
    const one = when(hundred, cancel(1)).state;
    expect(when(one, buy(600, 1, 5, mine)).types).toEqual(["OrdreAchatCree"]);
  });

  test("[REFUSE-2] a book holds at most 10,000 orders; what the command clears away makes room", () => {
    const book = full(BOOK_LIMIT);
    expect(book.ouverts).toBe(BOOK_LIMIT);
    expect(motifs(when(book, sell(20_000, 1, 100, { joueurId: jid(20_000) })))).toEqual(["BOOK_FULL"]);
    const room = when(book, buy(20_000, 21, 100));
    expect([room.state.ouverts, side(room.state, "ACHAT")]).toEqual([BOOK_LIMIT - 19, [[20_000, 1, 100]]]);
  });

  test("[REFUSE-3] what may not be traded, and an order that is known, are rejected", () => {
    expect(when(given(), sell(1, 1, 1, { echangeable: false })).code).toBe("NOT_TRADABLE");
    const book = given(sell(1, 1, 10), sell(2, 1, 10), buy(3, 1, 10), cancel(2));
    for (const n of [1, 2, 3]) expect(when(book, buy(n, 1, 1)).code).toBe("ORDER_EXISTS");
    const refused = given(buy(1, 1, 1, { expireA: iso(T0) }));
    expect(when(refused, buy(1, 1, 1)).code).toBe("ORDER_EXISTS");
    expect(refused.itemId).toBe("");
  });
});

describe("the life of an order", () => {
  test("[ORDER-1] the table walks as the machine does, and nothing leads out of an end", () => {
    expect(Object.keys(lifecycleTable).sort()).toEqual([...PHASES].sort());
    for (const end of ["complete", "cancelled", "expired", "refused"] as const) expect(lifecycleTable[end]).toEqual({});
    const actor = createActor(orderLifecycle).start();
    let phase = nextPhase("absent", "PLACE");
    actor.send({ type: "PLACE" });
    for (const type of ["FILL", "FILL", "REFUSE", "COMPLETE"] as const) {
      phase = phase === undefined ? undefined : (nextPhase(phase, type) ?? phase);
      actor.send({ type });
    }
    expect([phase, actor.getSnapshot().value]).toEqual(["complete", "complete"]);
  });

  test("[ORDER-1] every step that events lead to is one of the machine's", () => {
    const phase = (state: MarketState, n: number) =>
      phaseOf(
        entryOf(state, oid(n)),
        [...restingOn(state, "VENTE"), ...restingOn(state, "ACHAT")].find((one) => one.ordreId === oid(n)),
      );
    const start = given(sell(1, 5, 10));
    const partial = when(start, buy(2, 2, 10)).state;
    const complete = when(partial, buy(3, 3, 10)).state;
    expect([given(), start, partial, complete].map((state) => phase(state, 1))).toEqual([
      "absent",
      "active",
      "partial",
      "complete",
    ]);
    expect(phase(when(partial, cancel(1)).state, 1)).toBe("cancelled");
    expect(phase(given(buy(1, 1, 1, { expireA: iso(T0) })), 1)).toBe("refused");
  });

  test("[ORDER-2] the owner gets back what is left", () => {
    const book = given(buy(1, 5, 10), sell(2, 2, 10), sell(3, 7, 20));
    const purchase = when(book, cancel(1));
    expect(payloadsOf(purchase.events, "OrdreCancelled")).toMatchObject([
      { ordreId: oid(1), joueurId: jid(1), raison: "ANNULE", rendu: { or: 30, objets: [] } },
    ]);
    expect(payloadsOf(purchase.events, "OrdreCancelled")[0]).not.toHaveProperty("motif");
    const sale = payloadsOf(when(book, cancel(3)).events, "OrdreCancelled");
    expect(sale[0]?.rendu.objets).toMatchObject([{ quantite: 7, proprietes: { serie: 3 } }]);
    expect(side(purchase.state, "ACHAT")).toEqual([]);
  });

  test("[ORDER-2] others cannot cancel it, nor anybody what has ended or never was", () => {
    const book = given(sell(1, 1, 10), sell(2, 1, 10), buy(3, 1, 10), cancel(2), sell(4, 1, 10));
    expect(
      [cancel(4, 1), cancel(1), cancel(2), cancel(3), cancel(9)].map((command) => when(book, command).code),
    ).toEqual(["NOT_YOUR_ORDER", "ORDER_CLOSED", "ORDER_CLOSED", "ORDER_CLOSED", "ORDER_NOT_FOUND"]);
  });

  test("[ORDER-3] a thousand closed orders are remembered, open ones for ever", () => {
    let state = given(sell(1, 1, 100), sell(2, 1, 100), cancel(2));
    for (let n = 3; n < CLOSED_KEPT + 2; n++) state = when(when(state, buy(n, 1, 1)).state, cancel(n)).state;
    expect(when(state, cancel(2)).code).toBe("ORDER_CLOSED");
    state = when(when(state, buy(9_999, 1, 1)).state, cancel(9_999)).state;
    expect([when(state, cancel(2)).code, when(state, cancel(3)).code]).toEqual(["ORDER_NOT_FOUND", "ORDER_CLOSED"]);
    expect(when(state, cancel(1)).types).toEqual(["OrdreCancelled"]);
  });
});

describe("expiry", () => {
  const until = (ms: number) => ({ expireA: iso(T0 + ms) });

  test("[EXPIRY-1] the book wakes for the next one; all that are due go, and get back what is left", () => {
    const book = given(
      sell(1, 5, 10, until(2 * HOUR)),
      buy(2, 2, 9, until(HOUR)),
      buy(3, 2, 9, until(HOUR)),
      sell(4, 1, 10),
    );
    expect(market.wakeUp?.(book)).toEqual({ at: T0 + HOUR, command: { type: "ExpirerOrdres" } });
    expect(when(book, { type: "ExpirerOrdres" }, T0 + HOUR - 1).code).toBe("TOO_EARLY");
    const { events, state } = when(book, { type: "ExpirerOrdres" }, T0 + HOUR);
    expect(
      payloadsOf(events, "OrdreCancelled").map(({ ordreId, raison, rendu }) => [ordreId, raison, rendu.or]),
    ).toEqual([
      [oid(2), "EXPIRE", 18],
      [oid(3), "EXPIRE", 18],
    ]);
    expect(market.wakeUp?.(state)?.at).toBe(T0 + 2 * HOUR);
    const after = when(state, { type: "ExpirerOrdres" }, T0 + 3 * HOUR).state;
    expect([side(after, "VENTE"), market.wakeUp?.(after)]).toEqual([[[4, 1, 10]], undefined]);
  });

  test("[EXPIRY-1] at most 100 a decision, the rest with the next", () => {
    const orders = Array.from({ length: STEP_LIMIT + 20 }, (_, n) => buy(n + 1, 1, 5, until(n)));
    const book = given(...orders.slice(1));
    const first = when(book, { type: "ExpirerOrdres" }, T0 + HOUR);
    expect(first.events).toHaveLength(STEP_LIMIT);
    expect(market.wakeUp?.(first.state)?.at).toBeLessThan(T0 + HOUR);
    expect(when(first.state, { type: "ExpirerOrdres" }, T0 + HOUR).events).toHaveLength(19);
  });

  test("[EXPIRY-2] an order whose time has come does not trade: whoever meets it clears it away", () => {
    const book = given(sell(1, 5, 10, until(HOUR)), sell(2, 5, 11));
    const { types, events, state } = when(book, buy(3, 5, 11), T0 + HOUR);
    expect(types).toEqual(["OrdreAchatCree", "OrdreCancelled", "TransactionExecutee", "PrixMisAJour"]);
    expect(payloadsOf(events, "OrdreCancelled")).toMatchObject([{ ordreId: oid(1), raison: "EXPIRE" }]);
    expect(payloadsOf(events, "TransactionExecutee")).toMatchObject([{ ordreVenteId: oid(2) }]);
    expect(state.ouverts).toBe(0);
  });

  test("[EXPIRY-2] an own order whose time has come is in nobody's way, and to cancel it is to let it expire", () => {
    const book = given(sell(1, 5, 10, until(HOUR)));
    const met = when(book, buy(2, 1, 10, { joueurId: jid(1) }), T0 + HOUR);
    expect(met.types).toEqual(["OrdreAchatCree", "OrdreCancelled"]);
    expect(payloadsOf(when(book, cancel(1), T0 + HOUR).events, "OrdreCancelled")).toMatchObject([{ raison: "EXPIRE" }]);
  });
});
