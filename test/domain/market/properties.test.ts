import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { type MarketCommand, marketCommand } from "../../../domain/market/commands.ts";
import { type MarketEvent, marketEvents } from "../../../domain/market/events.ts";
import { market } from "../../../domain/market/market.ts";
import { MARKET_REJECTIONS } from "../../../domain/market/rejections.ts";
import { first, items, type Runs } from "../../../domain/market/runs.ts";
import type { MarketState } from "../../../domain/market/state.ts";
import { motif, raisonAnnulation } from "../../../domain/market/values.ts";
import { commandOf, type Gesture, gesture } from "./arbitrary.ts";
import { payloadsOf, restingOn, T0, when } from "./helper.ts";

// Only for machines under load: alone, none of them takes more than a few seconds.
vi.setConfig({ testTimeout: 120_000 });

interface Step {
  readonly before: MarketState;
  readonly command: MarketCommand;
  readonly now: number;
  readonly events: readonly MarketEvent[];
  readonly after: MarketState;
  readonly code: string | undefined;
}

function play(gestures: readonly Gesture[], watch: (step: Step) => void): MarketState {
  let state = market.initial;
  let now = T0;
  for (const [n, next] of gestures.entries()) {
    now += next[4];
    const command = commandOf(state, n + 1, now, next);
    const { events, state: after, code } = when(state, command, now);
    watch({ before: state, command, now, events, after, code });
    state = after;
  }
  return state;
}

// Without shrinking: with hundreds of commands to leave out it goes on for minutes. The seed in the message repeats the case.
function played(runs: number, length: number, watcher: () => (step: Step) => void, seed?: number): void {
  fc.assert(
    fc.property(fc.array(gesture, { minLength: length, maxLength: length, size: "max" }), (gestures) => {
      play(gestures, watcher());
    }),
    { numRuns: runs, endOnFailure: true, ...(seed === undefined ? {} : { seed }) },
  );
}

/** As a JSONB column gives it back: other key order, no undefined. */
function stored<Value>(value: Value): Value {
  const turned = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(turned);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part)
        .reverse()
        .map(([key, inner]) => [key, turned(inner)]),
    );
  };
  return turned(JSON.parse(JSON.stringify(value))) as Value;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** What the orders at rest hold: gold and goods. */
const resting = (state: MarketState) => ({
  or: sum(restingOn(state, "ACHAT").map((one) => one.reste * one.prixUnitaire)),
  objets: sum(restingOn(state, "VENTE").map((one) => one.reste)),
});

