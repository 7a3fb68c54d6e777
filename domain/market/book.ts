import { drop, find, first, put } from "./runs.ts";
import type { Fiche, MarketState, Niveau, Niveaux, Ordre, StatutOrdre } from "./state.ts";
import { CLOSED_KEPT, type TypeOrdre } from "./values.ts";

const byPrice =
  (sign: 1 | -1) =>
  (level: Niveau, prix: number): number =>
    sign * (level.prix - prix);
const ascending = byPrice(1);
const descending = byPrice(-1);
const byRank = (order: Ordre, rang: number): number => order.rang - rang;
const byOrder = (one: { readonly ordreId: string }, id: string): number => text(one.ordreId, id);
const byPlayer = (one: { readonly joueurId: string }, id: string): number => text(one.joueurId, id);
const byNumber = (one: { readonly numero: number }, numero: number): number => one.numero - numero;
const byExpiry = (
  one: { readonly expireA: number; readonly rang: number },
  due: { readonly expireA: number; readonly rang: number },
): number => one.expireA - due.expireA || one.rang - due.rang;

function text(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function betterFirst(type: TypeOrdre) {
  return type === "VENTE" ? ascending : descending;
}

export function sideOf(state: MarketState, type: TypeOrdre): Niveaux {
  return type === "VENTE" ? state.ventes : state.achats;
}

/** What the book knows of an order; undefined if it never had it, or has forgotten it. */
export function entryOf(state: MarketState, ordreId: string): Fiche | undefined {
  return find(state.ordres, ordreId, byOrder);
}

/** The order at rest; undefined if it is not there. */
export function restingOrder(state: MarketState, ordreId: string): Ordre | undefined {
  const entry = entryOf(state, ordreId);
  if (entry?.statut !== "OUVERT") return undefined;
  const level = find(sideOf(state, entry.typeOrdre), entry.prixUnitaire, betterFirst(entry.typeOrdre));
  return level === undefined ? undefined : find(level.ordres, entry.rang, byRank);
}

/** Orders of the player at rest in this book. */
export function openOrdersOf(state: MarketState, joueurId: string): number {
  return find(state.joueurs, joueurId, byPlayer)?.ouverts ?? 0;
}

function withLevel(state: MarketState, type: TypeOrdre, level: Niveau): Partial<MarketState> {
  const side = sideOf(state, type);
  const next =
    level.nombre === 0 ? drop(side, level.prix, betterFirst(type)) : put(side, level.prix, level, betterFirst(type));
  return type === "VENTE" ? { ventes: next } : { achats: next };
}

function withPlayer(state: MarketState, joueurId: string, delta: 1 | -1): MarketState["joueurs"] {
  const ouverts = openOrdersOf(state, joueurId) + delta;
  return ouverts > 0
    ? put(state.joueurs, joueurId, { joueurId, ouverts }, byPlayer)
    : drop(state.joueurs, joueurId, byPlayer);
}

/** The book with `order` at the end of its price's queue. */
export function rest(state: MarketState, order: Ordre): MarketState {
  const { ordreId, joueurId, typeOrdre, prixUnitaire, rang, expireA } = order;
  const level = find(sideOf(state, typeOrdre), prixUnitaire, betterFirst(typeOrdre));
  const entry: Fiche = { ordreId, typeOrdre, prixUnitaire, rang, joueurId, statut: "OUVERT" };
  return {
    ...state,
    ...withLevel(state, typeOrdre, {
      prix: prixUnitaire,
      quantite: (level?.quantite ?? 0) + order.reste,
      nombre: (level?.nombre ?? 0) + 1,
      ordres: put(level?.ordres ?? [], rang, order, byRank),
    }),
    ouverts: state.ouverts + 1,
    ordres: put(state.ordres, ordreId, entry, byOrder),
    joueurs: withPlayer(state, joueurId, 1),
    echeances:
      expireA === null
        ? state.echeances
        : put(state.echeances, { expireA, rang }, { expireA, rang, ordreId }, byExpiry),
  };
}

/** Notes how an order ended, and forgets the oldest of those that did. */
export function close(state: MarketState, entry: Fiche, statut: Exclude<StatutOrdre, "OUVERT">): MarketState {
  const { ordreId } = entry;
  const numero = state.fermetures;
  let ordres = put(state.ordres, ordreId, { ...entry, statut }, byOrder);
  let clos = put(state.clos, numero, { numero, ordreId }, byNumber);
  const oldest = first(clos);
  if (oldest !== undefined && oldest.numero <= numero - CLOSED_KEPT) {
    clos = drop(clos, oldest.numero, byNumber);
    ordres = drop(ordres, oldest.ordreId, byOrder);
  }
  return { ...state, ordres, clos, fermetures: numero + 1 };
}

/** The book without an order that rests in it. */
export function leave(state: MarketState, order: Ordre, statut: Exclude<StatutOrdre, "OUVERT">): MarketState {
  const { ordreId, joueurId, typeOrdre, prixUnitaire, rang, expireA } = order;
  const level = find(sideOf(state, typeOrdre), prixUnitaire, betterFirst(typeOrdre));
  const left: MarketState = {
    ...state,
    ...(level === undefined
      ? {}
      : withLevel(state, typeOrdre, {
          ...level,
          quantite: level.quantite - order.reste,
          nombre: level.nombre - 1,
          ordres: drop(level.ordres, rang, byRank),
        })),
    ouverts: state.ouverts - 1,
    joueurs: withPlayer(state, joueurId, -1),
    echeances: expireA === null ? state.echeances : drop(state.echeances, { expireA, rang }, byExpiry),
  };
  return close(left, { ordreId, typeOrdre, prixUnitaire, rang, joueurId, statut }, statut);
}

/** The book after `quantite` of a resting order was traded; one that has nothing left goes. */
export function fill(state: MarketState, order: Ordre, quantite: number): MarketState {
  const reste = order.reste - quantite;
  if (reste <= 0) return leave(state, order, "COMPLETE");
  const { typeOrdre, prixUnitaire, rang } = order;
  const level = find(sideOf(state, typeOrdre), prixUnitaire, betterFirst(typeOrdre));
  if (level === undefined) return state;
  return {
    ...state,
    ...withLevel(state, typeOrdre, {
      ...level,
      quantite: level.quantite - quantite,
      ordres: put(level.ordres, rang, { ...order, reste }, byRank),
    }),
  };
}
