import { growthOf } from "./classes.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import { experienceAt, MAX_LEVEL, statPointsAt } from "./formulas.ts";
import { MAX_EXPERIENCE } from "./joueur.ts";
import { emitWithStats } from "./stats.ts";

/** [LEVEL-2] */
function levelUp(draft: Draft): void {
  const { joueurId, niveau, classe, experience } = draft.state.joueur;
  emitWithStats(draft, (statsTotales) => ({
    eventType: "NiveauAtteint",
    payload: {
      joueurId,
      ancienNiveau: niveau,
      nouveauNiveau: niveau + 1,
      experienceTotale: experience,
      experienceProchainNiveau: experienceAt(niveau + 2),
      pointsCompetence: 1,
      pointsStats: statPointsAt(niveau + 1) - statPointsAt(niveau),
      statsAugmentees: growthOf(classe),
      statsTotales,
      a: isoTime(draft.now),
    },
  }));
}

/** [LEVEL-2]: the experience, and every level that it leads to. Nothing is no event. */
export function gainExperience(draft: Draft, montant: number, source: string, reference: string): undefined {
  const { joueurId, experience, niveau } = draft.state.joueur;
  const gained = Math.min(montant, MAX_EXPERIENCE - experience);
  if (gained <= 0) return;
  const experienceTotale = experience + gained;
  const experienceProchainNiveau = experienceAt(niveau + 1);
  emit(draft, {
    eventType: "ExperienceGagnee",
    payload: { joueurId, montant: gained, source, reference, experienceTotale, experienceProchainNiveau },
  });
  while (draft.state.joueur.niveau < MAX_LEVEL && experienceTotale >= experienceAt(draft.state.joueur.niveau + 1))
    levelUp(draft);
}
