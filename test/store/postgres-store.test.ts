import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { NewEvent } from "../../domain/envelope.ts";
import type { AppendResult, EventStore } from "../../store/event-store.ts";
import { migrate } from "../../store/migrate.ts";
import { createRegistry, UnreadableEventError } from "../../store/registry.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { appendRaw } from "../support/raw-append.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, event, gains, joueur, readStream, versions } from "./fixtures.ts";

const database = useDatabase();
const release = useReleasers();
let store: EventStore;
beforeAll(() => {
  store = open(createRegistry(definitions));
});

function open(registry: ReturnType<typeof createRegistry>, schema = "public"): EventStore {
  const opened = openStore({ url: database.url, schema }, registry, { lanes: 1 });
  release(() => opened.close());
  return opened;
}

const nameOf = (result: AppendResult | undefined) => (result?.ok ? "ok" : result?.reason);

test.each<[string, (fine: NewEvent) => NewEvent]>([
  [
    "a character that jsonb has no room for",
    (fine) => ({ ...event("ItemAjoute", { nom: "\u0000" }), eventId: fine.eventId }),
  ],
  ["half a surrogate pair", () => event("ItemAjoute", { nom: "\ud83d" })],
  ["an id that is none", (fine) => ({ ...fine, eventId: "42" })],
  ["a time that is none", (fine) => ({ ...fine, timestamp: "demain" })],
])("[STORE-6] what the schema lets pass and the database refuses fails alone: %s", async (_, spoil) => {
  const all = Array.from({ length: 9 }, () => v7());
  const results = await Promise.all(
    all.map((id, i) => append(store, joueur(id, 0, i % 4 === 2 ? gains(2).map(spoil) : gains(2)))),
  );
  expect(results.map(nameOf)).toEqual(["ok", "ok", "INVALID", "ok", "ok", "ok", "INVALID", "ok", "ok"]);
  for (const [i, id] of all.entries()) {
    expect(versions(await readStream(store, id))).toEqual(i % 4 === 2 ? [] : [1, 2]);
    expect((await store.head(id))?.version).toBe(i % 4 === 2 ? undefined : 2);
  }
});

test("[STORE-6] an event id that the log has already is refused, alone", async () => {
  const [once] = gains(1);
  if (once === undefined) return;
  const first = v7();
  await append(store, joueur(first, 0, [once]));
  const all = [v7(), v7(), v7()];
  const results = await Promise.all(all.map((id, i) => append(store, joueur(id, 0, i === 1 ? [once] : gains(1)))));
  expect(results.map(nameOf)).toEqual(["ok", "INVALID", "ok"]);
  const same = event("ItemAjoute", { nom: "double" });
  const both = await Promise.all([v7(), v7()].map((id) => append(store, joueur(id, 0, [same]))));
  expect(both.map(nameOf).sort()).toEqual(["INVALID", "ok"]);
});

test("[STORE-5] a pipelined append that the database refuses takes nothing down that came before it", async () => {
  const id = v7();
  const results = await Promise.all([
    append(store, joueur(id, 0, gains(1))),
    append(store, joueur(id, 1, [event("ItemAjoute", { nom: "\u0000" })])),
    append(store, joueur(id, 2, gains(1))),
  ]);
  expect(results.map(nameOf)).toEqual(["ok", "INVALID", "INVALID"]);
  expect(versions(await readStream(store, id))).toEqual([1]);
});

test.each([
  ["COMMIT", 2],
  ["ROLLBACK", 1],
])(
  "[STORE-16] activation waits for an append that is under way, and then knows what became of it: %s",
  async (end, version) => {
    const id = v7();
    await append(store, joueur(id, 0, gains(1)));
    await withClient(database.url, async (client) => {
      await client.query("BEGIN");
      await appendRaw(client, id, 1);
      const activated = store.activate(id, "node").then((head) => head?.version);
      expect(await Promise.race([activated, sleep(100, "waits")])).toBe("waits");
      await client.query(end);
      expect(await activated).toBe(version);
      expect(versions(await readStream(store, id))).toHaveLength(version);
    });
  },
);

test.each([
  ["COMMIT", "CONFLICT"],
  ["ROLLBACK", "ok"],
])("[STORE-16] an append that begins a stream is settled by repeating it: %s", async (end, answer) => {
  const id = v7();
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await appendRaw(client, id, 0);
    const repeated = append(store, joueur(id, 0, gains(1))).then(nameOf);
    expect(await Promise.race([repeated, sleep(100, "waits")])).toBe("waits");
    await client.query(end);
    expect(await repeated).toBe(answer);
    expect(versions(await readStream(store, id))).toEqual([1]);
  });
});

test("[EVENT-1] events stored by older code are read as current code knows them", async () => {
  const id = v7();
  await append(store, joueur(id, 0, gains(1)));
  const newer = open(
    createRegistry({
      ExperienceGagnee: {
        schemaVersion: 2,
        schema: z.strictObject({ montant: z.int(), source: z.string() }),
        upcasters: { 1: (payload) => ({ ...z.object({ montant: z.number() }).parse(payload), source: "inconnue" }) },
      },
    }),
  );
  expect((await readStream(newer, id)).map(({ payload }) => payload)).toEqual([{ montant: 1, source: "inconnue" }]);
});

test("[EVENT-2] events that this code does not know stop the reader, for they must not be skipped", async () => {
  const id = v7();
  const start = await store.highWaterMark();
  await append(store, joueur(id, 0, [event("DegatsInfliges", { degats: 1, critique: true })]));
  const end = await store.highWaterMark();
  const older = open(createRegistry({ DegatsInfliges: { schemaVersion: 1, schema: z.object({ degats: z.int() }) } }));
  const stranger = open(createRegistry({}));
  for (const reader of [older, stranger]) {
    await expect(readStream(reader, id)).rejects.toThrow(UnreadableEventError);
    await expect(reader.readAll(start, end)).rejects.toThrow(UnreadableEventError);
  }
});

test("[TENANT-1] tenants in schemas of one database see nothing of each other, and do not wait for each other", async () => {
  await Promise.all(["nord", "sud"].map((schema) => migrate({ url: database.url, schema })));
  const [nord, sud] = [open(createRegistry(definitions), "nord"), open(createRegistry(definitions), "sud")];
  const id = v7();
  expect(await append(nord, joueur(id, 0, gains(2)))).toEqual({ ok: true, sequences: [1, 2] });
  expect(await sud.head(id)).toBeUndefined();
  expect(await append(sud, joueur(id, 0, gains(1)))).toEqual({ ok: true, sequences: [1] });
  expect(versions(await readStream(nord, id))).toEqual([1, 2]);
  expect([await nord.highWaterMark(), await sud.highWaterMark()]).toEqual([2, 1]);
  expect(await rowsOf(database.url, "SELECT FROM public.evenements WHERE aggregate_id = $1", [id])).toEqual([]);
});

test("[LOG-5] nodes that start at once migrate once", async () => {
  await Promise.all(Array.from({ length: 4 }, () => migrate({ url: database.url, schema: "neuf" })));
  const names = (await readdir("store/migrations")).map((file) => ({ name: file.replace(".sql", "") }));
  expect(await rowsOf(database.url, "SELECT name FROM neuf.schema_migrations ORDER BY 1")).toEqual(
    names.toSorted((a, b) => a.name.localeCompare(b.name)),
  );
});
