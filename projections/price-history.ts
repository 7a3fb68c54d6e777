/** What one item was traded for within an hour. `debut`: the hour's beginning, ISO 8601 UTC. */
export interface Heure {
  readonly debut: string;
  readonly ouverture: number;
  readonly cloture: number;
  readonly min: number;
  readonly max: number;
  /** Pieces, gold, trades. */
  readonly volume: number;
  readonly montant: number;
  readonly nombre: number;
}

const HOUR_MS = 3_600_000;
/** Hours in which something was traded that are kept: a week's at most. */
export const HOURS_KEPT = 168;

export interface Traded {
  readonly quantite: number;
  readonly prixUnitaire: number;
  readonly executeeA: string;
}

/** The history with one more trade. Time that runs backwards, on another node, is taken to stand still. */
export function withTrade(history: readonly Heure[], { quantite, prixUnitaire, executeeA }: Traded): readonly Heure[] {
  const own = new Date(Math.floor(Date.parse(executeeA) / HOUR_MS) * HOUR_MS).toISOString();
  const last = history.at(-1);
  const montant = quantite * prixUnitaire;
  if (last === undefined || last.debut < own) {
    const begun = {
      debut: own,
      ...{ ouverture: prixUnitaire, cloture: prixUnitaire, min: prixUnitaire, max: prixUnitaire },
      ...{ volume: quantite, montant, nombre: 1 },
    };
    return [...history.slice(1 - HOURS_KEPT), begun];
  }
  return history.with(-1, {
    ...last,
    cloture: prixUnitaire,
    min: Math.min(last.min, prixUnitaire),
    max: Math.max(last.max, prixUnitaire),
    volume: last.volume + quantite,
    montant: last.montant + montant,
    nombre: last.nombre + 1,
  });
}
