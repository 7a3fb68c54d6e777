import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { PayloadOf as MarketPayload } from "../../domain/market/events.ts";
import { market } from "../../domain/market/market.ts";
import { items } from "../../domain/market/runs.ts";
import type { MarketState, Ordre } from "../../domain/market/state.ts";
import { player } from "../../domain/player/player.ts";
import { PART_TYPES, type PayloadOf, type PlayerState } from "../../domain/player/state.ts";
import { MarketView, projectMarket } from "../../rooms/market-view.ts";
import { PlayerView, projectPlayer } from "../../rooms/player-view.ts";
import { bookId, partId } from "../../store/uuid.ts";

type Log = readonly StoredEvent[];

/** A player as the log tells it after so many of its events, and as it has to be shown then. */
export function replayPlayer(log: Log, id: string, version?: number) {
  const streams = new Set(PART_TYPES.map((type, i) => (i === 0 ? id : partId(id, type))));
  const own = log.filter(({ aggregateId }) => streams.has(aggregateId)).slice(0, version);
  const state = own.reduce<PlayerState>((before, event) => player.evolve(before, event as never), player.initial);
  const view = new PlayerView();
  projectPlayer(view, state, undefined);
  return { state, shown: view.toJSON() as Record<string, unknown>, version: own.length };
}

export function replayBook(log: Log, itemId: string, version?: number) {
  const own = log.filter(({ aggregateId }) => aggregateId === bookId(itemId)).slice(0, version);
  const state = own.reduce<MarketState>((before, event) => market.evolve(before, event as never), market.initial);
  const view = new MarketView();
  projectMarket(view, state, undefined);
  return { state, shown: { ...(view.toJSON() as object), itemId } as Record<string, unknown> };
}

export function openOrders(state: MarketState): readonly Ordre[] {
  return [state.ventes, state.achats].flatMap((side) => [...items(side)].flatMap((level) => [...items(level.ordres)]));
}

/** Sources and reasons of moves after which there is as much in the game as before. */
const BETWEEN_PLAYERS: readonly string[] = ["MARCHE", "RETOUR", "ORDRE_RESERVE", "ECHANGE", "DIVISION", "EMPILEMENT"];

const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0);

