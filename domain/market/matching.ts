import { sideOf } from "./book.ts";
import { items } from "./runs.ts";
import type { MarketState, Ordre } from "./state.ts";
import { opposite, STEP_LIMIT, type TypeOrdre } from "./values.ts";

/** What an incoming order meets: it trades with a resting one, or clears away one whose time is over ([EXPIRY-2]). */
export type Step =
  | { readonly kind: "trade"; readonly order: Ordre; readonly quantite: number }
  | { readonly kind: "expire"; readonly order: Ordre };

export interface Plan {
  readonly steps: readonly Step[];
  /** Of the incoming order, when the steps are done. */
  readonly reste: number;
  /** It would trade with an order of the same player's. */
  readonly selfTrade: boolean;
  /** It could trade on, but may not in one decision ([MATCH-6]). */
  readonly cut: boolean;
}

interface Incoming {
  readonly joueurId: string;
  readonly typeOrdre: TypeOrdre;
  readonly quantite: number;
  readonly prixUnitaire: number;
}

export function isDue(order: Pick<Ordre, "expireA">, now: number): boolean {
  return order.expireA !== null && order.expireA <= now;
}

function crosses(incoming: Incoming, prix: number): boolean {
  return incoming.typeOrdre === "ACHAT" ? incoming.prixUnitaire >= prix : incoming.prixUnitaire <= prix;
}

/** [MATCH-1]: best price first, and within a price who came first. Only looks: nothing has happened yet. */
export function planMatch(state: MarketState, incoming: Incoming, now: number): Plan {
  const steps: Step[] = [];
  let reste = incoming.quantite;
  for (const level of items(sideOf(state, opposite(incoming.typeOrdre)))) {
    if (!crosses(incoming, level.prix)) break;
    for (const order of items(level.ordres)) {
      if (reste === 0) return { steps, reste, selfTrade: false, cut: false };
      if (steps.length === STEP_LIMIT) return { steps, reste, selfTrade: false, cut: true };
      if (isDue(order, now)) {
        steps.push({ kind: "expire", order });
        continue;
      }
      if (order.joueurId === incoming.joueurId) return { steps, reste, selfTrade: true, cut: false };
      const quantite = Math.min(reste, order.reste);
      steps.push({ kind: "trade", order, quantite });
      reste -= quantite;
    }
  }
  return { steps, reste, selfTrade: false, cut: false };
}
