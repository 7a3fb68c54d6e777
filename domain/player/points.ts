import { type Draft, isoTime } from "./draft.ts";
import type { RaisonStats } from "./joueur.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import { emitWithStats } from "./stats.ts";

/**
 * Spends skill points, `reference` on what. The event comes also where nothing is spent: its `statsTotales` are those after
 * what was learnt, so it is emitted after that.
 */
export function spendPoints(
  draft: Draft,
  points: number,
  raison: RaisonStats,
  reference: string,
): PlayerRejectionCode | undefined {
  const { joueurId, pointsCompetence: avant } = draft.state.joueur;
  if (points > avant) return "NOT_ENOUGH_POINTS";
  const stats = points === 0 ? {} : { pointsCompetence: { avant, apres: avant - points } };
  const about = { joueurId, raison, reference, stats, a: isoTime(draft.now) };
  emitWithStats(draft, (statsTotales) => ({ eventType: "StatsModifiees", payload: { ...about, statsTotales } }));
  return undefined;
}
