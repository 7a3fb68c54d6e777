import { z } from "zod";
import type { DeepReadonly } from "../combat/values.ts";
import { MAX_AMOUNT, prix, quantite, typeOrdre } from "./values.ts";

const placerOrdre = z
  .strictObject({
    type: z.literal("PlacerOrdre"),
    ordreId: z.uuid(),
    joueurId: z.uuid(),
    pseudo: z.string().min(1).max(50),
    typeOrdre,
    itemId: z.uuid(),
    quantite,
    prixUnitaire: prix,
    /** When it leaves the book by itself; null: never. */
    expireA: z.iso.datetime().nullable(),
    /** Of the goods that are sold; {} for ACHAT. */
    proprietes: z.record(z.string(), z.json()),
    /** Whether the item's definition lets it be traded. */
    echangeable: z.boolean(),
  })
  .refine((one) => one.quantite * one.prixUnitaire <= MAX_AMOUNT, {
    error: `quantite × prixUnitaire must not exceed ${MAX_AMOUNT}`,
  });

/** What an order book can be told. Internal: the server sends these once gold or goods have been set aside. */
export const marketCommand = z.discriminatedUnion("type", [
  placerOrdre,
  z.strictObject({ type: z.literal("AnnulerOrdre"), ordreId: z.uuid(), joueurId: z.uuid() }),
  z.strictObject({ type: z.literal("ExpirerOrdres") }),
  z.strictObject({ type: z.literal("ActualiserPrix") }),
]);

export type MarketCommand = DeepReadonly<
  | (Omit<z.infer<typeof placerOrdre>, "proprietes"> & { proprietes: Record<string, unknown> })
  | Exclude<z.infer<typeof marketCommand>, { type: "PlacerOrdre" }>
>;
export type PlaceOrder = Extract<MarketCommand, { type: "PlacerOrdre" }>;
