import type pg from "pg";
import type { Registry } from "prom-client";
import type { EtatCombat } from "../domain/combat/state.ts";
import type { AggregateType } from "../domain/envelope.ts";
import { mode as modes } from "../domain/matchmaking/modes.ts";
import { modeOf, type Watch } from "../rooms/spectate-watch.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Feed } from "../store/feed.ts";
import { addScrapedGauge, type ScrapedGauge } from "./scraped.ts";

export interface GaugeSources {
  /** Those in memory, by the type of their main stream. */
  readonly actors: Readonly<Partial<Record<AggregateType, { readonly size: number }>>>;
  readonly combats: { states(): Iterable<{ readonly etat: EtatCombat }> };
  readonly rooms: ReadonlyMap<string, ReadonlySet<() => number>>;
  /** By what they are for. */
  readonly pools: Readonly<Record<string, pg.Pool>>;
  readonly feed: Pick<Feed, "settled">;
  readonly store: Pick<EventStore, "runAfter">;
  readonly live: { readonly followers: number };
  readonly watches: () => Iterable<Watch>;
  readonly matchmaking: { open(): Promise<readonly { mode: string; etat: string; count: number }[]> };
  readonly onFault: (error: unknown) => void;
}

type Figure = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Gauges of what is there at this moment. */
export function addGauges(registry: Registry, sources: GaugeSources): void {
  const { actors, combats, rooms, pools, feed, store, live, matchmaking, watches, onFault } = sources;

  function add(name: string, help: string, labelNames: readonly string[], read: ScrapedGauge<Figure>["read"]): void {
    addScrapedGauge<Figure>(registry, {
      name,
      help,
      labelNames,
      read,
      set: (gauge, [labels, value]) => gauge.set(labels, value),
      onFault,
    });
  }

  add("aether_actors", "Actors in memory on this node", ["aggregate_type"], () =>
    Object.entries(actors).map(([aggregate_type, { size }]): Figure => [{ aggregate_type }, size]),
  );
  add("aether_combats", "Combats in memory on this node, by state", ["etat"], () => {
    const counts = new Map<string, number>([["EN_COURS", 0]]);
    for (const { etat } of combats.states()) counts.set(etat, (counts.get(etat) ?? 0) + 1);
    return [...counts].map(([etat, n]): Figure => [{ etat }, n]);
  });
  add("aether_rooms", "Rooms open on this node", ["room"], () =>
    [...rooms].map(([room, open]): Figure => [{ room }, open.size]),
  );
  add("aether_clients", "Clients connected to this node's rooms", ["room"], () =>
    [...rooms].map(([room, open]): Figure => [{ room }, [...open].reduce((sum, clients) => sum + clients(), 0)]),
  );
  add("aether_live_followers", "Subscriptions that follow the log on this node", [], () => [[{}, live.followers]]);

  add(
    "aether_spectate_followers",
    "Combats that are followed on this node for those who watch: live, delayed, and a replay each",
    ["mode"],
    () => {
      const counts = new Map(["live", "delayed", "replay"].map((mode) => [mode, 0]));
      for (const watch of watches()) counts.set(modeOf(watch), (counts.get(modeOf(watch)) ?? 0) + 1);
      return [...counts].map(([mode, n]): Figure => [{ mode }, n]);
    },
  );
  add("aether_matchmaking_tickets", "Open tickets of all nodes, by mode and state", ["mode", "etat"], async () => [
    ...modes.options.map((mode): Figure => [{ mode, etat: "EN_ATTENTE" }, 0]),
    ...(await matchmaking.open()).map(({ mode, etat, count }): Figure => [{ mode, etat }, count]),
  ]);

  add("aether_pool_connections", "Connections to the database, by pool and state", ["pool", "state"], () =>
    Object.entries(pools).flatMap(([pool, { totalCount, idleCount }]): Figure[] => [
      [{ pool, state: "idle" }, idleCount],
      [{ pool, state: "busy" }, totalCount - idleCount],
    ]),
  );
  add("aether_pool_waiting", "Statements that wait for a connection to the database", ["pool"], () =>
    Object.entries(pools).map(([pool, { waitingCount }]): Figure => [{ pool }, waitingCount]),
  );

  add("aether_feed_position", "Sequence number up to which this node's feed has come", [], () => [
    [{}, feed.settled()],
  ]);
  add(
    "aether_feed_lag_events",
    "Sequence numbers between this node's feed and the end of the log, as far as a thousand events show",
    [],
    async () => {
      const settled = feed.settled();
      return [[{}, (await store.runAfter(settled)).last - settled]];
    },
  );
}
