import { z } from "zod";
import { createPool } from "../../store/database.ts";
import { migrate } from "../../store/migrate.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { type Combat, createCombats, nextHit } from "../combat-events.ts";
import { closedLoop, type Slice } from "../load.ts";

const LANES = 2;

const registry = createRegistry({
  DegatsInfliges: {
    schemaVersion: 1,
    schema: z.object({
      source: z.uuid(),
      cible: z.uuid(),
      element: z.enum(["FEU", "EAU", "TERRE", "AIR", "LUMIERE", "TENEBRES"]),
      degatsBruts: z.int().min(0),
      reduction: z.int().min(0),
      degatsFinaux: z.int().min(0),
      critique: z.boolean(),
      hpAvant: z.int().min(0),
      hpApres: z.int().min(0),
      etatApres: z.enum(["VIVANT", "KO"]),
    }),
  },
});

export interface StoreContender {
  run(inFlight: number, ms: number): Promise<Slice>;
  /** Events in a batch, on average, since the last call. */
  batchSize(): number;
  close(): Promise<void>;
}

/** The store as a node runs it: validation, group commit, expected version and the owner's epoch. */
export async function createStoreContender(url: string, lanes = LANES): Promise<StoreContender> {
  await migrate({ url });
  let batches = 0;
  let written = 0;
  const store = createPostgresStore(
    { writePool: createPool({ url, poolSize: lanes }), readPool: createPool({ url, poolSize: 1 }) },
    registry,
    {
      lanes,
      onBatch: (_units, events) => {
        batches += 1;
        written += events;
      },
    },
  );
  const actors = new Map<number, Combat[]>();

  async function command(combat: Combat): Promise<void> {
    const result = await store.append({
      actorId: combat.id,
      streams: [
        {
          aggregateId: combat.id,
          aggregateType: "Combat",
          expectedVersion: combat.version,
          epoch: combat.version === 0 ? undefined : 1,
          events: [nextHit(combat)],
        },
      ],
    });
    if (!result.ok) throw new Error(`append failed: ${JSON.stringify(result)}`);
    combat.version += 1;
  }

  return {
    run(inFlight, ms) {
      const combats = actors.get(inFlight) ?? createCombats(inFlight);
      actors.set(inFlight, combats);
      return closedLoop(combats, ms, command);
    },
    batchSize() {
      const size = batches === 0 ? 0 : written / batches;
      batches = 0;
      written = 0;
      return size;
    },
    close: () => store.close(),
  };
}
