import { type Bonus, STATS, type Stat, type Stats } from "../values.ts";
import { HIGHEST, LOWEST } from "./classes.ts";
import { type CompetencesState, passiveBonus } from "./competences.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import { evolve } from "./evolve.ts";
import { type Slot, slotsInOrder } from "./inventaire.ts";
import { addBonus } from "./item-instance.ts";
import type { RaisonStats, Valeur } from "./joueur.ts";
import { equipmentBonus, setBonuses, type Tenue } from "./outfit.ts";
import type { PayloadOf, PlayerEvent, PlayerState } from "./state.ts";

const NO_STATS = Object.fromEntries(STATS.map((name) => [name, 0])) as Record<Stat, number>;
const NO_OUTFIT: Tenue = {
  statsEquipement: {},
  bonusSet: [],
  valeurAttaque: 0,
  valeurDefense: 0,
  statsTotales: NO_STATS,
};

function wornItems(state: PlayerState): Slot[] {
  return slotsInOrder(state.inventaire).filter((one) => one.emplacement !== null);
}

/** [CLASS-5]: skills of other classes rest. */
export function usableSkills({ joueur, competences }: PlayerState): CompetencesState {
  const usable = competences.apprises.filter(
    ({ definition }) => definition.classes.length === 0 || definition.classes.includes(joueur.classe),
  );
  return { ...competences, apprises: usable };
}

/** [STAT-4] */
function bounded(sum: Bonus): Stats {
  return Object.fromEntries(
    STATS.map((name) => [name, Math.max(LOWEST[name], Math.min(HIGHEST[name], sum[name] ?? 0))]),
  ) as Record<Stat, number>;
}

function lastingSum(state: PlayerState): Bonus {
  const worn = addBonus(state.joueur.statsBase, equipmentBonus(wornItems(state)));
  return addBonus(worn, passiveBonus(usableSkills(state)));
}

/** [STAT-1] without timed effects: what read models show. */
export function lastingStats(state: PlayerState): Stats {
  return bounded(lastingSum(state));
}

/** [STAT-1]: what a player can do at `now` (ms since the epoch). */
export function totalStats(state: PlayerState, now: number): Stats {
  const active = state.joueur.bonus.filter((one) => Date.parse(one.expireA) > now);
  return bounded(active.reduce<Bonus>((sum, one) => addBonus(sum, one.stats), lastingSum(state)));
}

export function outfitOf(state: PlayerState): Tenue {
  const worn = wornItems(state);
  const statsEquipement = equipmentBonus(worn);
  return {
    statsEquipement,
    bonusSet: setBonuses(worn),
    valeurAttaque: (statsEquipement.attaque ?? 0) + (statsEquipement.magie ?? 0),
    valeurDefense: (statsEquipement.defense ?? 0) + (statsEquipement.defenseMagique ?? 0),
    statsTotales: lastingStats(state),
  };
}

/** An event that tells what is worn as it leaves it. No fold reads that, so it can be folded without it first. */
export function emitWithOutfit(draft: Draft, event: (tenue: Tenue) => PlayerEvent): void {
  emit(draft, event(outfitOf(evolve(draft.state, event(NO_OUTFIT)))));
}

/** The same for an event that tells all stats. */
export function emitWithStats(draft: Draft, event: (statsTotales: Stats) => PlayerEvent): void {
  emit(draft, event(lastingStats(evolve(draft.state, event(NO_STATS)))));
}

function currentValue({ joueur }: PlayerState, name: Valeur): number {
  switch (name) {
    case "hpActuel":
    case "mpActuel":
    case "staminaActuel":
      return joueur.vitaux[name];
    case "pointsStats":
    case "pointsCompetence":
      return joueur[name];
    default:
      return joueur.statsBase[name];
  }
}

interface Change {
  readonly raison: RaisonStats;
  readonly reference: string;
  /** Values after. Vitals only by way of `setVitals`, which knows what they have become since they were told last. */
  readonly apres: Readonly<Partial<Record<Valeur, number>>>;
  readonly avant?: Readonly<Partial<Record<Valeur, number>>>;
  readonly bonus?: PayloadOf<"StatsModifiees">["bonus"];
}

/** One StatsModifiees; no event where nothing changes. */
export function changeValues(draft: Draft, { raison, reference, apres, avant = {}, bonus }: Change): void {
  const stats = Object.fromEntries(
    (Object.entries(apres) as [Valeur, number][]).map(([name, after]) => [
      name,
      { avant: avant[name] ?? currentValue(draft.state, name), apres: after },
    ]),
  );
  if (bonus === undefined && Object.values(stats).every((one) => one.avant === one.apres)) return;
  emitWithStats(draft, (statsTotales) => ({
    eventType: "StatsModifiees",
    payload: {
      joueurId: draft.state.joueur.joueurId,
      raison,
      reference,
      stats,
      ...(bonus === undefined ? {} : { bonus }),
      statsTotales,
      a: isoTime(draft.now),
    },
  }));
}
