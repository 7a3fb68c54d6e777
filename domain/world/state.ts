import { z } from "zod";
import { type DeepReadonly, whole } from "../combat/values.ts";
import { evenementDefinition } from "./definition.ts";
import { calendrier, facteurs } from "./events.ts";

const id = z.uuid();
const count = z.int().min(0);
const instant = z.iso.datetime();
const nom = z.string().max(100);

/**
 * Sets of players are kept in groups by the last two digits of the id, which are random in every kind of UUID that players
 * have. A change copies one small group and an array of 256: some 10 µs in all, where an object with as many keys took 500.
 */
const GROUPS = 256;

export function groupOf(joueurId: string): number {
  return Number.parseInt(joueurId.slice(-2), 16);
}

export function emptyGroups<Group>(group: Group): readonly Group[] {
  return Array.from({ length: GROUPS }, () => group);
}

const zone = z.object({
  zoneId: id,
  nom,
  niveauMin: count,
  niveauMax: count,
  boss: z.array(id),
  ressources: z.array(id),
  nombreDecouvreurs: count,
  premier: z.object({ joueurId: id, pseudo: z.string(), decouverteA: instant }).nullable(),
});

const ressource = z.object({
  ressourceId: id,
  zoneId: id,
  nom,
  itemId: id,
  quantite: count,
  capacite: count,
  regenerationMs: count,
  /** Null while it is full. */
  prochaineRegeneration: instant.nullable(),
});

const evenement = evenementDefinition.omit({ dureeMs: true }).extend({
  evenementId: id,
  debut: instant,
  expireA: instant,
  progres: count,
  /** How many players are remembered, in `contributions`. */
  contributeurs: count,
  /** By joueurId, in 256 groups. */
  contributions: z.array(z.record(id, count)).length(GROUPS),
  /** What players contributed who are not remembered. */
  autres: count,
});

const boss = z.object({
  bossId: id,
  zoneId: id,
  nom,
  nombreVictoires: count,
  dernierCombatId: id,
  vaincuA: instant,
  retourA: instant,
});

export const worldStateSchema = calendrier.extend({
  /** Number of events folded; 0: there is no world yet. */
  version: count,
  heureMs: whole(0, 86_400_000),
  /** Absolute, ISO 8601 UTC; null before the world begins. */
  prochaineHeure: instant.nullable(),
  facteurs,
  zones: z.record(id, zone),
  ressources: z.record(id, ressource),
  /** The running ones. */
  evenements: z.record(id, evenement),
  /** The newest 200 that ended: their ids are not used again. */
  evenementsPasses: z.array(id),
  /** Those that were defeated at least once. */
  boss: z.record(id, boss),
  /** Who discovered a zone, by zoneId, in 256 groups ([WORLD-6]). */
  connus: z.record(id, z.array(z.array(id)).length(GROUPS)),
});

export type WorldState = DeepReadonly<z.infer<typeof worldStateSchema>>;
export type Zone = DeepReadonly<z.infer<typeof zone>>;
export type Ressource = DeepReadonly<z.infer<typeof ressource>>;
export type Evenement = DeepReadonly<z.infer<typeof evenement>>;
export type Boss = DeepReadonly<z.infer<typeof boss>>;

export const initialWorld: WorldState = {
  version: 0,
  heure: 0,
  jour: 1,
  saison: "PRINTEMPS",
  annee: 1,
  heureMs: 0,
  prochaineHeure: null,
  facteurs: { recolte: 100 },
  zones: {},
  ressources: {},
  evenements: {},
  evenementsPasses: [],
  boss: {},
  connus: {},
};

export function hasDiscovered(state: WorldState, zoneId: string, joueurId: string): boolean {
  return state.connus[zoneId]?.[groupOf(joueurId)]?.includes(joueurId) ?? false;
}

/** [WORLD-16]: whether a boss can be fought at `now`, ms since the epoch. */
export function bossIsBack(state: WorldState, bossId: string, now: number): boolean {
  const one = state.boss[bossId];
  return one === undefined || now >= Date.parse(one.retourA);
}
