import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";
import pg from "pg";
import { nextHit } from "../../combat-events.ts";
import { serve } from "../serve.mjs";

const url = process.env.PEER_DATABASE_URL;
await getPostgreSQLEventStore(url).schema.migrate();

await serve(async (poolSize) => {
  const pool = new pg.Pool({ connectionString: url, max: poolSize });
  const store = getPostgreSQLEventStore(url, {
    schema: { autoMigration: "None" },
    connectionOptions: { pooled: true, pool },
  });
  return {
    async append(combat) {
      const { eventType, payload, metadata } = nextHit(combat);
      await store.appendToStream(`combat-${combat.id}`, [{ type: eventType, data: payload, metadata }], {
        expectedStreamVersion: BigInt(combat.version),
      });
    },
    close: () => pool.end(),
  };
});
