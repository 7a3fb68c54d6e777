import { z } from "zod";
import { type Answer, refusal } from "../domain/codes.ts";
import { whole } from "../domain/combat/values.ts";
import type { PayloadOf as MarketPayload } from "../domain/market/events.ts";
import type { PayloadOf as PlayerPayload } from "../domain/player/state.ts";
import { marketSettlement, placing } from "../domain/sagas/market-settlement.ts";
import { derivedUuid } from "../store/uuid.ts";
import { type SagaCommands, sendStep } from "./saga-sink.ts";
import { wireId } from "./wire.ts";

/** What a player may send to a book. `expireA`: when the order leaves it by itself; absent: never. */
export const wireMarketCommand = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("PlacerOrdre"),
    typeOrdre: z.enum(["VENTE", "ACHAT"]),
    quantite: whole(1, 1_000_000),
    prixUnitaire: whole(1, 1_000_000_000),
    expireA: z.iso.datetime().optional(),
  }),
  z.strictObject({ type: z.literal("AnnulerOrdre"), ordreId: wireId }),
]);
export type WireMarketCommand = z.infer<typeof wireMarketCommand>;

/** Who asks, and the id of the request. */
export interface OrderCall {
  readonly joueurId: string;
  readonly commandId: string;
  readonly correlationId?: string | undefined;
}

/**
 * A player's orders, from the purse into the book. What is set aside is durable first; from then on the order finds its way, if
 * need be by the saga that does the very same step under the same id. So asking again goes on where it stopped.
 */
export interface MarketOrders {
  place(itemId: string, order: Extract<WireMarketCommand, { type: "PlacerOrdre" }>, call: OrderCall): Promise<Answer>;
  cancel(itemId: string, ordreId: string, call: OrderCall): Promise<Answer>;
}

export function createMarketOrders(commands: SagaCommands): MarketOrders {
  return {
    async place(itemId, { typeOrdre, quantite, prixUnitaire, expireA = null }, { joueurId, commandId, correlationId }) {
      // Of this player's: somebody else's request may bear the same id, and would find that its order is there already.
      const ordreId = derivedUuid(`ordre/${joueurId}`, commandId);
      const reserving = await commands.send("Joueur", joueurId, {
        commandId,
        correlationId,
        userId: joueurId,
        // The book knows the order for ever; asked again after long, the purse must not set aside once more for it.
        lasting: true,
        command: { type: "ReserverOrdre", ordreId, typeOrdre, itemId, quantite, prixUnitaire, expireA },
      });
      if (!reserving.ok) return reserving;
      const reserved = reserving.events.find(({ eventType }) => eventType === "OrdreReserve");
      if (reserved === undefined) return refusal("INTERNAL");
      const step = placing(reserved.payload as PlayerPayload<"OrdreReserve">);
      const cause = { eventId: commandId, correlationId: correlationId ?? commandId };
      const answer = await sendStep(commands, marketSettlement, step, cause);
      return answer.ok ? placed(answer, ordreId) : answer;
    },

    cancel: (itemId, ordreId, { joueurId, commandId, correlationId }) =>
      commands.send("Economy", itemId, {
        commandId,
        correlationId,
        userId: joueurId,
        command: { type: "AnnulerOrdre", ordreId, joueurId },
      }),
  };
}

/** The book has refused it, as an event, because what was set aside must go back: for the player it is a refusal. */
function placed(answer: Answer & { ok: true }, ordreId: string): Answer {
  for (const { eventType, payload } of answer.events) {
    if (eventType !== "OrdreCancelled") continue;
    const { ordreId: id, raison, motif } = payload as MarketPayload<"OrdreCancelled">;
    if (id === ordreId && raison === "REFUSE")
      return {
        ok: false,
        code: motif ?? "ORDER_REFUSED",
        message: "the book does not take this order",
        retryable: false,
      };
  }
  return answer;
}
