import { combat } from "../domain/combat/combat.ts";
import { combatEvents } from "../domain/combat/events.ts";
import { loadAggregate } from "../rooms/load.ts";
import { createPool } from "../store/database.ts";
import type { EventStore } from "../store/event-store.ts";
import { migrate } from "../store/migrate.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRegistry } from "../store/registry.ts";
import { median } from "./load.ts";
import { atMost, type Bench } from "./report.ts";
import { TAIL, writeCombat } from "./rooms/written-combat.ts";

const SIZES = [10, 100, 1_000, 100_000] as const;

/** Loading a combat into memory as an actor does: head, snapshot, events, fold. */
export const replay: Bench = {
  name: "replay",
  async run({ databaseUrl, long, progress }) {
    await migrate({ url: databaseUrl });
    const pool = { url: databaseUrl, statementTimeoutMs: 30_000 };
    const store = createPostgresStore(
      { writePool: createPool(pool), readPool: createPool(pool) },
      createRegistry(combatEvents),
    );
    try {
      const cases: Case[] = [];
      for (const size of SIZES) {
        for (const snapshot of [false, true]) {
          progress(`writing ${size} events${snapshot ? " and a snapshot" : ""}`);
          cases.push({ size, snapshot, combatId: (await writeCombat(store, size, { snapshot })).combatId, taken: [] });
        }
      }
      progress("loading");
      // In turn, so that what disturbs the machine disturbs all alike; the long ones are few, and come after.
      const quick = cases.filter(({ size, snapshot }) => size < 10_000 || snapshot);
      const slow = cases.filter((one) => !quick.includes(one));
      for (let i = 0; i < (long ? 1_000 : 200); i += 1) for (const one of quick) await load(store, one);
      for (let i = 0; i < (long ? 10 : 3); i += 1) for (const one of slow) await load(store, one);

      const figures: Record<string, { readonly ms: number; readonly eventsPerSecond: number }> = {};
      for (const { size, snapshot, taken } of cases) {
        const ms = median(taken);
        figures[`${size}${snapshot ? " with snapshot" : ""}`] = { ms, eventsPerSecond: (size / ms) * 1_000 };
      }
      const rows = cases.map(({ size, snapshot, taken }) => {
        const ms = median(taken);
        return [size.toLocaleString("en-US"), snapshot ? "yes" : "no", ms, (size / ms) * 1_000];
      });
      const of = (name: string): number => figures[name]?.ms ?? Number.NaN;
      return {
        aims: [atMost("100,000 events with a snapshot / 100 without, time", of("100000 with snapshot") / of("100"), 1)],
        figures,
        tables: [{ title: "Loading a combat (median)", columns: ["events", "snapshot", "ms", "events/s"], rows }],
        notes: [`a snapshot is ${TAIL} events old, as old as one can be.`],
      };
    } finally {
      await store.close();
    }
  },
};

interface Case {
  readonly size: number;
  readonly snapshot: boolean;
  readonly combatId: string;
  /** ms of each load. */
  readonly taken: number[];
}

async function load(store: EventStore, { combatId, taken }: Case): Promise<void> {
  const telemetry = { refused: () => undefined, fault: (where: string, error: unknown) => console.error(where, error) };
  const start = performance.now();
  const loaded = await loadAggregate(combatId, combat, store, "bench", telemetry);
  taken.push(performance.now() - start);
  if (loaded === undefined) throw new Error("the combat is not there");
}
