import { z } from "zod";
import type { DeepReadonly } from "../combat/values.ts";
import { figures } from "./events.ts";
import type { Runs } from "./runs.ts";
import { prix, quantite, typeOrdre } from "./values.ts";

const id = z.uuid();
const count = z.int().min(0);
/** ms since the epoch: states compare times at every command. */
const ms = z.int();

const runs = <Item extends z.ZodType>(item: Item) => z.array(z.array(item));

/** An order at rest. `rang`: the version at which it came, which is its place in time. */
const ordre = z.object({
  ordreId: id,
  joueurId: id,
  pseudo: z.string(),
  typeOrdre,
  quantite,
  reste: quantite,
  prixUnitaire: prix,
  rang: count,
  expireA: ms.nullable(),
  proprietes: z.record(z.string(), z.unknown()),
});

/** All orders at one price, the oldest first. `quantite` is what is left of them together. */
const niveau = z.object({ prix, quantite: count, nombre: count, ordres: runs(ordre) });

export const statutOrdre = z.enum(["OUVERT", "COMPLETE", "ANNULE", "EXPIRE", "REFUSE"]);

/** Where an order is, or how it ended. */
const fiche = z.object({ ordreId: id, typeOrdre, prixUnitaire: prix, rang: count, joueurId: id, statut: statutOrdre });

/** What was traded in a quarter of an hour; `debut` is its beginning, in quarters since the epoch. */
const tranche = z.object({ debut: z.int(), volume: count, montant: count, nombre: count, min: prix, max: prix });

const transaction = z.object({ transactionId: id, quantite, prixUnitaire: prix, executeeA: z.iso.datetime() });

export const marketStateSchema = z.object({
  /** Number of events folded. */
  version: count,
  /** "" until the first order that the book takes. */
  itemId: z.union([id, z.literal("")]),
  /** Orders at rest. */
  ouverts: count,
  /** Price levels, the best first: lowest sale, highest purchase. */
  ventes: runs(niveau),
  achats: runs(niveau),
  /** By ordreId: all open orders, and the closed ones of `clos`. */
  ordres: runs(fiche),
  /** By joueurId: how many orders each has at rest. */
  joueurs: runs(z.object({ joueurId: id, ouverts: count })),
  /** Open orders that expire, the next first. */
  echeances: runs(z.object({ expireA: ms, rang: count, ordreId: id })),
  /** Orders closed, by when; only the newest are known. */
  clos: runs(z.object({ numero: count, ordreId: id })),
  fermetures: count,
  /** The last 24 h, oldest first, at most 96 ([PRICE-1]). */
  fenetre: z.array(tranche),
  /** As last published. */
  prix: figures.extend({ a: ms }).nullable(),
  /** Newest last, at most 20. */
  dernieres: z.array(transaction),
});

export type MarketState = DeepReadonly<z.infer<typeof marketStateSchema>>;
export type Ordre = DeepReadonly<z.infer<typeof ordre>>;
export type Niveau = DeepReadonly<z.infer<typeof niveau>>;
export type Fiche = DeepReadonly<z.infer<typeof fiche>>;
export type StatutOrdre = z.infer<typeof statutOrdre>;
export type Tranche = DeepReadonly<z.infer<typeof tranche>>;
export type Transaction = DeepReadonly<z.infer<typeof transaction>>;
export type Niveaux = Runs<Niveau>;

export const initialMarket: MarketState = {
  version: 0,
  itemId: "",
  ouverts: 0,
  ventes: [],
  achats: [],
  ordres: [],
  joueurs: [],
  echeances: [],
  clos: [],
  fermetures: 0,
  fenetre: [],
  prix: null,
  dernieres: [],
};
