import { z } from "zod";

/** The one world of a tenant. */
export const WORLD_ID = "00000000-0000-0000-0000-000000000000";

/** The closed word lists of the world. They are stored and public, so they are French and never renamed. */
export const SAISONS = ["PRINTEMPS", "ETE", "AUTOMNE", "HIVER"] as const;
export const saison = z.enum(SAISONS);

/** What counts towards a world event's goal ([WORLD-12]). */
export const typeEvenement = z.enum(["RECOLTE", "CHASSE", "INVASION", "EXPLORATION"]);
export const resultatEvenement = z.enum(["REUSSI", "ECHOUE", "ANNULE"]);

export type Saison = z.infer<typeof saison>;
export type TypeEvenement = z.infer<typeof typeEvenement>;
export type ResultatEvenement = z.infer<typeof resultatEvenement>;
