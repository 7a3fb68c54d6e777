import { v7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import type { NewEvent } from "../../domain/envelope.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, event, gains, ids, joueur, readStream } from "./fixtures.ts";

// The statements are those of the event store's specification, word for word.
const database = useDatabase();
const release = useReleasers();
const [player, other] = [v7(), v7()];
let events: readonly NewEvent[] = [];
let store: EventStore;

beforeAll(async () => {
  store = openStore({ url: database.url }, createRegistry(definitions));
  release(() => store.close());
  const [root, ...rest] = gains(4);
  if (root === undefined) return;
  const child = event("ItemAjoute", { nom: "arc" });
  const caused = { ...child, metadata: { ...child.metadata, causationId: root.eventId } };
  events = [root, caused, ...rest];
  await append(store, joueur(player, 0, events));
  await append(store, joueur(other, 0, gains(2)));
  for (const version of [50, 100, 150, 200]) {
    await store.saveSnapshots([
      {
        aggregateId: player,
        aggregateType: "Joueur",
        version,
        state: { version },
        stateVersion: 1,
        recentCommands: [],
      },
    ]);
  }
});

const query = (text: string, ...values: unknown[]) => rowsOf<Record<string, unknown>>(database.url, text, values);

test("[SQL-1] an aggregate is rebuilt from its events", async () => {
  const rows = await query(
    `SELECT event_type, aggregate_version, payload, timestamp
     FROM evenements
     WHERE aggregate_id = $1
     ORDER BY aggregate_version ASC;`,
    player,
  );
  expect(rows).toEqual(
    events.map(({ eventType, payload, timestamp }, i) => ({
      event_type: eventType,
      aggregate_version: i + 1,
      payload,
      timestamp: new Date(timestamp),
    })),
  );
});

test("[SQL-2] an aggregate is rebuilt from its last snapshot and the events after it", async () => {
  const snapshots = await query(
    `SELECT aggregate_version, state
     FROM snapshots
     WHERE aggregate_id = $1
     ORDER BY aggregate_version DESC
     LIMIT 1;`,
    player,
  );
  expect(snapshots).toEqual([{ aggregate_version: 200, state: { version: 200 } }]);
  const rows = await query(
    `SELECT event_type, aggregate_version, payload, timestamp
     FROM evenements
     WHERE aggregate_id = $1
       AND aggregate_version > $2
     ORDER BY aggregate_version ASC;`,
    player,
    3,
  );
  expect(rows.map((row) => row.aggregate_version)).toEqual([4, 5]);
});

test("[SQL-3] a projection reads on from its position", async () => {
  const [first] = await readStream(store, player);
  const rows = await query(
    `SELECT event_id, event_type, aggregate_id, aggregate_type,
            payload, metadata, timestamp
     FROM evenements
     WHERE event_sequence > $1
     ORDER BY event_sequence ASC
     LIMIT 1000;`,
    first?.sequence,
  );
  expect(rows.map((row) => row.event_id)).toEqual([...ids(events.slice(1)), ...ids(await readStream(store, other))]);
  expect(rows[0]).toEqual({
    event_id: events[1]?.eventId,
    event_type: "ItemAjoute",
    aggregate_id: player,
    aggregate_type: "Joueur",
    payload: { nom: "arc" },
    metadata: events[1]?.metadata,
    timestamp: expect.any(Date),
  });
});

test("[SQL-4] events are found by a range of times", async () => {
  const rows = await query(
    `SELECT *
     FROM evenements
     WHERE timestamp BETWEEN $1 AND $2
     ORDER BY timestamp ASC;`,
    events[0]?.timestamp,
    new Date(Date.now() + 60_000).toISOString(),
  );
  expect(rows).toHaveLength(7);
  expect(await query("SELECT * FROM evenements WHERE timestamp BETWEEN '2000-01-01' AND '2000-02-01'")).toEqual([]);
});

test("[SQL-5] a chain of causes is followed", async () => {
  const rows = await query(
    `WITH RECURSIVE event_chain AS (
         SELECT * FROM evenements
         WHERE event_id = $1
         UNION ALL
         SELECT e.* FROM evenements e
         INNER JOIN event_chain ec
         ON e.metadata->>'causationId' = ec.event_id::text
     )
     SELECT * FROM event_chain;`,
    events[0]?.eventId,
  );
  expect(rows.map((row) => row.event_id)).toEqual(ids(events.slice(0, 2)));
});

test("[SQL-6] old snapshots are cleaned away by the specification's statement, which finds nothing left to do", async () => {
  await query(
    `DELETE FROM snapshots s1
     WHERE EXISTS (
         SELECT 1 FROM snapshots s2
         WHERE s2.aggregate_id = s1.aggregate_id
           AND s2.aggregate_version > s1.aggregate_version
         ORDER BY s2.aggregate_version DESC
         OFFSET 3
     );`,
  );
  const rows = await query("SELECT aggregate_version AS version FROM snapshots ORDER BY 1");
  expect(rows).toEqual([{ version: 100 }, { version: 150 }, { version: 200 }]);
});

test("[SQL-7] the most frequent events and the largest aggregates are counted", async () => {
  expect(
    await query("SELECT event_type, COUNT(*) as count FROM evenements GROUP BY event_type ORDER BY count DESC;"),
  ).toEqual([
    { event_type: "ExperienceGagnee", count: "6" },
    { event_type: "ItemAjoute", count: "1" },
  ]);
  expect(
    await query(
      `SELECT aggregate_id, aggregate_type, COUNT(*) as event_count
       FROM evenements
       GROUP BY aggregate_id, aggregate_type
       ORDER BY event_count DESC
       LIMIT 100;`,
    ),
  ).toEqual([
    { aggregate_id: player, aggregate_type: "Joueur", event_count: "5" },
    { aggregate_id: other, aggregate_type: "Joueur", event_count: "2" },
  ]);
});
