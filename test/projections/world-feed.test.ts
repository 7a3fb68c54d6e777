import { beforeAll, expect, test } from "vitest";
import { allEvents } from "../../domain/all-events.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { economyProjector } from "../../projections/economy.ts";
import { projectorSink } from "../../projections/projector.ts";
import { questProjector } from "../../projections/quests.ts";
import { skillProjector } from "../../projections/skills.ts";
import { worldProjector } from "../../projections/world.ts";
import { grandTour } from "../domain/tour/story.ts";
import { type ConsumerNode, openConsumerNode } from "../store/consumer-node.ts";
import { eventually } from "../store/taken.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";
import { allRows, clear, inStreams, project, usePool } from "./world-support.ts";

const PROJECTORS = [economyProjector, skillProjector, questProjector, worldProjector];

const database = useDatabase();
const pool = usePool(database);
const release = useReleasers();
let node: ConsumerNode;
beforeAll(() => {
  node = openConsumerNode({ url: database.url }, { events: Object.assign({}, ...allEvents) });
  release(() => node.close());
});

/** Runs of events of one stream are one append. */
async function append(log: readonly StoredEvent[]): Promise<void> {
  for (let at = 0; at < log.length; ) {
    const first = log[at];
    if (first === undefined) return;
    const { aggregateId, aggregateType, version } = first;
    let end = at;
    while (log[end]?.aggregateId === aggregateId) end += 1;
    const events = log.slice(at, end);
    const result = await node.store.append({
      actorId: aggregateId,
      streams: [{ aggregateId, aggregateType, expectedVersion: version - 1, events }],
    });
    expect(result).toEqual({ ok: true, sequences: expect.any(Array) });
    at = end;
  }
}

test("[PWORLD-10] behind the store's feed the tables are what the log makes of them", async () => {
  const consumers = PROJECTORS.map((projector) =>
    node.consume({
      name: projector.name,
      sink: projectorSink(projector),
      filter: { eventTypes: projector.eventTypes },
    }),
  );
  // Without the fights, which are most of it and nothing to these tables.
  await append(inStreams(grandTour().log.filter(({ aggregateType }) => aggregateType !== "Combat")));
  const last = (await node.store.readAll(0, Number.MAX_SAFE_INTEGER, { limit: 100_000 })).at(-1)?.sequence;
  for (const consumer of consumers) {
    await eventually(async () => (await consumer.status()).position).toBe(last);
    expect(await consumer.status()).toMatchObject({ lagEvents: 0 });
  }
  const log = await node.store.readAll(0, Number.MAX_SAFE_INTEGER, { limit: 100_000 });
  await node.closeConsumers();
  for (const projector of PROJECTORS) {
    const live = await allRows(pool(), projector);
    for (const table of projector.tables) expect([table, live[table]?.length === 0]).toEqual([table, false]);
    await clear(pool(), projector);
    await project(pool(), projector, log, [500]);
    expect(await allRows(pool(), projector)).toEqual(live);
  }
});
