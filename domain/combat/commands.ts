import { z } from "zod";
import { type CombatDefinition, combatDefinition } from "./definition.ts";
import { typeAction, whole } from "./values.ts";

/** What a participant does in its turn, as it comes over the wire. `position`: where to go, or a ZONE's centre. */
export const executerAction = z.strictObject({
  type: z.literal("ExecuterAction"),
  typeAction,
  competenceId: z.uuid().optional(),
  itemId: z.uuid().optional(),
  cibles: z.array(z.uuid()).max(16).optional(),
  position: whole(0, 99).optional(),
});

export const conceder = z.strictObject({ type: z.literal("Conceder") });

/** All that a client may send to a combat. */
export const wireCombatCommand = z.discriminatedUnion("type", [executerAction, conceder]);

const joueurId = z.uuid();
const numeroTour = whole(0, 1_000_000);

/** Every command that the decider knows; `joueurId` is the authenticated player (the participant's entiteId). */
export const combatCommand = z.discriminatedUnion("type", [
  executerAction.extend({ joueurId }),
  conceder.extend({ joueurId }),
  z.strictObject({ type: z.literal("PreparerCombat"), combatId: z.uuid(), definition: combatDefinition }),
  z.strictObject({ type: z.literal("RejoindreCombat"), joueurId }),
  z.strictObject({ type: z.literal("ExpirerPreparation") }),
  z.strictObject({ type: z.literal("ExpirerTour"), numeroTour }),
  z.strictObject({ type: z.literal("JouerPnj"), numeroTour }),
  z.strictObject({ type: z.literal("Abandonner"), raison: z.string().min(1).max(200) }),
]);

export type WireCombatCommand = z.infer<typeof wireCombatCommand>;

/** What an act consists of, whoever decided on it. */
export type Action = Omit<z.infer<typeof executerAction>, "type">;

export type CombatCommand =
  | (z.infer<typeof executerAction> & { readonly joueurId: string })
  | { readonly type: "Conceder"; readonly joueurId: string }
  | { readonly type: "PreparerCombat"; readonly combatId: string; readonly definition: CombatDefinition }
  | { readonly type: "RejoindreCombat"; readonly joueurId: string }
  | { readonly type: "ExpirerPreparation" }
  | { readonly type: "ExpirerTour"; readonly numeroTour: number }
  | { readonly type: "JouerPnj"; readonly numeroTour: number }
  | { readonly type: "Abandonner"; readonly raison: string };
