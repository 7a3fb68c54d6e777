import fc from "fast-check";
import type { MarketCommand } from "../../../domain/market/commands.ts";
import type { MarketState } from "../../../domain/market/state.ts";
import { buy, iid, iso, jid, oid, restingOn, sell } from "./helper.ts";

/** A command in numbers, to be read against the book of the moment: what, who, how much, at what price. */
export type Gesture = readonly [kind: number, who: number, quantity: number, price: number, ms: number];

const int = (min: number, max: number) => fc.integer({ min, max });

/** A handful of players and prices, so that orders meet; time stands still, creeps or leaps. */
export const gesture: fc.Arbitrary<Gesture> = fc.tuple(
  int(0, 99),
  int(1, 12),
  fc.oneof(int(1, 12), int(1, 12), int(1, 1_000_000)),
  fc.oneof(int(95, 105), int(95, 105), int(1, 2_000)),
  fc.oneof(fc.constant(0), int(0, 5_000), int(0, 5_000_000), fc.constant(-1_000)),
);

function anyOrder(state: MarketState, index: number): string | undefined {
  const all = [...restingOn(state, "VENTE"), ...restingOn(state, "ACHAT")];
  return all.length === 0 ? undefined : all[index % all.length]?.ordreId;
}

/** The nth command of a course, at `now`: mostly orders, some of them wrong. */
export function commandOf(state: MarketState, n: number, now: number, gestured: Gesture): MarketCommand {
  const [kind, who, quantite, prixUnitaire] = gestured;
  if (kind >= 94) return { type: kind % 2 === 0 ? "ExpirerOrdres" : "ActualiserPrix" };
  if (kind >= 80) {
    const ordreId = kind < 90 ? (anyOrder(state, quantite) ?? oid(n)) : oid(Math.max(0, n - who));
    const owner = [...restingOn(state, "VENTE"), ...restingOn(state, "ACHAT")].find((one) => one.ordreId === ordreId);
    return { type: "AnnulerOrdre", ordreId, joueurId: kind === 80 ? jid(who) : (owner?.joueurId ?? jid(who)) };
  }
  const over = {
    joueurId: jid(who),
    ...(kind % 5 === 0 ? { expireA: iso(now + (prixUnitaire % 50 === 0 ? 0 : quantite * 100)) } : {}),
    ...(kind === 1 ? { itemId: iid(2) } : {}),
    ...(kind === 2 ? { echangeable: false } : {}),
    ...(kind === 3 ? { ordreId: oid(Math.max(0, n - who)) } : {}),
  };
  return kind % 2 === 0 ? sell(n, quantite, prixUnitaire, over) : buy(n, quantite, prixUnitaire, over);
}
