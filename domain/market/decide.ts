import { accept, type Decision, type DecisionContext } from "../decider.ts";
import { entryOf, openOrdersOf, restingOrder } from "./book.ts";
import type { MarketCommand, PlaceOrder } from "./commands.ts";
import type { Avoir, Figures, MarketEvent } from "./events.ts";
import { nextPhase, phaseOf } from "./lifecycle.ts";
import { isDue, type Plan, planMatch } from "./matching.ts";
import { type MarketRejectionCode, rejection } from "./rejections.ts";
import { items } from "./runs.ts";
import type { MarketState, Ordre } from "./state.ts";
import { trade } from "./trade.ts";
import { BOOK_LIMIT, type Motif, PLAYER_LIMIT, type RaisonAnnulation, STEP_LIMIT } from "./values.ts";
import { REFRESH_MS } from "./wake-up.ts";
import { figuresOf, traded } from "./window.ts";

type Of<Type extends MarketCommand["type"]> = Extract<MarketCommand, { type: Type }>;
type Kept = Pick<Ordre, "ordreId" | "joueurId" | "typeOrdre" | "prixUnitaire" | "proprietes">;

function refuse(code: MarketRejectionCode): Decision<MarketEvent> {
  return { ok: false, rejection: rejection(code) };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** What is set aside for so many pieces of an order. */
function held(itemId: string, { typeOrdre, prixUnitaire, proprietes }: Kept, quantite: number): Avoir {
  return typeOrdre === "ACHAT"
    ? { or: quantite * prixUnitaire, objets: [] }
    : { or: 0, objets: [{ itemId, quantite, proprietes }] };
}

function cancelled(itemId: string, order: Kept, reste: number, raison: RaisonAnnulation, motif?: Motif): MarketEvent {
  const { ordreId, joueurId, typeOrdre } = order;
  return {
    eventType: "OrdreCancelled",
    payload: {
      ordreId,
      joueurId,
      typeOrdre,
      itemId,
      raison,
      ...(motif === undefined ? {} : { motif }),
      rendu: held(itemId, order, reste),
    },
  };
}

function refreshed(itemId: string, figures: Figures, a: string): MarketEvent {
  return { eventType: "PrixMisAJour", payload: { itemId, ...figures, a } };
}

function created(command: PlaceOrder, creeA: string): MarketEvent {
  const { ordreId, joueurId, pseudo, itemId, quantite, prixUnitaire, expireA } = command;
  return {
    eventType: command.typeOrdre === "VENTE" ? "OrdreVenteCree" : "OrdreAchatCree",
    payload: {
      ordreId,
      joueurId,
      pseudo,
      itemId,
      quantite,
      prixUnitaire,
      expireA,
      misDeCote: held(itemId, command, quantite),
      creeA,
    },
  };
}

/** [REFUSE-1] */
function problemWith(state: MarketState, command: PlaceOrder, plan: Plan, now: number): Motif | undefined {
  if (state.itemId !== "" && state.itemId !== command.itemId) return "WRONG_ITEM";
  if (command.expireA !== null && Date.parse(command.expireA) <= now) return "EXPIRED";
  if (plan.selfTrade) return "SELF_TRADE";
  if (plan.reste === 0 || plan.cut) return undefined;
  const gone = plan.steps.filter((step) => step.kind === "expire" || step.quantite === step.order.reste).length;
  if (state.ouverts - gone >= BOOK_LIMIT) return "BOOK_FULL";
  if (openOrdersOf(state, command.joueurId) >= PLAYER_LIMIT) return "TOO_MANY_ORDERS";
  return undefined;
}

/** Places an order, and has it trade as far as it will. Nothing is folded on the way: the plan knows what is left of each. */
function place(state: MarketState, command: PlaceOrder, now: number): Decision<MarketEvent> {
  if (!command.echangeable) return refuse("NOT_TRADABLE");
  if (nextPhase(phaseOf(entryOf(state, command.ordreId), undefined), "PLACE") === undefined)
    return refuse("ORDER_EXISTS");
  const { itemId } = command;
  const plan = planMatch(state, command, now);
  const problem = problemWith(state, command, plan, now);
  if (problem !== undefined) return accept([cancelled(itemId, command, command.quantite, "REFUSE", problem)]);
  const at = isoTime(now);
  const events = [created(command, at)];
  let window = state.fenetre;
  let dernierPrix: number | undefined;
  let reste = command.quantite;
  for (const step of plan.steps) {
    if (step.kind === "expire") {
      events.push(cancelled(itemId, step.order, step.order.reste, "EXPIRE"));
      continue;
    }
    reste -= step.quantite;
    dernierPrix = step.order.prixUnitaire;
    window = traded(window, { quantite: step.quantite, prixUnitaire: dernierPrix }, now);
    events.push(trade(command, step, { reste, executeeA: at, version: state.version + events.length }));
  }
  if (plan.cut) events.push(cancelled(itemId, command, reste, "ANNULE", "TOO_MANY_TRADES"));
  if (dernierPrix !== undefined) events.push(refreshed(itemId, figuresOf(window, dernierPrix, now), at));
  return accept(events);
}

function cancel(state: MarketState, command: Of<"AnnulerOrdre">, now: number): Decision<MarketEvent> {
  const entry = entryOf(state, command.ordreId);
  if (entry === undefined) return refuse("ORDER_NOT_FOUND");
  if (entry.joueurId !== command.joueurId) return refuse("NOT_YOUR_ORDER");
  const order = restingOrder(state, command.ordreId);
  const raison = order !== undefined && isDue(order, now) ? "EXPIRE" : "ANNULE";
  const trigger = raison === "EXPIRE" ? "EXPIRE" : "CANCEL";
  if (order === undefined || nextPhase(phaseOf(entry, order), trigger) === undefined) return refuse("ORDER_CLOSED");
  return accept([cancelled(state.itemId, order, order.reste, raison)]);
}

/** [EXPIRY-1] */
function expire(state: MarketState, now: number): Decision<MarketEvent> {
  const events: MarketEvent[] = [];
  for (const { expireA, ordreId } of items(state.echeances)) {
    if (expireA > now || events.length === STEP_LIMIT) break;
    const order = restingOrder(state, ordreId);
    if (order !== undefined) events.push(cancelled(state.itemId, order, order.reste, "EXPIRE"));
  }
  return events.length === 0 ? refuse("TOO_EARLY") : accept(events);
}

/** [PRICE-2] */
function refresh(state: MarketState, now: number): Decision<MarketEvent> {
  const { prix } = state;
  if (prix === null || prix.nombreTransactions24h === 0) return accept([]);
  if (now < prix.a + REFRESH_MS) return refuse("TOO_EARLY");
  return accept([refreshed(state.itemId, figuresOf(state.fenetre, prix.dernierPrix, now), isoTime(now))]);
}

/** What `command` leads to. Pure and total: whatever passes the command's schema is answered, on any state. */
export function decide(state: MarketState, command: MarketCommand, { now }: DecisionContext): Decision<MarketEvent> {
  switch (command.type) {
    case "PlacerOrdre":
      return place(state, command, now);
    case "AnnulerOrdre":
      return cancel(state, command, now);
    case "ExpirerOrdres":
      return expire(state, now);
    case "ActualiserPrix":
      return refresh(state, now);
  }
}
