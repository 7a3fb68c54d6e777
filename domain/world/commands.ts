import { z } from "zod";
import { whole } from "../combat/values.ts";
import { type EvenementDefinition, evenementDefinition, type MondeDefinition, mondeDefinition } from "./definition.ts";
import { type TypeEvenement, typeEvenement } from "./values.ts";

const id = z.uuid();
const joueurId = z.uuid();
const pseudo = z.string().min(1).max(50);
/** What led to it: an event's or a combat's id, or a few words. */
const reference = z.string().min(1).max(100);
const raison = z.string().min(1).max(200);
const montant = whole(1, 1_000_000);

const decouvrirZone = z.strictObject({ type: z.literal("DecouvrirZone"), zoneId: id });
const recolterRessource = z.strictObject({
  type: z.literal("RecolterRessource"),
  ressourceId: id,
  quantite: whole(1, 100),
});

/** All that a client may send to the world. */
export const wireWorldCommand = z.discriminatedUnion("type", [decouvrirZone, recolterRessource]);

/** Every command that the decider knows; `joueurId` and `pseudo` are the authenticated player's. */
export const worldCommand = z.discriminatedUnion("type", [
  decouvrirZone.extend({ joueurId, pseudo }),
  recolterRessource.extend({ joueurId }),
  z.strictObject({ type: z.literal("CreerMonde"), definition: mondeDefinition }),
  z.strictObject({ type: z.literal("PasserHeure") }),
  z.strictObject({ type: z.literal("RegenererRessource"), ressourceId: id }),
  z.strictObject({ type: z.literal("DeclencherEvenement"), evenementId: id, definition: evenementDefinition }),
  z.strictObject({ type: z.literal("ContribuerEvenement"), evenementId: id, joueurId, montant, reference }),
  z.strictObject({
    type: z.literal("CompterFaits"),
    typeEvenement,
    zoneId: id.optional(),
    contributions: z.array(z.object({ joueurId, montant })).max(16),
    reference,
  }),
  z.strictObject({ type: z.literal("ExpirerEvenement"), evenementId: id }),
  z.strictObject({ type: z.literal("AnnulerEvenement"), evenementId: id, raison }),
  z.strictObject({
    type: z.literal("DeclarerBossVaincu"),
    bossId: id,
    nom: z.string().min(1).max(100),
    combatId: id,
    zoneId: id,
    vainqueurs: z.array(z.object({ joueurId, pseudo })).max(16),
  }),
]);

export type WireWorldCommand = z.infer<typeof wireWorldCommand>;

export interface Contribution {
  readonly joueurId: string;
  readonly montant: number;
}

export interface Vainqueur {
  readonly joueurId: string;
  readonly pseudo: string;
}

export type WorldCommand =
  | { readonly type: "DecouvrirZone"; readonly zoneId: string; readonly joueurId: string; readonly pseudo: string }
  | {
      readonly type: "RecolterRessource";
      readonly ressourceId: string;
      readonly quantite: number;
      readonly joueurId: string;
    }
  | { readonly type: "CreerMonde"; readonly definition: MondeDefinition }
  | { readonly type: "PasserHeure" }
  | { readonly type: "RegenererRessource"; readonly ressourceId: string }
  | { readonly type: "DeclencherEvenement"; readonly evenementId: string; readonly definition: EvenementDefinition }
  | ({ readonly type: "ContribuerEvenement"; readonly evenementId: string; readonly reference: string } & Contribution)
  | {
      readonly type: "CompterFaits";
      readonly typeEvenement: TypeEvenement;
      readonly zoneId?: string | undefined;
      readonly contributions: readonly Contribution[];
      readonly reference: string;
    }
  | { readonly type: "ExpirerEvenement"; readonly evenementId: string }
  | { readonly type: "AnnulerEvenement"; readonly evenementId: string; readonly raison: string }
  | {
      readonly type: "DeclarerBossVaincu";
      readonly bossId: string;
      readonly nom: string;
      readonly combatId: string;
      readonly zoneId: string;
      readonly vainqueurs: readonly Vainqueur[];
    };
