import { type Draft, emit } from "./draft.ts";
import { MAX_GOLD, type RaisonOr } from "./joueur.ts";
import type { PlayerRejectionCode } from "./rejections.ts";

/** [PURSE-1]: all of it, or it is refused. Nothing is no event. */
export function moveGold(
  draft: Draft,
  delta: number,
  raison: RaisonOr,
  reference: string,
): PlayerRejectionCode | undefined {
  const { joueurId, or } = draft.state.joueur;
  const solde = or + delta;
  if (solde < 0) return "NOT_ENOUGH_GOLD";
  if (solde > MAX_GOLD) return "GOLD_FULL";
  if (delta !== 0) emit(draft, { eventType: "OrModifie", payload: { joueurId, delta, solde, raison, reference } });
  return undefined;
}

/** [PURSE-2]: gold that the game owes always arrives; what nobody can own is lost, and the event says how much. */
export function deliverGold(draft: Draft, montant: number, raison: RaisonOr, reference: string): void {
  const { joueurId, or } = draft.state.joueur;
  if (montant <= 0) return;
  const delta = Math.min(montant, MAX_GOLD - or);
  const perdu = montant - delta;
  emit(draft, {
    eventType: "OrModifie",
    payload: { joueurId, delta, solde: or + delta, raison, reference, ...(perdu === 0 ? {} : { perdu }) },
  });
}
