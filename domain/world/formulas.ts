import type { Calendrier, Facteurs } from "./events.ts";
import { SAISONS, type Saison } from "./values.ts";

/** The numbers of the world, as docs/world-rules.md states them. Integers in, integers out. */

const DAY = 24;
const SEASON = 30 * DAY;
const YEAR = SAISONS.length * SEASON;

/** [WORLD-2]: hours since midnight of the first day of spring of year 1. */
export function hoursOf({ heure, jour, saison, annee }: Calendrier): number {
  return (annee - 1) * YEAR + SAISONS.indexOf(saison) * SEASON + (jour - 1) * DAY + heure;
}

/** [WORLD-2] */
export function calendarAt(hours: number): Calendrier {
  return {
    heure: hours % DAY,
    jour: 1 + (Math.floor(hours / DAY) % 30),
    saison: SAISONS[Math.floor(hours / SEASON) % SAISONS.length] ?? "PRINTEMPS",
    annee: 1 + Math.floor(hours / YEAR),
  };
}

const RECOLTE: Readonly<Record<Saison, number>> = { PRINTEMPS: 120, ETE: 100, AUTOMNE: 150, HIVER: 60 };

/** [WORLD-4] */
export function factorsOf(saison: Saison): Facteurs {
  return { recolte: RECOLTE[saison] };
}

/** Whole periods that have passed at `now`, the one that ends at `due` included; 0 before that. All ms. */
export function periodsSince(due: number, now: number, period: number): number {
  return now < due ? 0 : 1 + Math.floor((now - due) / period);
}

/** [WORLD-9]: what one regrowth brings. */
export function regrowth(capacite: number, recolte: number): number {
  return Math.max(1, Math.floor((Math.ceil(capacite / 10) * recolte) / 100));
}