describe("whatever is commanded", () => {
  test("30,000 random commands never throw, and each refusal has a known code", () => {
    const seen = new Set<string>();
    // Seeds are fixed here, so that a rare corner is never missed by bad luck.
    for (let seed = 1; seed <= 10; seed++)
      played(
        10,
        300,
        () =>
          ({ events, code }) => {
            if (code !== undefined) seen.add(code);
            for (const event of events) seen.add(event.eventType);
            for (const one of payloadsOf(events, "OrdreCancelled")) {
              seen.add(one.raison);
              if (one.motif !== undefined) seen.add(one.motif);
            }
          },
        seed,
      );
    const corners = [
      ...Object.keys(marketEvents),
      ...Object.keys(MARKET_REJECTIONS),
      ...raisonAnnulation.options,
      ...motif.options,
    ];
    // Too many orders for a course of 300 commands: orders.test.ts has them.
    const unreachable = ["BOOK_FULL", "TOO_MANY_ORDERS", "TOO_MANY_TRADES"];
    expect(corners.filter((corner) => !seen.has(corner)).sort()).toEqual(unreachable);
    expect([...seen].filter((corner) => !corners.includes(corner))).toEqual([]);
  });

  test("[GOLD-2] gold and goods are conserved: set aside is traded, taxed, given back or still there", () => {
    played(80, 200, () => ({ before, command, events, after, code }) => {
      if (code !== undefined) return;
      const placed = command.type === "PlacerOrdre" ? command : undefined;
      const goldIn = placed?.typeOrdre === "ACHAT" ? placed.quantite * placed.prixUnitaire : 0;
      const goodsIn = placed?.typeOrdre === "VENTE" ? placed.quantite : 0;
      const trades = payloadsOf(events, "TransactionExecutee");
      const back = payloadsOf(events, "OrdreCancelled").map((one) => one.rendu);
      const gold =
        sum(trades.map((one) => one.netVendeur + one.taxe + one.renduAcheteur)) + sum(back.map((one) => one.or));
      const goods =
        sum(trades.map((one) => one.quantite)) + sum(back.flatMap((one) => one.objets.map((some) => some.quantite)));
      expect(resting(before).or + goldIn).toBe(resting(after).or + gold);
      expect(resting(before).objets + goodsIn).toBe(resting(after).objets + goods);
    });
  });

  test("[MATCH-4] the book is never crossed, and its levels are what its orders are", () => {
    const levels = (side: MarketState["ventes"], better: (a: number, b: number) => boolean) => {
      let last: number | undefined;
      for (const level of items(side)) {
        const orders = [...items(level.ordres)];
        if (last !== undefined && !better(last, level.prix)) throw new Error("levels out of order");
        last = level.prix;
        expect([level.nombre, level.quantite]).toEqual([orders.length, sum(orders.map((one) => one.reste))]);
        for (const [i, one] of orders.entries()) {
          if (one.reste < 1 || one.reste > one.quantite || one.prixUnitaire !== level.prix)
            throw new Error("bad order");
          if (i > 0 && (orders[i - 1]?.rang ?? 0) >= one.rang) throw new Error("a queue out of order");
        }
      }
    };
    played(80, 200, () => ({ after }) => {
      const [ask, bid] = [first(after.ventes)?.prix, first(after.achats)?.prix];
      if (ask !== undefined && bid !== undefined && bid >= ask) throw new Error(`crossed: ${bid} ≥ ${ask}`);
      levels(after.ventes, (a, b) => a < b);
      levels(after.achats, (a, b) => a > b);
      const all = [...restingOn(after, "VENTE"), ...restingOn(after, "ACHAT")];
      const open = [...items(after.ordres)].filter((one) => one.statut === "OUVERT");
      expect([after.ouverts, open.length, sum([...items(after.joueurs)].map((one) => one.ouverts))]).toEqual([
        all.length,
        all.length,
        all.length,
      ]);
      expect([...items(after.echeances)].length).toBe(all.filter((one) => one.expireA !== null).length);
    });
  });

  test("[MATCH-1] [MATCH-2] every trade takes what a search through all orders says it must, at that order's price", () => {
    played(80, 200, () => ({ before, command, now, events }) => {
      if (command.type !== "PlacerOrdre") return;
      const buying = command.typeOrdre === "ACHAT";
      const left = new Map(restingOn(before, buying ? "VENTE" : "ACHAT").map((one) => [one.ordreId, one.reste]));
      for (const trade of payloadsOf(events, "TransactionExecutee")) {
        const [best] = restingOn(before, buying ? "VENTE" : "ACHAT")
          .filter((one) => (left.get(one.ordreId) ?? 0) > 0 && (one.expireA === null || one.expireA > now))
          .sort((a, b) => (buying ? 1 : -1) * (a.prixUnitaire - b.prixUnitaire) || a.rang - b.rang);
        if (best === undefined) throw new Error("traded with nobody");
        expect(buying ? trade.ordreVenteId : trade.ordreAchatId).toBe(best.ordreId);
        expect(trade.prixUnitaire).toBe(best.prixUnitaire);
        if (buying ? trade.prixUnitaire > command.prixUnitaire : trade.prixUnitaire < command.prixUnitaire)
          throw new Error("beyond its limit");
        left.set(best.ordreId, (left.get(best.ordreId) ?? 0) - trade.quantite);
      }
    });
  });

  test("[MATCH-5] [EXPIRY-2] nobody trades with oneself, no order beyond its quantity or after its time", () => {
    played(80, 200, () => {
      const orders = new Map<string, { quantite: number; expireA: string | null }>();
      return ({ events, now }) => {
        for (const type of ["OrdreVenteCree", "OrdreAchatCree"] as const)
          for (const { ordreId, quantite, expireA } of payloadsOf(events, type))
            orders.set(ordreId, { quantite, expireA });
        for (const trade of payloadsOf(events, "TransactionExecutee")) {
          if (trade.vendeurId === trade.acheteurId) throw new Error("traded with oneself");
          for (const [id, reste] of [
            [trade.ordreVenteId, trade.resteVente],
            [trade.ordreAchatId, trade.resteAchat],
          ] as const) {
            const order = orders.get(id);
            if (order === undefined) throw new Error("traded what was never placed");
            order.quantite -= trade.quantite;
            expect(order.quantite).toBe(reste);
            if (reste < 0) throw new Error("filled beyond its quantity");
            if (order.expireA !== null && Date.parse(order.expireA) <= now) throw new Error("traded after its time");
          }
        }
      };
    });
  });

  test("every accepted command leaves an event, but refreshing figures that are old news", () => {
    played(40, 200, () => ({ before, command, events, after, code }) => {
      expect(after.version).toBe(before.version + events.length);
      if (code !== undefined ? events.length > 0 : events.length === 0 && command.type !== "ActualiserPrix")
        throw new Error(JSON.stringify(command));
    });
  });

  test("[EXPIRY-1] [PRICE-2] a book left to itself comes to rest: what it wants is always accepted at the time that it names", () => {
    fc.assert(
      fc.property(fc.array(gesture, { minLength: 60, maxLength: 60, size: "max" }), (gestures) => {
        let state = play(gestures, () => undefined);
        for (let wish = market.wakeUp?.(state); wish !== undefined; wish = market.wakeUp?.(state)) {
          const next = when(state, wish.command, wish.at);
          if (next.events.length === 0) throw new Error(`${wish.command.type}: ${next.code}`);
          state = next.state;
        }
        expect([...items(state.echeances)]).toEqual([]);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});

describe("replay", () => {
  test("folding the stored events gives the live book, from the beginning and from any snapshot", () => {
    fc.assert(
      fc.property(
        fc.array(gesture, { minLength: 150, maxLength: 150, size: "max" }),
        fc.integer({ min: 0, max: 149 }),
        (gestures, at) => {
          const log: MarketEvent[] = [];
          const states: MarketState[] = [];
          const live = play(gestures, ({ events, after }) => {
            log.push(...events);
            states.push(after);
          });
          expect(stored(log).reduce(market.evolve, market.initial)).toEqual(live);
          const snapshot = market.snapshot.schema.parse(stored(states[at]));
          expect(snapshot).toStrictEqual(states[at]);
          expect(log.slice(snapshot.version).reduce(market.evolve, snapshot)).toEqual(live);
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("the same command on a stored book gives the same events", () => {
    played(20, 100, () => ({ before, command, now, events, code }) => {
      if (code === undefined) expect(market.decide(stored(before), command, { now })).toEqual({ ok: true, events });
    });
  });

  test("events and commands keep to their schemas, word for word", () => {
    played(20, 100, () => ({ command, events }) => {
      const within = command.type !== "PlacerOrdre" || command.quantite * command.prixUnitaire <= 2_000_000_000;
      if (within) expect(marketCommand.parse(command)).toEqual(command);
      for (const event of events)
        expect(marketEvents[event.eventType]?.schema.parse(event.payload)).toStrictEqual(stored(event.payload));
    });
  });

  test("any event of the schema folds into any book, and the book stays one", () => {
    const shuffled = fc.array(gesture, { minLength: 80, maxLength: 80, size: "max" }).chain((gestures) => {
      const log: MarketEvent[] = [];
      play(gestures, ({ events }) => log.push(...events));
      return fc.shuffledSubarray([...log, ...log], { minLength: log.length });
    });
    fc.assert(
      fc.property(shuffled, (log) => {
        let state = market.initial;
        for (const event of log) {
          const next = market.evolve(state, event);
          expect(next.version).toBe(state.version + 1);
          state = next;
        }
        market.snapshot.schema.parse(stored(state));
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("books are never written to, and share what did not change", () => {
    const freeze = (part: unknown): void => {
      if (typeof part !== "object" || part === null || Object.isFrozen(part)) return;
      Object.freeze(part);
      for (const inner of Object.values(part)) freeze(inner);
    };
    played(20, 150, () => ({ before, command, events, after }) => {
      freeze(events);
      freeze(after);
      const fresh = (now: Runs<unknown>, then: Runs<unknown>) => now.filter((run) => !then.includes(run)).length;
      if (command.type === "AnnulerOrdre")
        expect(fresh(after.ventes, before.ventes) + fresh(after.achats, before.achats)).toBeLessThanOrEqual(1);
    });
  });
});
