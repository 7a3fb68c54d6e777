import DataLoader from "dataloader";
import type pg from "pg";
import type { BoardReads } from "../../projections/boards-reads.ts";
import type { CachedReads } from "../../projections/cached-reads.ts";
import { type CatalogueEntry, type CatalogueTable, readEntries } from "../../projections/catalogue-queries.ts";
import { type CombatHead, combatHeads, type Viewer } from "../../projections/combat-access.ts";
import {
  type CombatDetails,
  type HistoryPlace,
  readActionsOf,
  readCombats,
  readHistories,
  readStatisticsOf,
} from "../../projections/combat-queries.ts";
import { type ItemPrices, readPrices } from "../../projections/economy-queries.ts";
import type { Freshness } from "../../projections/freshness.ts";
import {
  type From,
  type PlayerProfile,
  type QuestKey,
  readEquipments,
  readInventories,
  readItemsOf,
  readLevelsOf,
  readProfiles,
  readQuestsOf,
  readSkillsOf,
} from "../../projections/player-queries.ts";
import type { QueteRow } from "../../projections/player-rows.ts";
import type { Principal } from "../../rooms/principal.ts";
import type { LiveEvents } from "../../store/live-events.ts";
import { viewerOf } from "../visibility.ts";

export interface GraphqlServices {
  readonly readModels: Pick<pg.Pool, "query">;
  readonly live: LiveEvents;
  readonly freshness: Freshness;
  readonly cached: CachedReads;
  readonly boards: BoardReads;
  /** ms that those who do not play wait for what happens in a combat that says nothing of it. */
  readonly spectateDelayMs: number;
}

/** What the resolvers of one operation share. */
export interface Context extends GraphqlServices {
  readonly who: Principal;
  readonly load: Loaders;
}

/** Look-ups by id, gathered: however many ask in one turn of the event loop, it is one statement. */
export type Loaders = ReturnType<typeof createLoaders>;

/** At most so many ids in one statement. */
const BATCH = 500;

function byId<Value>(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>) {
  return new DataLoader<string, Value | undefined>(
    async (ids) => {
      const found = await read(ids);
      return ids.map((id) => found.get(id));
    },
    { maxBatchSize: BATCH },
  );
}

/** A page of a list of each of several owners: those of which the same page is asked for are read together. */
function pagesOf<Place, Value>(
  read: (ids: readonly string[], place: Place) => Promise<ReadonlyMap<string, Value>>,
): (id: string, place: Place) => Promise<Value | undefined> {
  const loaders = new Map<string, DataLoader<string, Value | undefined>>();
  return (id, place) => {
    const key = JSON.stringify(place);
    const loader = loaders.get(key) ?? byId((ids) => read(ids, place));
    loaders.set(key, loader);
    return loader.load(id);
  };
}

interface QuestsPage extends From<QuestKey> {
  readonly etat?: QueteRow["etat"] | undefined;
}

interface HistoryPage {
  readonly after?: HistoryPlace | undefined;
  readonly limit: number;
}

function createLoaders(pool: Pick<pg.Pool, "query">, viewer: Viewer) {
  const entries = (table: CatalogueTable) => byId<CatalogueEntry>((ids) => readEntries(pool, table, ids));
  return {
    /** Of the combats that there are for who asks. What else is read of a combat is so once this has been. */
    combatHead: byId<CombatHead>((ids) => combatHeads(pool, ids, viewer)),
    combat: byId<CombatDetails>((ids) => readCombats(pool, ids)),
    histories: pagesOf((combatIds, place: HistoryPage) => readHistories(pool, { combatIds, ...place })),
    actions: pagesOf((combatIds, place: HistoryPage) => readActionsOf(pool, { combatIds, ...place })),
    player: byId<PlayerProfile>((ids) => readProfiles(pool, ids)),
    inventory: byId((ids) => readInventories(pool, ids)),
    carried: pagesOf((ids, from: From<number>) => readItemsOf(pool, ids, from)),
    equipment: byId((ids) => readEquipments(pool, ids)),
    learnt: pagesOf((ids, from: From<string>) => readSkillsOf(pool, ids, from)),
    accepted: pagesOf((ids, { etat, ...from }: QuestsPage) => readQuestsOf(pool, ids, etat, from)),
    levels: pagesOf((ids, from: From<number>) => readLevelsOf(pool, ids, from)),
    statistics: byId((ids) => readStatisticsOf(pool, ids)),
    prices: byId<ItemPrices>((ids) => readPrices(pool, ids)),
    items: entries("items"),
    competences: entries("competences"),
    quetes: entries("quetes"),
  };
}

/** The context of one operation. */
export function contextOf<Services extends GraphqlServices>(services: Services, who: Principal): Services & Context {
  return { ...services, who, load: createLoaders(services.readModels, viewerOf(who, services.spectateDelayMs)) };
}
