import { v7 } from "uuid";
import { expect, test } from "vitest";
import type { NewEvent, StoredEvent } from "../../domain/envelope.ts";
import { createPool } from "../../store/database.ts";
import { archiveEvents } from "../../store/event-archive.ts";
import { createFeed } from "../../store/feed.ts";
import { createRegistry } from "../../store/registry.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, event, gains, ids, joueur, readStream } from "./fixtures.ts";

const database = useDatabase();
const release = useReleasers();
const registry = createRegistry(definitions);
const store = openStore({ url: database.url }, registry);
const pool = createPool({ url: database.url, poolSize: 2 });
release(() => pool.end());
release(() => store.close());

const monthsAgo = (months: number): Date => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 10));
};
const nameOf = (date: Date): string => `evenements_${date.toISOString().slice(0, 7).replace("-", "_")}`;

function gainsOf(months: number, count: number, first: number, more: Partial<NewEvent["metadata"]> = {}): NewEvent[] {
  return Array.from({ length: count }, (_, i) => {
    const made = event("ExperienceGagnee", { montant: first + i }, { timestamp: monthsAgo(months).toISOString() });
    return { ...made, metadata: { ...made.metadata, ...more } };
  });
}

const stream = (name: string): Promise<StoredEvent[]> => readStream(store, name);
const partitions = async (parent: string): Promise<string[]> => {
  const rows = await rowsOf(
    database.url,
    `SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = '${parent}'::regclass ORDER BY relname`,
  );
  return rows.map((row) => String(row["relname"]));
};

test("[ARCH-1] [ARCH-2] [ARCH-3] [ARCH-4] old months are moved whole, read as before, and stay as they are, while appends go on", async () => {
  await withClient(database.url, async (client) => {
    for (const months of [14, 13, 3]) await client.query("SELECT ensure_partition($1)", [monthsAgo(months)]);
  });
  const [old, young] = [v7(), v7()];
  const correlationId = v7();
  const [cause] = gainsOf(14, 1, 1, { correlationId });
  if (cause === undefined) throw new Error("no event");
  await append(store, joueur(old, 0, [cause, ...gainsOf(14, 3, 2)]));
  await append(store, joueur(old, 4, gainsOf(13, 3, 5)));
  await append(
    store,
    joueur(old, 7, [...gainsOf(3, 2, 8), ...gainsOf(0, 1, 10, { correlationId, causationId: cause.eventId })]),
  );
  await append(store, joueur(young, 0, gains(2)));
  const [before, all] = [await stream(old), await store.readAll(0, await store.highWaterMark())];

  let appending = true;
  const busy = v7();
  const appends = (async () => {
    let version = 0;
    while (appending) {
      expect(await append(store, joueur(busy, version, gains(1)))).toMatchObject({ ok: true });
      version += 1;
    }
    return version;
  })();
  // A reader that holds on to the log for a while: the move gives up, and comes again.
  const holder = withClient(database.url, async (client) => {
    await client.query("BEGIN; LOCK TABLE evenements IN ACCESS SHARE MODE; SELECT pg_sleep(0.6); COMMIT");
  });
  const batches: number[] = [];
  expect(await archiveEvents(pool, { olderThanDays: 365, onBatch: (months) => batches.push(months) })).toBe(2);
  await holder;
  appending = false;
  expect(await appends).toBeGreaterThan(0);
  expect(batches).toEqual([1, 1]);

  expect(await partitions("evenements_archive")).toEqual([nameOf(monthsAgo(14)), nameOf(monthsAgo(13))]);
  expect(await partitions("evenements")).toContain(nameOf(monthsAgo(3)));
  expect(await rowsOf(database.url, `SELECT FROM evenements WHERE aggregate_id = '${old}'`)).toHaveLength(3);
  expect(await archiveEvents(pool, { olderThanDays: 365 })).toBe(0);
  expect(await archiveEvents(pool, { olderThanDays: 0 })).toBe(1);
  expect(await partitions("evenements")).toContain(nameOf(new Date()));

  expect(await stream(old)).toEqual(before);
  expect(await readStream(store, old, 3, 6)).toEqual(before.slice(2, 6));
  expect(await store.readAll(0, all.at(-1)?.sequence ?? 0)).toEqual(all);
  expect(await store.readSequences(all.map(({ sequence }) => sequence))).toEqual(all);
  expect(await store.readBetween(monthsAgo(14).toISOString(), monthsAgo(13).toISOString())).toHaveLength(7);
  const [effect] = before.slice(-1);
  expect(ids(await store.readEffects(cause.eventId))).toEqual([cause.eventId, effect?.eventId]);
  expect(ids(await store.readCauses(effect?.eventId ?? ""))).toEqual([effect?.eventId, cause.eventId]);
  const feed = createFeed(store);
  while (feed.settled() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await feed.read(0, all.length)).events).toEqual(all);
  await feed.close();

  expect(await append(store, joueur(old, 9, gains(1)))).toMatchObject({ ok: false, reason: "CONFLICT", actual: 10 });
  expect(await append(store, joueur(old, 10, gains(1)))).toMatchObject({ ok: true });
  expect((await stream(old)).map(({ version }) => version)).toEqual(Array.from({ length: 11 }, (_, i) => i + 1));

  for (const table of ["evenements_archive", nameOf(monthsAgo(14))])
    for (const sql of [`UPDATE ${table} SET payload = '{}'`, `DELETE FROM ${table}`, `TRUNCATE ${table}`])
      await expect(withClient(database.url, (client) => client.query(sql))).rejects.toMatchObject({ code: "23001" });
  await expect(
    withClient(database.url, async (client) => {
      await client.query("SET ROLE aether_app");
      await client.query(`INSERT INTO evenements_archive SELECT * FROM evenements LIMIT 1`);
    }),
  ).rejects.toMatchObject({ code: "42501" });
});

test("[ARCH-2] what reads the end of the log, or one stream, sorts nothing for the archive's sake", async () => {
  await withClient(database.url, async (client) => {
    await client.query("SET enable_seqscan = off");
    for (const sql of [
      "SELECT * FROM evenements_tous WHERE event_sequence > 5 AND event_sequence <= 1000 ORDER BY event_sequence LIMIT 100",
      "SELECT * FROM evenements_tous WHERE event_sequence <= 1000 ORDER BY event_sequence DESC LIMIT 1",
      `SELECT * FROM evenements_tous WHERE aggregate_id = '${v7()}' AND aggregate_version BETWEEN 1 AND 9 ORDER BY aggregate_version LIMIT 9`,
    ]) {
      const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN ${sql}`);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan).toContain("Index Scan");
      expect(plan).not.toContain("Seq Scan");
    }
  });
});
