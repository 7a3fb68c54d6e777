import type { WakeUp } from "../decider.ts";
import type { MarketCommand } from "./commands.ts";
import { first } from "./runs.ts";
import type { MarketState } from "./state.ts";

/** [PRICE-2]: how long figures stand before they are made anew, ms. */
export const REFRESH_MS = 3_600_000;

/** What the book wants to be told next: that orders are due, or that its figures are old. */
export function wakeUp(state: MarketState): WakeUp<MarketCommand> | undefined {
  const due = first(state.echeances)?.expireA;
  const stale = state.prix === null || state.prix.nombreTransactions24h === 0 ? undefined : state.prix.a + REFRESH_MS;
  if (due !== undefined && (stale === undefined || due <= stale))
    return { at: due, command: { type: "ExpirerOrdres" } };
  return stale === undefined ? undefined : { at: stale, command: { type: "ActualiserPrix" } };
}
