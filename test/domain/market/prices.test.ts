import { expect, test } from "vitest";
import { market } from "../../../domain/market/market.ts";
import { buy, given, ITEM, iso, payloadsOf, sell, T0, when } from "./helper.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const refresh = { type: "ActualiserPrix" } as const;

test("[PRICE-1] mean by quantity, lowest, highest, quantity and trades of the last 24 h", () => {
  const book = given(sell(1, 3, 10), sell(2, 1, 15));
  const { events, types } = when(book, buy(3, 4, 20));
  expect(types.at(-1)).toBe("PrixMisAJour");
  expect(payloadsOf(events, "PrixMisAJour")).toEqual([
    {
      itemId: ITEM,
      prixMoyen24h: 11,
      prixMin24h: 10,
      prixMax24h: 15,
      volume24h: 4,
      nombreTransactions24h: 2,
      dernierPrix: 15,
      a: iso(T0),
    },
  ]);
});

test("[PRICE-1] what is older than 24 h, to a quarter of an hour, no longer counts", () => {
  const at = (book: ReturnType<typeof given>, n: number, now: number) => {
    const placed = when(book, sell(n, 1, n), now).state;
    return when(placed, buy(n + 10_000, 1, n), now);
  };
  const first = at(given(), 10, T0 + MINUTE).state;
  const later = at(first, 20, T0 + 24 * HOUR - MINUTE);
  expect(payloadsOf(later.events, "PrixMisAJour")).toMatchObject([{ prixMin24h: 10, nombreTransactions24h: 2 }]);
  const gone = at(first, 20, T0 + 24 * HOUR);
  expect(payloadsOf(gone.events, "PrixMisAJour")).toMatchObject([{ prixMin24h: 20, nombreTransactions24h: 1 }]);
  let state = given();
  for (let n = 1; n < 500; n++) state = at(state, n, T0 + n * 10 * MINUTE).state;
  expect(state.fenetre.length).toBe(96);
  expect(state.dernieres.map((one) => one.prixUnitaire)).toEqual(Array.from({ length: 20 }, (_, i) => 480 + i));
});

test("[PRICE-1] sums stop at what an integer column holds", () => {
  let state = given();
  for (let n = 1; n <= 2_200; n++)
    state = when(when(state, sell(n, 1_000_000, 1)).state, buy(n + 5_000, 1_000_000, 1)).state;
  expect(state.prix).toMatchObject({ volume24h: 2_147_483_647, nombreTransactions24h: 2_200, prixMoyen24h: 1 });
});

test("[PRICE-1] time that runs backwards loses no trade, and costs no memory", () => {
  let state = given(sell(1, 500, 10));
  for (let n = 2; n < 302; n++) state = when(state, buy(n, 1, 10), T0 + (n % 2 === 0 ? HOUR : 0)).state;
  expect(state.prix).toMatchObject({ nombreTransactions24h: 300 });
  expect(state.fenetre).toHaveLength(1);
});

test("[PRICE-2] figures follow each hour until there was no trade for 24 h, and the last ones say so", () => {
  let state = when(given(sell(1, 1, 10)), buy(2, 1, 10)).state;
  expect(when(state, refresh, T0 + HOUR - 1).code).toBe("TOO_EARLY");
  let hours = 0;
  for (let wish = market.wakeUp?.(state); wish !== undefined; wish = market.wakeUp?.(state)) {
    hours++;
    expect(wish).toEqual({ at: T0 + hours * HOUR, command: refresh });
    const next = when(state, wish.command, wish.at);
    expect(next.types).toEqual(["PrixMisAJour"]);
    state = next.state;
  }
  expect(hours).toBe(24);
  expect(state.prix).toMatchObject({
    prixMoyen24h: null,
    prixMin24h: null,
    prixMax24h: null,
    volume24h: 0,
    dernierPrix: 10,
  });
  expect([when(state, refresh).events, when(given(), refresh).events]).toEqual([[], []]);
});

test("[PRICE-2] a command that trades nothing publishes nothing", () => {
  expect(when(given(sell(1, 1, 10)), buy(2, 1, 9)).types).toEqual(["OrdreAchatCree"]);
});
