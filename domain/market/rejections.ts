import type { Rejection } from "../decider.ts";

/**
 * Every reason for which a book refuses a command. The codes are public and stable. What a player may well run into with an
 * order is no rejection but an event ([REFUSE-1]): gold or goods were set aside for it, and must go back.
 */
export const MARKET_REJECTIONS = {
  NOT_TRADABLE: "this item cannot be traded",
  ORDER_EXISTS: "this order was placed before",
  ORDER_NOT_FOUND: "there is no such order in this book",
  NOT_YOUR_ORDER: "this is another player's order",
  ORDER_CLOSED: "this order is complete, cancelled, expired or was refused",
  TOO_EARLY: "the time for this has not come yet",
} as const;

export type MarketRejectionCode = keyof typeof MARKET_REJECTIONS;

export function rejection(code: MarketRejectionCode): Rejection {
  return { code, message: MARKET_REJECTIONS[code] };
}
