import { z } from "zod";
import type { EventDefinitions } from "../decider.ts";
import { type CompetenceEvent, competencePayloads, competencesStateSchema, initialCompetences } from "./competences.ts";
import { type EquipementEvent, equipementPayloads, equipementStateSchema, initialEquipement } from "./equipement.ts";
import { type InventaireEvent, initialInventaire, inventairePayloads, inventaireStateSchema } from "./inventaire.ts";
import { initialJoueur, type JoueurEvent, type JoueurState, joueurPayloads, joueurStateSchema } from "./joueur.ts";
import { initialQuetes, type QueteEvent, quetePayloads, quetesStateSchema } from "./quetes.ts";
import { initialRelations, type RelationEvent, relationPayloads, relationsStateSchema } from "./relations.ts";

/** The streams of a player, the main one first. */
export const PART_TYPES = ["Joueur", "Inventaire", "Equipement", "Competence", "Quete", "PNJ"] as const;
export const partType = z.enum(PART_TYPES);
export type PartType = z.infer<typeof partType>;

export const playerStateSchema = z.object({
  /** Number of events folded, of each stream. */
  versions: z.record(partType, z.int().min(0)),
  joueur: joueurStateSchema,
  inventaire: inventaireStateSchema,
  equipement: equipementStateSchema,
  competences: competencesStateSchema,
  quetes: quetesStateSchema,
  relations: relationsStateSchema,
});

/** Each part changes by its own stream's events alone, so it does not matter how the streams interleave. */
export interface PlayerState {
  readonly versions: Readonly<Record<PartType, number>>;
  readonly joueur: JoueurState;
  readonly inventaire: typeof initialInventaire;
  readonly equipement: typeof initialEquipement;
  readonly competences: typeof initialCompetences;
  readonly quetes: typeof initialQuetes;
  readonly relations: typeof initialRelations;
}

export const initialPlayer: PlayerState = {
  versions: { Joueur: 0, Inventaire: 0, Equipement: 0, Competence: 0, Quete: 0, PNJ: 0 },
  joueur: initialJoueur,
  inventaire: initialInventaire,
  equipement: initialEquipement,
  competences: initialCompetences,
  quetes: initialQuetes,
  relations: initialRelations,
};

export type PlayerEvent =
  | JoueurEvent
  | InventaireEvent
  | EquipementEvent
  | CompetenceEvent
  | QueteEvent
  | RelationEvent;
export type PlayerEventType = PlayerEvent["eventType"];
export type PayloadOf<Type extends PlayerEventType> = Extract<PlayerEvent, { eventType: Type }>["payload"];

const PAYLOADS: Readonly<Record<PartType, Readonly<Record<string, z.ZodType>>>> = {
  Joueur: joueurPayloads,
  Inventaire: inventairePayloads,
  Equipement: equipementPayloads,
  Competence: competencePayloads,
  Quete: quetePayloads,
  PNJ: relationPayloads,
};

export const playerEvents: EventDefinitions = Object.fromEntries(
  PART_TYPES.flatMap((part) =>
    Object.entries(PAYLOADS[part]).map(([type, schema]) => [type, { schemaVersion: 1, schema }]),
  ),
);

const PART_OF = new Map(PART_TYPES.flatMap((part) => Object.keys(PAYLOADS[part]).map((type) => [type, part] as const)));

/** The stream that events of a type belong to. An unknown type is a fault of the caller's. */
export function partOf(eventType: string): PartType {
  const part = PART_OF.get(eventType);
  if (part === undefined) throw new Error(`no part of a player has events of type ${eventType}`);
  return part;
}
