import { z } from "zod";

/** The closed word lists of the combat. They are stored and public, so they are French and never renamed (docs/glossary.md). */
export const typeCombat = z.enum(["PVE", "PVP", "BOSS", "ARENE"]);
export const typeEntite = z.enum(["JOUEUR", "PNJ", "BOSS"]);
export const etatParticipant = z.enum(["ACTIF", "KO", "FUITE", "MORT"]);
export const typeAction = z.enum(["ATTAQUE", "COMPETENCE", "OBJET", "DEPLACEMENT", "DEFENSE", "FUITE"]);
export const resultatAction = z.enum(["SUCCES", "ECHEC", "ESQUIVE", "CRITIQUE", "BLOQUE"]);
export const element = z.enum(["PHYSIQUE", "FEU", "GLACE", "FOUDRE", "POISON", "LUMIERE", "OMBRE"]);
export const ressource = z.enum(["HP", "MP", "STAMINA"]);
export const modeCible = z.enum(["SOI", "ALLIE", "ENNEMI", "ZONE", "TOUS"]);
export const comportement = z.enum(["AGRESSIF", "DEFENSIF", "SOIGNEUR"]);
export const typeEffet = z.enum([
  "POISON",
  "BRULURE",
  "REGEN",
  "BOUCLIER",
  "STUN",
  "SILENCE",
  "RALENTI",
  "HATE",
  "FORCE",
  "FAIBLESSE",
]);

export type TypeCombat = z.infer<typeof typeCombat>;
export type TypeEntite = z.infer<typeof typeEntite>;
export type EtatParticipant = z.infer<typeof etatParticipant>;
export type TypeAction = z.infer<typeof typeAction>;
export type ResultatAction = z.infer<typeof resultatAction>;
export type Element = z.infer<typeof element>;
export type Ressource = z.infer<typeof ressource>;
export type Comportement = z.infer<typeof comportement>;
export type TypeEffet = z.infer<typeof typeEffet>;

/** States are shared between head and durable, so nothing reachable from them may be written to. */
export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** An integer within bounds: keeps every product of the formulas far below 2^53. */
export function whole(min: number, max: number): z.ZodNumber {
  return z.int().min(min).max(max);
}