/** Everything that must hold of players' purses and the books, from the log alone. `problems`: what does not. */
export function auditMarket(log: Log, goods: readonly string[]) {
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => void (holds || problems.push(problem));
  const of = <Payload>(type: string) =>
    log.filter(({ eventType }) => eventType === type).map((event) => ({ event, payload: event.payload as Payload }));

  const players = of<PayloadOf<"JoueurCree">>("JoueurCree").map(({ payload }) => payload);
  const states = players.map(({ joueurId }) => replayPlayer(log, joueurId).state);
  const books = goods.map((itemId) => replayBook(log, itemId).state);
  const open = books.flatMap(openOrders);
  const trades = of<MarketPayload<"TransactionExecutee">>("TransactionExecutee");
  const cancelled = of<MarketPayload<"OrdreCancelled">>("OrdreCancelled");
  const reserved = of<PayloadOf<"OrdreReserve">>("OrdreReserve").map(({ payload }) => payload);
  const created = [
    ...of<MarketPayload<"OrdreVenteCree">>("OrdreVenteCree"),
    ...of<MarketPayload<"OrdreAchatCree">>("OrdreAchatCree"),
  ].map(({ payload }) => payload);
  const gold = of<PayloadOf<"OrModifie">>("OrModifie").map(({ payload }) => payload);
  const added = of<PayloadOf<"ItemAjoute">>("ItemAjoute").map(({ payload }) => payload);
  const removed = of<PayloadOf<"ItemRetire">>("ItemRetire").map(({ payload }) => payload);
  const consumed = of<PayloadOf<"ItemUtilise">>("ItemUtilise").map(({ payload }) => payload);
  const closed = of<PayloadOf<"OrdreClos">>("OrdreClos").map(({ payload }) => payload);

  // Gold and goods.
  const brought = sum(gold.filter(({ raison }) => !raison.startsWith("ORDRE_")).map(({ delta }) => delta));
  const purses = sum(states.map(({ joueur }) => joueur.or));
  const bound = sum(open.map((one) => (one.typeOrdre === "ACHAT" ? one.reste * one.prixUnitaire : 0)));
  const tax = sum(trades.map(({ payload }) => payload.taxe));
  const first = sum(players.map(({ or }) => or));
  check(first + brought === purses + bound + tax, `gold: ${first} + ${brought} ≠ ${purses} + ${bound} + ${tax}`);
  for (const itemId of goods) {
    const come = added.filter((one) => one.itemId === itemId && !BETWEEN_PLAYERS.includes(one.source));
    const gone = removed.filter((one) => one.itemId === itemId && !BETWEEN_PLAYERS.includes(one.raison));
    const used = consumed.filter((one) => one.itemId === itemId);
    const given = sum(come.map(({ quantite }) => quantite)) - sum([...gone, ...used].map(({ quantite }) => quantite));
    const carried = sum(
      states.flatMap(({ inventaire }) =>
        Object.values(inventaire.slots).map((slot) => (slot.itemId === itemId ? slot.quantite : 0)),
      ),
    );
    const offered = open.filter((one) => one.typeOrdre === "VENTE");
    const bookOf = (one: Ordre) => created.find(({ ordreId }) => ordreId === one.ordreId)?.itemId;
    const onSale = sum(offered.map((one) => (bookOf(one) === itemId ? one.reste : 0)));
    check(given === carried + onSale, `goods ${itemId}: ${given} ≠ ${carried} + ${onSale}`);
  }

  // Orders: one fate each, never filled beyond their quantity.
  const count = (ids: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    return (id: string) => counts.get(id) ?? 0;
  };
  const reservations = count(reserved.map(({ ordreId }) => ordreId));
  const creations = count(created.map(({ ordreId }) => ordreId));
  const refusals = count(
    cancelled.filter(({ payload }) => payload.raison === "REFUSE").map(({ payload }) => payload.ordreId),
  );
  const closings = count(closed.map(({ ordreId }) => ordreId));
  const undone = count(closed.filter(({ motif }) => motif === "REFUSE").map(({ ordreId }) => ordreId));
  for (const { ordreId, quantite } of reserved) {
    check(reservations(ordreId) === 1, `${ordreId} was set aside ${reservations(ordreId)} times`);
    const fates = creations(ordreId) + Math.max(refusals(ordreId), undone(ordreId));
    check(fates === 1, `${ordreId}: in the book ${creations(ordreId)}, refused ${refusals(ordreId)} times`);
    const isOpen = open.some((one) => one.ordreId === ordreId);
    check(closings(ordreId) === (isOpen ? 0 : 1), `${ordreId}: closed ${closings(ordreId)} times`);
    const filled = trades
      .filter(({ payload }) => payload.ordreVenteId === ordreId || payload.ordreAchatId === ordreId)
      .map(({ payload }) => payload.quantite);
    check(sum(filled) <= quantite, `${ordreId}: filled ${sum(filled)} of ${quantite}`);
  }
  check(
    created.every(({ ordreId }) => reservations(ordreId) === 1),
    "an order is in a book for which nothing was set aside",
  );

  // What the books owe arrived once.
  const arrived = (joueurId: string, reference: string) => ({
    or: gold.filter((one) => one.joueurId === joueurId && one.reference === reference).map(({ delta }) => delta),
    pieces: sum(
      added.filter((one) => one.joueurId === joueurId && one.reference === reference).map((one) => one.quantite),
    ),
  });
  const owed = (joueurId: string, reference: string, or: number, pieces: number): void => {
    const got = arrived(joueurId, reference);
    const right = got.pieces === pieces && got.or.length === (or > 0 ? 1 : 0) && sum(got.or) === or;
    check(right, `${reference} owes ${joueurId} ${or} gold and ${pieces} pieces: ${JSON.stringify(got)}`);
  };
  for (const { payload: one } of trades) {
    owed(one.vendeurId, one.transactionId, one.netVendeur, 0);
    owed(one.acheteurId, one.transactionId, one.renduAcheteur, one.quantite);
  }
  for (const { event, payload } of cancelled)
    owed(payload.joueurId, event.eventId, payload.rendu.or, sum(payload.rendu.objets.map(({ quantite }) => quantite)));

  // Purses and books agree on what is open.
  const inPurses = states.flatMap(({ joueur }) => Object.keys(joueur.ordres)).sort();
  const inBooks = open.map(({ ordreId }) => ordreId).sort();
  check(JSON.stringify(inPurses) === JSON.stringify(inBooks), `open: ${inPurses} in purses, ${inBooks} in books`);

  return {
    problems,
    trades: trades.length,
    kinds: [...new Set(cancelled.map(({ payload }) => payload.raison))],
    /** What of these answers the log does not bear out. */
    acknowledged(answers: ReadonlyMap<string, Answer>): readonly string[] {
      const wrong: string[] = [];
      for (const [commandId, answer] of answers) {
        const own = log.filter(({ metadata }) => metadata.commandId === commandId);
        const decisive = own.filter(({ eventType }) => eventType === "OrdreReserve" || eventType === "OrdreCancelled");
        const sequences = new Set(log.map(({ sequence }) => sequence));
        const inLog = !answer.ok || answer.events.every(({ sequence }) => sequences.has(sequence));
        if (!inLog || decisive.length > 1 || (answer.ok && decisive.length !== 1))
          wrong.push(`${commandId}: ${JSON.stringify(answer)} has ${decisive.length} in the log`);
      }
      return wrong;
    },
  };
}
