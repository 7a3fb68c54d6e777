import { z } from "zod";
import { type DeepReadonly, whole } from "../combat/values.ts";
import { typeEvenement } from "./values.ts";

const nom = z.string().min(1).max(100);
const MONTH_MS = 2_592_000_000;

const ressource = z.object({
  ressourceId: z.uuid(),
  nom,
  /** What one unit gives to whoever gathers it. */
  itemId: z.uuid(),
  capacite: whole(1, 1_000_000),
  /** ms from one regrowth to the next ([WORLD-9]). */
  regenerationMs: whole(1_000, MONTH_MS),
});

const zone = z.object({
  zoneId: z.uuid(),
  nom,
  niveauMin: whole(1, 1_000).default(1),
  niveauMax: whole(1, 1_000).default(1_000),
  ressources: z.array(ressource).max(20).default([]),
  /** The pnjIds of its bosses. */
  boss: z.array(z.uuid()).max(10).default([]),
});

/** What CreerMonde is given. */
export const mondeDefinition = z.object({
  zones: z.array(zone).min(1).max(100),
  /** Real ms of one hour of the game. */
  heureMs: whole(1_000, 86_400_000).default(60_000),
});

/** What DeclencherEvenement is given. Without a zone it happens everywhere. Each participant gets the whole of `recompenses`. */
export const evenementDefinition = z.object({
  type: typeEvenement,
  nom,
  description: z.string().max(2_000).default(""),
  zoneId: z.uuid().optional(),
  objectif: whole(1, 1_000_000_000),
  dureeMs: whole(1_000, MONTH_MS),
  recompenses: z
    .object({
      experience: whole(0, 10_000_000).default(0),
      or: whole(0, 1_000_000_000).default(0),
      objets: z
        .array(z.object({ itemId: z.uuid(), quantite: whole(1, 999).default(1) }))
        .max(10)
        .default([]),
    })
    .default({ experience: 0, or: 0, objets: [] }),
});

export type MondeDefinition = DeepReadonly<z.infer<typeof mondeDefinition>>;
export type EvenementDefinition = DeepReadonly<z.infer<typeof evenementDefinition>>;

function repeats(ids: readonly string[]): boolean {
  return new Set(ids).size < ids.length;
}

/** [WORLD-1]: what no single field can tell. One message per broken rule. */
export function mondeProblems({ zones }: MondeDefinition): string[] {
  const found: string[] = [];
  if (repeats(zones.map((one) => one.zoneId))) found.push("a zone is there twice");
  if (repeats(zones.flatMap((one) => one.ressources.map((each) => each.ressourceId))))
    found.push("a resource is there twice");
  if (repeats(zones.flatMap((one) => one.boss))) found.push("a boss is there twice");
  for (const one of zones) if (one.niveauMin > one.niveauMax) found.push(`${one.nom}: niveauMin is above niveauMax`);
  return found;
}
