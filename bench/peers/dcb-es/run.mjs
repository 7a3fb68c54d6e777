import { Query, SequencePosition, Tags } from "@dcb-es/event-store";
import { PostgresEventStore } from "@dcb-es/event-store-postgres";
import pg from "pg";
import { nextHit } from "../../combat-events.ts";
import { serve } from "../serve.mjs";

const url = process.env.PEER_DATABASE_URL;

// No stream versions here: the condition "no such event after the last one that I know of" is the same promise.
const positions = new Map();

await serve(async (poolSize) => {
  const pool = new pg.Pool({ connectionString: url, max: poolSize });
  const store = new PostgresEventStore({ pool });
  await store.ensureInstalled();
  return {
    async append(combat) {
      const { eventType, payload, metadata } = nextHit(combat);
      const tags = Tags.fromObj({ combat: combat.id });
      const position = await store.append({
        events: { type: eventType, tags, data: payload, metadata },
        condition: {
          failIfEventsMatch: Query.fromItems([{ types: [eventType], tags }]),
          after: positions.get(combat.id) ?? SequencePosition.initial(),
        },
      });
      positions.set(combat.id, position);
    },
    close: () => pool.end(),
  };
});
