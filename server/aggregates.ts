import { competence } from "../domain/catalogue/competence.ts";
import { item } from "../domain/catalogue/item.ts";
import { pnj } from "../domain/catalogue/pnj.ts";
import { quete } from "../domain/catalogue/quete.ts";
import { combat } from "../domain/combat/combat.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent } from "../domain/envelope.ts";
import { market } from "../domain/market/market.ts";
import { player } from "../domain/player/player.ts";
import { world } from "../domain/world/world.ts";

/** For those who only show a state: whatever it is. */
export type AnyAggregate = Aggregate<unknown, never, DomainEvent>;

/** Every aggregate of the game, by the type of its main stream. */
export const AGGREGATES = {
  Joueur: player,
  Combat: combat,
  Economy: market,
  WorldState: world,
  Item: item,
  Competence: competence,
  Quete: quete,
  PNJ: pnj,
} as unknown as Readonly<Record<AggregateName, AnyAggregate>>;

export const AGGREGATE_NAMES = [
  "Joueur",
  "Combat",
  "Economy",
  "WorldState",
  "Item",
  "Competence",
  "Quete",
  "PNJ",
] as const;
export type AggregateName = (typeof AGGREGATE_NAMES)[number];
