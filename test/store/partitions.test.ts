import { v7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import type { EventStore } from "../../store/event-store.ts";
import { ensurePartitions } from "../../store/migrate.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, event, gains, joueur, readStream, versions } from "./fixtures.ts";

const database = useDatabase();
const release = useReleasers();
const registry = createRegistry(definitions);
let store: EventStore;
beforeAll(() => {
  store = openStore({ url: database.url }, registry, { lanes: 1 });
  release(() => store.close());
});

function nameOf(monthsAhead: number): string {
  const now = new Date();
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + monthsAhead));
  return `evenements_${month.toISOString().slice(0, 7).replace("-", "_")}`;
}

async function partitions(): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    database.url,
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'evenements'::regclass ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

test("[LOG-3] this month and the next three have their partition before they are needed", async () => {
  expect(await partitions()).toEqual([0, 1, 2, 3].map(nameOf));
  await withClient(database.url, ensurePartitions);
  expect(await partitions(), "asking again changes nothing").toHaveLength(4);
});

test("[LOG-3] months are those of UTC, to the last instant", async () => {
  const made = await withClient(database.url, async (client) => {
    await client.query("SET timezone = 'Pacific/Auckland'");
    return client.query("SELECT ensure_partition('2001-12-31T23:59:59.999Z') AS made");
  });
  expect(made.rows).toEqual([{ made: true }]);
  expect(await partitions()).toContain("evenements_2001_12");
  const id = v7();
  const [first, last] = ["2001-12-01T00:00:00.000Z", "2001-12-31T23:59:59.999Z"].map((timestamp) =>
    event("ExperienceGagnee", { montant: 1 }, { timestamp }),
  );
  expect(await append(store, joueur(id, 0, first && last ? [first, last] : []))).toMatchObject({ ok: true });
  expect((await readStream(store, id)).map(({ timestamp }) => timestamp)).toEqual([first?.timestamp, last?.timestamp]);
});

test("[LOG-4] an event of a month that has no partition, and gets none, fails alone", async () => {
  const old = event("ExperienceGagnee", { montant: 1 }, { timestamp: "1999-01-01T00:00:00.000Z" });
  const good = [v7(), v7()];
  const [before, refused, after] = await Promise.all([
    append(store, joueur(good[0] ?? "", 0, gains(1))),
    append(store, joueur(v7(), 0, [old])),
    append(store, joueur(good[1] ?? "", 0, gains(1))),
  ]);
  expect([before, after]).toMatchObject([{ ok: true }, { ok: true }]);
  expect(refused).toMatchObject({ ok: false, reason: "INVALID", message: expect.stringContaining("partition") });
});

test("[LOG-4] a node that outlived all partitions makes those of today, and the append succeeds", async () => {
  await withClient(database.url, async (client) => {
    for (const months of [0, 1, 2, 3]) await client.query(`DROP TABLE ${nameOf(months)}`);
  });
  const all = Array.from({ length: 5 }, () => v7());
  const results = await Promise.all(all.map((id) => append(store, joueur(id, 0, gains(2)))));
  expect(results.map(({ ok }) => ok)).toEqual(all.map(() => true));
  for (const id of all) expect(versions(await readStream(store, id))).toEqual([1, 2]);
  expect(await partitions()).toEqual(expect.arrayContaining([0, 1, 2, 3].map(nameOf)));
});

test("[LOG-4] if the partition cannot be made, what was written stands and the rest is UNAVAILABLE", async () => {
  await withClient(database.url, (client) => client.query(`DROP TABLE ${nameOf(3)}`));
  const ahead = new Date();
  ahead.setUTCMonth(ahead.getUTCMonth() + 3, 1);
  const [good, second, future] = [v7(), v7(), v7()];
  const first = gains(1);
  await append(store, joueur(good, 0, first));
  const writePool = createPool({ url: database.url });
  Object.assign(writePool, { query: () => Promise.reject(new Error("no connection")) }); // what ensurePartitions uses
  const broken = createPostgresStore({ writePool, readPool: createPool({ url: database.url }) }, registry, {
    lanes: 1,
  });
  release(() => broken.close());
  // The duplicate makes the store halve the batch; the event without partition stands in the second half.
  const results = await Promise.all([
    append(broken, joueur(second, 0, gains(1))),
    append(broken, joueur(v7(), 0, first)),
    append(broken, joueur(future, 0, [event("ExperienceGagnee", { montant: 1 }, { timestamp: ahead.toISOString() })])),
    append(broken, joueur(v7(), 0, gains(1))),
  ]);
  expect(results.map((result) => (result.ok ? "ok" : result.reason))).toEqual([
    "ok",
    "INVALID",
    "UNAVAILABLE",
    "UNAVAILABLE",
  ]);
  expect(versions(await readStream(store, second))).toEqual([1]);
  expect(await store.head(future)).toBeUndefined();
});
