import { z } from "zod";

/** The closed word lists of players and the catalogue. They are stored and public, so they are French and never renamed. */
export const classe = z.enum(["GUERRIER", "MAGE", "ARCHER", "VOLEUR", "CLERC"]);

/** The 13 places where a player wears something. */
export const emplacement = z.enum([
  "TETE",
  "TORSE",
  "JAMBES",
  "PIEDS",
  "MAINS",
  "ARME_PRINCIPALE",
  "ARME_SECONDAIRE",
  "DOS",
  "COU",
  "DOIGT_1",
  "DOIGT_2",
  "ACCESSOIRE_1",
  "ACCESSOIRE_2",
]);

/** What a fighter is made of: the numbers that a combat takes over as they are. Percentages are whole percent points. */
export const STATS = [
  "hpMax",
  "mpMax",
  "staminaMax",
  "attaque",
  "magie",
  "defense",
  "defenseMagique",
  "precision",
  "esquive",
  "blocage",
  "critique",
  "initiative",
] as const;
export const stat = z.enum(STATS);

/** A change of some stats; those that are not named do not change. */
export const bonus = z.partialRecord(stat, z.int().min(-100_000).max(100_000));

export type Classe = z.infer<typeof classe>;
export type Emplacement = z.infer<typeof emplacement>;
export type Stat = z.infer<typeof stat>;
export type Stats = Readonly<Record<Stat, number>>;
export type Bonus = Readonly<Partial<Record<Stat, number>>>;
