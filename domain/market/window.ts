import type { Figures } from "./events.ts";
import type { Tranche } from "./state.ts";

const SLICE_MS = 15 * 60_000;
/** Slices of a quarter of an hour in 24 h. */
const SLICES = 96;
/** What an `integer` column holds. */
const MAX_SUM = 2_147_483_647;

/** The window with a trade at `now` (ms). Time that runs backwards, on another node, is taken to stand still. */
export function traded(
  window: readonly Tranche[],
  trade: { readonly quantite: number; readonly prixUnitaire: number },
  now: number,
): readonly Tranche[] {
  const { quantite, prixUnitaire } = trade;
  const last = window.at(-1);
  const debut = Math.max(Math.floor(now / SLICE_MS), last?.debut ?? Number.NEGATIVE_INFINITY);
  if (last?.debut === debut)
    return window.with(-1, {
      debut,
      volume: last.volume + quantite,
      montant: last.montant + quantite * prixUnitaire,
      nombre: last.nombre + 1,
      min: Math.min(last.min, prixUnitaire),
      max: Math.max(last.max, prixUnitaire),
    });
  const begun = {
    debut,
    volume: quantite,
    montant: quantite * prixUnitaire,
    nombre: 1,
    min: prixUnitaire,
    max: prixUnitaire,
  };
  return [...window.filter((slice) => slice.debut > debut - SLICES), begun];
}

/** [PRICE-1]: the figures of the slices that lie within the last 24 h before the end of the one at `now`. */
export function figuresOf(window: readonly Tranche[], dernierPrix: number, now: number): Figures {
  const oldest = Math.floor(now / SLICE_MS) - SLICES;
  let volume = 0;
  let montant = 0;
  let nombre = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const slice of window) {
    if (slice.debut <= oldest) continue;
    volume += slice.volume;
    montant += slice.montant;
    nombre += slice.nombre;
    min = Math.min(min, slice.min);
    max = Math.max(max, slice.max);
  }
  const some = nombre > 0;
  return {
    prixMoyen24h: some ? Math.floor(montant / volume) : null,
    prixMin24h: some ? min : null,
    prixMax24h: some ? max : null,
    volume24h: Math.min(volume, MAX_SUM),
    nombreTransactions24h: Math.min(nombre, MAX_SUM),
    dernierPrix,
  };
}
