import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { createActors } from "../../rooms/actors.ts";
import { readAggregate } from "../../rooms/load.ts";
import { createMeasure } from "../../server/measure.ts";
import { countAppends } from "../../server/measured-appends.ts";
import { createMetrics } from "../../server/metrics.ts";
import { createTelemetry } from "../../server/telemetry.ts";
import { createPool } from "../../store/database.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { ID, type TallyCommand, tally } from "../rooms/tally.ts";
import { append, definitions, event, gains, inventaire, joueur } from "../store/fixtures.ts";
import { eventually } from "../store/taken.ts";
import { useDatabase } from "../support/postgres.ts";
import { Scrape } from "../support/scrape.ts";

const database = useDatabase();
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

/** A node's store, with what it counts. */
function open(queueLimit = 100) {
  const metrics = createMetrics();
  const [writePool, readPool] = [createPool({ url: database.url }), createPool({ url: database.url })];
  const store = createPostgresStore({ writePool, readPool }, createRegistry(definitions, tally.events), {
    queueLimit,
    onResult: countAppends(metrics),
    onSnapshot: (aggregate_type, bytes) => metrics.snapshotBytes.observe({ aggregate_type }, bytes),
  });
  closing.push(() => store.close());
  return { metrics, store, seen: async () => new Scrape(await metrics.registry.metrics()) };
}

test("[METRIC-3] each append counts once by its outcome, and events by the type of their stream", async () => {
  const { store, seen } = open(2);
  const [one, other] = [uuidv7(), uuidv7()];
  const items = [event("ItemAjoute", { nom: "Sabre" })];
  await store.append({ actorId: one, streams: [joueur(one, 0, gains(3)), inventaire(other, 0, items)] });
  await append(store, joueur(one, 7, gains(1)));
  await append(store, joueur(one, 3, [event("ExperienceGagnee", { montant: "viel" })]));
  const crowd = [uuidv7(), uuidv7(), uuidv7()];
  await Promise.all(crowd.map((id) => append(store, joueur(id, 0, gains(1)))));
  await store.close();
  await append(store, joueur(one, 3, gains(1)));
  const scrape = await seen();
  const outcomes = scrape.series("aether_appends_total").map(({ labels, value }) => [labels, value]);
  expect(Object.fromEntries(outcomes)).toEqual({
    'aggregate_type="Joueur",outcome="ok"': 3,
    'aggregate_type="Joueur",outcome="conflict"': 1,
    'aggregate_type="Joueur",outcome="invalid"': 1,
    'aggregate_type="Joueur",outcome="busy"': 1,
    'aggregate_type="Joueur",outcome="unavailable"': 1,
  });
  expect(scrape.sum("aether_appended_events_total", 'aggregate_type="Joueur"')).toBe(5);
  expect(scrape.sum("aether_appended_events_total", 'aggregate_type="Inventaire"')).toBe(1);
});

const add = (amount: number, commandId = uuidv7()) => ({ commandId, command: { type: "Add", amount } as TallyCommand });

test("[METRIC-4] a command counts once, a repeat and a wake-up not at all, and what finds no room as BUSY", async () => {
  const { metrics, store, seen } = open();
  const telemetry = createTelemetry(metrics, pino({ level: "silent" }), createMeasure(metrics));
  const options = { nodeId: uuidv7(), tenantId: "t", mailboxLimit: 2 };
  const tallies = createActors(tally, store, telemetry, options);
  await tallies.create(ID, add(60));
  const actor = tallies.get(ID);
  await actor?.ready();
  const twice = add(50);
  await Promise.all([actor?.submit(twice), actor?.submit({ ...twice })]);
  // Over 100 it wakes up, and reminds itself.
  await eventually(() => actor?.state.remindedAt).toBe(110);
  expect(await actor?.submit(add(1_000))).toMatchObject({ code: "TOO_MUCH" });
  const crowd = await Promise.all([1, 2, 3].map((amount) => actor?.submit(add(amount))));
  expect(crowd.map((answer) => answer?.ok)).toEqual([true, true, false]);

  const counts = async (name: string) => {
    const found = (await seen()).series(`${name}_count`);
    return Object.fromEntries(found.map(({ labels, value }) => [labels.replaceAll(/\w+=|"/g, ""), value]));
  };
  expect(await counts("aether_command_seconds")).toEqual({
    "WorldState,cold,accepted": 1,
    "WorldState,actor,accepted": 3,
    "WorldState,actor,refused": 1,
  });
  // With the wake-up, and without the repeat and the one that found no room.
  expect(await counts("aether_mailbox_commands")).toEqual({ WorldState: 5 });
  expect(await counts("aether_gate_seconds")).toEqual({ WorldState: 5 });
  expect((await seen()).sum("aether_refused_total", 'code="BUSY"')).toBe(1);
  expect(await counts("aether_load_seconds")).toEqual({ "WorldState,activate": 1 });
  const looked = readAggregate(ID, tally, store, telemetry);
  expect(await looked).toMatchObject({ version: 5 });
  expect(await counts("aether_load_seconds")).toEqual({ "WorldState,activate": 1, "WorldState,read": 1 });

  await tallies.close();
  expect((await seen()).sum("aether_snapshot_bytes_count", "WorldState")).toBe(1);
  const again = createActors(tally, store, telemetry, options);
  await again.get(ID)?.ready();
  await again.close();
  const loads = (await seen()).series("aether_snapshot_loads_total").map(({ labels, value }) => [labels, value]);
  expect(Object.fromEntries(loads)).toEqual({
    'aggregate_type="WorldState",outcome="miss"': 2,
    'aggregate_type="WorldState",outcome="hit"': 1,
  });
});
