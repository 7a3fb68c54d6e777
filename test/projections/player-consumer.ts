import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { allEvents } from "../../domain/all-events.ts";
import type { EventDefinitions } from "../../domain/decider.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { playerProjector } from "../../projections/player.ts";
import { projectorSink } from "../../projections/projector.ts";
import { openConsumerNode } from "../store/consumer-node.ts";
import { inItsStream } from "./player-logs.ts";

const definitions: EventDefinitions = Object.assign({}, ...allEvents);

/** Fills a store with a log of the game's, has a consumer take it to its end, and answers the log as the store has it. */
export async function tourInStore(
  url: string,
  pool: Pick<pg.Pool, "query">,
  log: readonly StoredEvent[],
): Promise<{ events: readonly StoredEvent[] }> {
  await pool.query("SELECT ensure_partition($1)", [log[0]?.timestamp]);
  const node = openConsumerNode({ url }, { events: definitions });
  try {
    const versions = new Map<string, number>();
    for (const { aggregateId, aggregateType, ...event } of log.map(inItsStream)) {
      const schemaVersion = definitions[event.eventType]?.schemaVersion ?? 1;
      const expectedVersion = versions.get(aggregateId) ?? 0;
      versions.set(aggregateId, expectedVersion + 1);
      const streams = [
        {
          aggregateId,
          aggregateType,
          expectedVersion,
          events: [{ ...event, metadata: { ...event.metadata, schemaVersion } }],
        },
      ];
      const result = await node.store.append({ actorId: "tour", streams });
      if (!result.ok) throw new Error(`${event.eventType}: ${JSON.stringify(result)}`);
    }
    const { name, eventTypes } = playerProjector;
    const consumer = node.consume({
      name,
      sink: projectorSink(playerProjector),
      filter: { eventTypes },
      batchSize: 100,
    });
    const upTo = await node.store.highWaterMark();
    const events = await node.store.readAll(0, upTo, { limit: log.length });
    const lastTold = events.findLast(({ eventType }) => eventTypes.includes(eventType))?.sequence ?? 0;
    for (let tries = 0; (await consumer.status()).position < lastTold; tries += 1) {
      if (tries === 200) throw new Error(`the consumer stands at ${(await consumer.status()).position} of ${lastTold}`);
      await sleep(100);
    }
    return { events };
  } finally {
    await node.close();
  }
}
