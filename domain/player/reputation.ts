import { type Draft, emit } from "./draft.ts";
import { type RaisonReputation, relationTo } from "./relations.ts";

const HIGHEST = 1_000;

/** [REL-4]: within −1000 and 1000; what changes nothing is no event. */
export function changeReputation(
  draft: Draft,
  pnjId: string,
  delta: number,
  raison: RaisonReputation,
  reference: string,
): void {
  const avant = relationTo(draft.state.relations, pnjId).reputation;
  const apres = Math.max(-HIGHEST, Math.min(HIGHEST, avant + delta));
  if (apres === avant) return;
  const { joueurId } = draft.state.joueur;
  emit(draft, { eventType: "ReputationModifiee", payload: { joueurId, pnjId, avant, apres, raison, reference } });
}
