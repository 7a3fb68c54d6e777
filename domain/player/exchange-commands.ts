import { z } from "zod";
import { type DeepReadonly, whole } from "../combat/values.ts";
import { offre } from "./negotiation.ts";

const id = z.uuid();
const revision = z.int().min(0);

/** What a player may send about an exchange; it is for both players, and made into a command of each. */
export const wireExchangeCommand = z.discriminatedUnion("type", [
  // In capitals it is the same player.
  z.strictObject({ type: z.literal("OuvrirEchange"), avec: id.toLowerCase() }),
  z.strictObject({
    type: z.literal("ProposerOffre"),
    or: offre.shape.or,
    objets: z.array(z.strictObject({ slotId: id, quantite: whole(1, 9_999) })).max(20),
  }),
  z.strictObject({ type: z.literal("ConfirmerEchange"), revision }),
  z.strictObject({ type: z.literal("AnnulerEchange") }),
]);
export type WireExchangeCommand = DeepReadonly<z.infer<typeof wireExchangeCommand>>;

/** Whose step it is: the player itself, or the one it exchanges with. */
const step = { echangeId: id, par: id };

/** Each is decided for both players and stored in one commit, or for neither. `avec` is the other player. */
export const exchangeCommands = [
  z.strictObject({ type: z.literal("OuvrirEchange"), ...step, avec: id, pseudoAvec: z.string().min(1).max(50) }),
  z.strictObject({ type: z.literal("ModifierOffre"), ...step, offre }),
  z.strictObject({ type: z.literal("ConfirmerEchange"), ...step, revision }),
  z.strictObject({ type: z.literal("AnnulerEchange"), ...step }),
] as const;

export type ExchangeCommand = DeepReadonly<z.infer<(typeof exchangeCommands)[number]>>;
