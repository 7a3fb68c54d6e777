import type { Draft } from "./draft.ts";
import { rested } from "./formulas.ts";
import type { RaisonStats, Vitaux } from "./joueur.ts";
import type { PlayerState } from "./state.ts";
import { changeValues, totalStats } from "./stats.ts";

/** [VITAL-1]: ms of rest that fill each of them. */
const HP_FILL_MS = 600_000;
const MP_FILL_MS = 300_000;
const STAMINA_FILL_MS = 120_000;

/** [VITAL-1], [VITAL-2]: as they are at `now` (ms since the epoch). In a combat nobody rests. */
export function currentVitals(state: PlayerState, now: number): Vitaux {
  const { vitaux, vitauxA, combatId } = state.joueur;
  const { hpMax, mpMax, staminaMax } = totalStats(state, now);
  const elapsed = combatId === null ? now - Date.parse(vitauxA) : 0;
  return {
    hpActuel: rested(vitaux.hpActuel, hpMax, elapsed, HP_FILL_MS),
    mpActuel: rested(vitaux.mpActuel, mpMax, elapsed, MP_FILL_MS),
    staminaActuel: rested(vitaux.staminaActuel, staminaMax, elapsed, STAMINA_FILL_MS),
  };
}

/** Those of `after` within 0 and what they can be at `now`; the others as they are. */
export function boundedVitals(state: PlayerState, now: number, after: Partial<Vitaux>): Vitaux {
  const before = currentVitals(state, now);
  const { hpMax, mpMax, staminaMax } = totalStats(state, now);
  const within = (value: number, max: number) => Math.max(0, Math.min(max, value));
  return {
    hpActuel: within(after.hpActuel ?? before.hpActuel, hpMax),
    mpActuel: within(after.mpActuel ?? before.mpActuel, mpMax),
    staminaActuel: within(after.staminaActuel ?? before.staminaActuel, staminaMax),
  };
}

/** Changes the vitals that are named, within their bounds; no event where none changes. */
export function setVitals(draft: Draft, after: Partial<Vitaux>, raison: RaisonStats, reference: string): void {
  const avant = currentVitals(draft.state, draft.now);
  const apres = boundedVitals(draft.state, draft.now, after);
  changeValues(draft, { raison, reference, avant, apres });
}
