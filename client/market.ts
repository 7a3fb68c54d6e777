/** An item's order book (contract: "Rooms"): how much at which price, the best 20 of either side. Prices are 0 where there is none. */
export interface MarketSnapshot {
  readonly version: number;
  readonly itemId: string;
  /** By price; in no order. */
  readonly ventes: Readonly<Record<string, MarketLevel>>;
  readonly achats: Readonly<Record<string, MarketLevel>>;
  readonly dernierPrix: number;
  readonly prixMoyen24h: number;
  readonly prixMin24h: number;
  readonly prixMax24h: number;
  readonly volume24h: number;
  readonly nombreTransactions24h: number;
  /** Newest last, at most 20. */
  readonly transactions: readonly MarketTrade[];
}

export interface MarketLevel {
  readonly prix: number;
  readonly quantite: number;
  readonly ordres: number;
}

export interface MarketTrade {
  readonly transactionId: string;
  readonly quantite: number;
  readonly prixUnitaire: number;
  readonly executeeA: string;
}

export type MarketCommandMessage =
  | {
      readonly type: "PlacerOrdre";
      readonly typeOrdre: "VENTE" | "ACHAT";
      readonly quantite: number;
      readonly prixUnitaire: number;
      /** ISO 8601, when it leaves the book by itself. */
      readonly expireA?: string;
    }
  | { readonly type: "AnnulerOrdre"; readonly ordreId: string };
