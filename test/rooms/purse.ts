import { z } from "zod";
import { type Aggregate, accept, type Decision, reject } from "../../domain/decider.ts";
import type { AggregateType } from "../../domain/envelope.ts";

export const PURSES = ["01900000-0000-7000-8000-0000000000a1", "01900000-0000-7000-8000-0000000000b2"] as const;
export const PRICE = 10;
export const MOST_GOLD = 500;
export const MOST_GOODS = 30;

/**
 * The smallest aggregate of three streams whose rules reach over all of them: gold in the first, goods in the second, and
 * in the third how many goods are locked and how much gold is vowed. Never more is locked or vowed than there is.
 */
export interface Purse {
  readonly gold: number;
  readonly goods: number;
  readonly locked: number;
  readonly vowed: number;
  readonly versions: Readonly<Record<"Joueur" | "Inventaire" | "Quete", number>>;
}

export type PurseCommand =
  | { readonly type: "Earn"; readonly amount: number }
  | { readonly type: "Buy"; readonly count: number }
  | { readonly type: "Sell"; readonly count: number }
  /** Changes the second stream alone, within what the third one leaves. */
  | { readonly type: "Use"; readonly count: number }
  /** Changes the third stream alone, within what the second one holds; less than 0 unlocks. */
  | { readonly type: "Lock"; readonly count: number }
  /** Changes the third stream alone, within what the first one holds; less than 0 takes back. */
  | { readonly type: "Vow"; readonly amount: number }
  /** One side of a trade: what comes in, or goes out where it is less than 0. Nothing at all is accepted and leaves no event. */
  | { readonly type: "Trade"; readonly gold: number; readonly goods: number };

const payload = z.strictObject({ by: z.int(), now: z.int(), why: z.string(), upon: z.array(z.int()) });
export type PurseEvent = {
  readonly eventType: "Gold" | "Goods" | "Locked" | "Vowed";
  readonly payload: z.infer<typeof payload>;
};

const STREAMS = { Gold: "Joueur", Goods: "Inventaire", Locked: "Quete", Vowed: "Quete" } as const;
const FIELDS = { Gold: "gold", Goods: "goods", Locked: "locked", Vowed: "vowed" } as const;
const definition = { schemaVersion: 1, schema: payload };

/** The changes, as far as there are any, if the purse may be as they leave it. */
function change(state: Purse, why: PurseCommand["type"], by: Partial<Record<keyof typeof FIELDS, number>>) {
  const upon = contents(state);
  const events: PurseEvent[] = [];
  for (const eventType of Object.keys(FIELDS) as (keyof typeof FIELDS)[]) {
    const amount = by[eventType] ?? 0;
    const now = state[FIELDS[eventType]] + amount;
    if (amount !== 0) events.push({ eventType, payload: { by: amount, now, why, upon } });
  }
  const wrong = wrongWith(events.reduce(evolve, state));
  return wrong === undefined ? accept(events) : reject<PurseEvent>("NOT_SO", wrong);
}

/** All that a decision rests on; each event tells it, so that the log alone shows whether it was so. */
export function contents({ gold, goods, locked, vowed }: Purse): number[] {
  return [gold, goods, locked, vowed];
}

export function wrongWith({ gold, goods, locked, vowed }: Purse): string | undefined {
  if (vowed < 0 || vowed > gold || gold > MOST_GOLD) return `not 0 ≤ vowed ${vowed} ≤ gold ${gold} ≤ ${MOST_GOLD}`;
  if (locked < 0 || locked > goods || goods > MOST_GOODS)
    return `not 0 ≤ locked ${locked} ≤ goods ${goods} ≤ ${MOST_GOODS}`;
  return undefined;
}

function decide(state: Purse, command: PurseCommand): Decision<PurseEvent> {
  switch (command.type) {
    case "Earn":
      return change(state, "Earn", { Gold: command.amount });
    case "Buy":
      return change(state, "Buy", { Gold: -PRICE * command.count, Goods: command.count });
    case "Sell":
      return change(state, "Sell", { Gold: PRICE * command.count, Goods: -command.count });
    case "Use":
      return change(state, "Use", { Goods: -command.count });
    case "Lock":
      return change(state, "Lock", { Locked: command.count });
    case "Vow":
      return change(state, "Vow", { Vowed: command.amount });
    case "Trade":
      return change(state, "Trade", { Gold: command.gold, Goods: command.goods });
  }
}

function evolve(state: Purse, { eventType, payload: { now } }: PurseEvent): Purse {
  const stream = STREAMS[eventType];
  return {
    ...state,
    [FIELDS[eventType]]: now,
    versions: { ...state.versions, [stream]: state.versions[stream] + 1 },
  };
}

const count = z.int();
export const purse: Aggregate<Purse, PurseCommand, PurseEvent> = {
  type: "Joueur",
  events: { Gold: definition, Goods: definition, Locked: definition, Vowed: definition },
  initial: { gold: 0, goods: 0, locked: 0, vowed: 0, versions: { Joueur: 0, Inventaire: 0, Quete: 0 } },
  decide,
  evolve,
  begins: true,
  parts: {
    types: ["Joueur", "Inventaire", "Quete"],
    typeOf: (eventType): AggregateType => STREAMS[eventType as keyof typeof STREAMS],
    versionsOf: ({ versions }) => versions,
  },
  snapshot: {
    version: 1,
    schema: z.object({
      gold: count,
      goods: count,
      locked: count,
      vowed: count,
      versions: z.object({ Joueur: count, Inventaire: count, Quete: count }),
    }),
  },
};
