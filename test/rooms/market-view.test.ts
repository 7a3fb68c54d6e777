import { Decoder, Encoder } from "@colyseus/schema";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { MarketCommand } from "../../domain/market/commands.ts";
import { market } from "../../domain/market/market.ts";
import type { MarketState } from "../../domain/market/state.ts";
import { MarketView, projectMarket } from "../../rooms/market-view.ts";
import { commandOf, gesture } from "../domain/market/arbitrary.ts";
import { buy, cancel, given, ITEM, iso, sell, T0, when } from "../domain/market/helper.ts";

/** A room's end and a client's, as Colyseus joins them. */
function connected() {
  const view = new MarketView();
  const encoder = new Encoder(view);
  const client = new MarketView();
  const decoder = new Decoder(client);
  let before: MarketState | undefined;
  return {
    client,
    /** Shows a state; returns how many bytes that took. */
    show(state: MarketState): number {
      projectMarket(view, state, before);
      before = state;
      if (!encoder.hasChanges) return 0;
      const patch = Uint8Array.from(encoder.encode());
      encoder.discardChanges();
      decoder.decode(patch);
      return patch.length;
    },
  };
}

function fresh(state: MarketState): unknown {
  const view = new MarketView();
  projectMarket(view, state, undefined);
  return sorted(view);
}

/** Levels are in no order. */
function sorted(view: MarketView): unknown {
  const json = view.toJSON();
  const side = (levels: object = {}) => Object.fromEntries(Object.entries(levels).sort());
  return { ...json, ventes: side(json.ventes), achats: side(json.achats) };
}

function after(state: MarketState, ...commands: readonly MarketCommand[]): MarketState {
  return commands.reduce((book, command) => when(book, command).state, state);
}

test("a book as clients see it", () => {
  const { client, show } = connected();
  show(after(given(), sell(1, 5, 10), sell(2, 2, 10), sell(3, 1, 12), buy(4, 3, 10), buy(5, 1, 8)));
  expect(client.toJSON()).toEqual({
    version: 7,
    itemId: ITEM,
    ventes: { 10: { prix: 10, quantite: 4, ordres: 2 }, 12: { prix: 12, quantite: 1, ordres: 1 } },
    achats: { 8: { prix: 8, quantite: 1, ordres: 1 } },
    dernierPrix: 10,
    prixMoyen24h: 10,
    prixMin24h: 10,
    prixMax24h: 10,
    volume24h: 3,
    nombreTransactions24h: 1,
    transactions: [{ transactionId: expect.any(String), quantite: 3, prixUnitaire: 10, executeeA: iso(T0) }],
  });
});

test("only the best 20 levels of a side are shown; one that moves up comes in", () => {
  const { client, show } = connected();
  const book = given(...Array.from({ length: 25 }, (_, n) => sell(n + 1, 1, 100 + n)));
  show(book);
  expect([...client.ventes.keys()].map(Number).sort()).toEqual(Array.from({ length: 20 }, (_, n) => 100 + n));
  show(after(book, cancel(1)));
  expect([client.ventes.has("100"), client.ventes.has("120"), client.ventes.size]).toEqual([false, true, 20]);
});

test("what a client has been sent is what a newcomer sees", () => {
  fc.assert(
    fc.property(fc.array(gesture, { minLength: 120, maxLength: 120, size: "max" }), (gestures) => {
      const { client, show } = connected();
      let state = market.initial;
      let now = T0;
      for (const [n, next] of gestures.entries()) {
        now += next[4];
        state = when(state, commandOf(state, n + 1, now, next), now).state;
        // Not every commit: a room may have been shown several at once.
        if (n % 3 === 0) show(state);
      }
      show(state);
      expect(sorted(client)).toEqual(fresh(state));
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test("only what changed is sent: the same for a small book and a large one", () => {
  const bytes = (orders: number): number => {
    const { show } = connected();
    const book = given(...Array.from({ length: orders }, (_, n) => sell(n + 1, 1, 100 + (n % 15))));
    show(book);
    return show(after(book, cancel(1)));
  };
  expect(bytes(30)).toBeLessThan(20);
  expect(bytes(3_000)).toBeLessThanOrEqual(bytes(30) + 8);
  const { show } = connected();
  const book = given(sell(1, 1, 5));
  show(book);
  expect(show(book)).toBe(0);
});
