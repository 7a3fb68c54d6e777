import { readFile } from "node:fs/promises";
import pg from "pg";
import { nextHit } from "../../combat-events.ts";
import { serve } from "../serve.mjs";

const url = process.env.PEER_DATABASE_URL;
const options = "-c search_path=message_store,public -c client_min_messages=warning";

// What its install.sh gives to psql, in the same order, but for the role and its privileges, which belong to the whole cluster.
const FILES = `schema/message-store extensions/pgcrypto tables/messages types/message functions/message-store-version
  functions/hash-64 functions/acquire-lock functions/category functions/is-category functions/id functions/cardinal-id
  functions/stream-version functions/write-message indexes/messages-id indexes/messages-stream indexes/messages-category`;
const setup = new pg.Client({ connectionString: url, options });
await setup.connect();
for (const file of FILES.split(/\s+/)) {
  await setup.query(
    await readFile(new URL(`node_modules/@eventide/message-db/database/${file}.sql`, import.meta.url), "utf8"),
  );
}
await setup.end();

await serve(async (poolSize) => {
  const pool = new pg.Pool({ connectionString: url, max: poolSize, options });
  return {
    async append(combat) {
      const { eventId, eventType, payload, metadata } = nextHit(combat);
      await pool.query({
        name: "write_message",
        text: "SELECT write_message($1, $2, $3, $4, $5, $6)",
        // Its versions begin at 0, so that an empty stream is at -1.
        values: [eventId, `combat-${combat.id}`, eventType, payload, metadata, combat.version - 1],
      });
    },
    close: () => pool.end(),
  };
});
