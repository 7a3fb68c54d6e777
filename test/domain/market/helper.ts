import type { MarketCommand, PlaceOrder } from "../../../domain/market/commands.ts";
import type { MarketEvent, MarketEventType, PayloadOf } from "../../../domain/market/events.ts";
import { market } from "../../../domain/market/market.ts";
import { items } from "../../../domain/market/runs.ts";
import type { MarketState, Ordre } from "../../../domain/market/state.ts";
import type { TypeOrdre } from "../../../domain/market/values.ts";

/** Time zero of the tests, at the beginning of an hour. */
export const T0 = Date.parse("2026-11-20T10:00:00.000Z");

function uuid(kind: string, n: number): string {
  return `${kind.padEnd(8, "0")}-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** Order, player and item number n. */
export const oid = (n: number): string => uuid("0d", n);
export const jid = (n: number): string => uuid("e1", n);
export const iid = (n: number): string => uuid("17", n);
export const ITEM = iid(1);
export const iso = (ms: number): string => new Date(ms).toISOString();

/** Order n of player n: `quantite` pieces at `prixUnitaire`. */
function order(typeOrdre: TypeOrdre, n: number, quantite: number, prixUnitaire: number): PlaceOrder {
  return {
    type: "PlacerOrdre",
    ordreId: oid(n),
    joueurId: jid(n),
    pseudo: `P${n}`,
    typeOrdre,
    itemId: ITEM,
    quantite,
    prixUnitaire,
    expireA: null,
    proprietes: typeOrdre === "VENTE" ? { serie: n } : {},
    echangeable: true,
  };
}
type Over = Partial<PlaceOrder>;
export const sell = (n: number, quantite: number, prix: number, over: Over = {}): PlaceOrder => ({
  ...order("VENTE", n, quantite, prix),
  ...over,
});
export const buy = (n: number, quantite: number, prix: number, over: Over = {}): PlaceOrder => ({
  ...order("ACHAT", n, quantite, prix),
  ...over,
});
export const cancel = (n: number, by = n): MarketCommand => ({
  type: "AnnulerOrdre",
  ordreId: oid(n),
  joueurId: jid(by),
});

export interface Result {
  readonly state: MarketState;
  readonly events: readonly MarketEvent[];
  readonly types: readonly MarketEventType[];
  /** Of the rejection; undefined when accepted. */
  readonly code: string | undefined;
}

/** Given a book, when a command comes: what follows. */
export function when(given: MarketState, command: MarketCommand, now = T0): Result {
  const decision = market.decide(given, command, { now });
  if (!decision.ok) return { state: given, events: [], types: [], code: decision.rejection.code };
  const { events } = decision;
  return {
    state: events.reduce(market.evolve, given),
    events,
    types: events.map((event) => event.eventType),
    code: undefined,
  };
}

/** The book after all of `commands` at T0, each of which has to be accepted. */
export function given(...commands: readonly MarketCommand[]): MarketState {
  return commands.reduce((state, command) => {
    const result = when(state, command);
    if (result.code !== undefined) throw new Error(`${command.type}: ${result.code}`);
    return result.state;
  }, market.initial);
}

export function payloadsOf<Type extends MarketEventType>(
  events: readonly MarketEvent[],
  type: Type,
): readonly PayloadOf<Type>[] {
  return events.flatMap((event) => (event.eventType === type ? [event.payload as PayloadOf<Type>] : []));
}

/** All orders of a side, in the order in which they would trade. */
export function restingOn(state: MarketState, type: TypeOrdre): readonly Ordre[] {
  const side = type === "VENTE" ? state.ventes : state.achats;
  return [...items(side)].flatMap((level) => [...items(level.ordres)]);
}

/** Each order of a side as [number, what is left, price]. */
export function side(state: MarketState, type: TypeOrdre): readonly (readonly [number, number, number])[] {
  return restingOn(state, type).map((one) => [Number(one.ordreId.slice(-12)), one.reste, one.prixUnitaire]);
}
